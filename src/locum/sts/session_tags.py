"""Session tags and source identity: what a session takes from the call and what it inherits from its caller.

Law: a tag that came down the chain cannot be passed again and a source identity cannot change (semantics 8). Keys are
compared without case. Source: IAM User Guide, "Pass session tags in AWS STS"; sentences as recorded from AWS.
"""

from __future__ import annotations

from collections.abc import Sequence

from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Caller

CONFLICT = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the"
    " calling session."
)
DUPLICATE = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
NOT_PASSED = "The specified transitive tag key must be included in the requested tags."


def session_tags(
    tags: Tags, transitive: Sequence[str], caller: Caller
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The new session's tags and its transitive keys, passed and inherited. Raises InvalidParameterValue."""
    if not tags and not transitive and caller.session is None:
        return (), ()
    folded = [tag.key.lower() for tag in tags]
    if len(set(folded)) != len(folded):
        raise Refusal("InvalidParameterValue", DUPLICATE)
    if any(key.startswith("aws:") for key in folded):
        raise Refusal("InvalidParameterValue", "Tag keys that begin with `aws:` are reserved")
    if not {key.lower() for key in transitive} <= set(folded):
        raise Refusal("InvalidParameterValue", NOT_PASSED)
    inherited: tuple[tuple[str, str], ...] = ()
    inherited_keys: tuple[str, ...] = ()
    if caller.session is not None:
        inherited_keys = caller.session.transitive
        down = {key.lower() for key in inherited_keys}
        inherited = tuple((key, value) for key, value in caller.session.tags if key.lower() in down)
        if down & set(folded):
            raise Refusal("InvalidParameterValue", CONFLICT)
    passed = tuple((tag.key, tag.value) for tag in tags)
    kept = tuple(tag.key for tag in tags if tag.key.lower() in {key.lower() for key in transitive})
    return (*inherited, *passed), (*inherited_keys, *kept)


def source_identity_of(wanted: str | None, caller: Caller) -> str | None:
    """The new session's source identity. Raises AccessDenied when it would change along a chain."""
    held = caller.session.source_identity if caller.session is not None else None
    if held and wanted is not None and wanted != held:
        raise Refusal("AccessDenied", "The source identity of the calling session cannot be changed")
    return wanted if wanted is not None else held
