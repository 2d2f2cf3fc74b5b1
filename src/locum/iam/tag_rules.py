"""What tags an IAM resource may carry.

Law: rules about tags alone; which resources can be tagged is in `tags.py`. Keys of users and roles are equal when they
differ in case only, and keep the case they were last given in; keys of the other resources are told apart by case.
Source: IAM User Guide, "Tags for IAM resources", rules for tagging.
"""

from __future__ import annotations

from collections.abc import Iterable

from locum.aws.faults import Refusal
from locum.aws.tag import Tag, Tags
from locum.call import Call
from locum.policy.match import fold

RESERVED = "aws:"


def require_tags(call: Call, tags: Iterable[Tag]) -> Tags:
    """The tags of a new resource, or those to add to one: unique keys, none reserved, not more than one may have.

    Raises InvalidInput or LimitExceeded. Two keys that differ in case only never come in one request, whatever the
    resource. Lengths and characters were checked against AWS's model.
    """
    tags = tuple(tags)
    if len({tag.key.lower() for tag in tags}) < len(tags):
        raise Refusal("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    for tag in tags:
        _require_unreserved(tag.key)
    _require_few(call, tags)
    return tags


def joined(call: Call, present: Tags, added: Iterable[Tag], *, folds: bool) -> Tags:
    """The tags of a resource after `added` came to those `present`; an equal key is replaced in its place.

    `folds` says that keys are equal without regard to case. Raises InvalidInput or LimitExceeded.
    """
    byname = {_key(tag.key, folds): tag for tag in present}
    for tag in require_tags(call, added):
        byname[_key(tag.key, folds)] = tag
    tags = tuple(byname.values())
    _require_few(call, tags)
    return tags


def without(present: Tags, keys: Iterable[str], *, folds: bool) -> Tags:
    """The tags of a resource without those of the given keys; a key that it does not have is no error."""
    gone = {_key(key, folds) for key in keys}
    for key in gone:
        _require_unreserved(key)
    return tuple(tag for tag in present if _key(tag.key, folds) not in gone)


def _key(key: str, folds: bool) -> str:
    """As the engine folds (rule H17): a key that only looks alike never takes another one's place."""
    return fold(key) if folds else key


def _require_unreserved(key: str) -> None:
    if key.lower().startswith(RESERVED):
        raise Refusal(
            "InvalidInput", f"tag keys that begin with `{RESERVED}` are reserved for system use: `{key}`", key=key
        )


def _require_few(call: Call, tags: Tags) -> None:
    limit = call.place.limits["TagsPerResource"]
    if len(tags) > limit:
        raise Refusal(
            "LimitExceeded", f"a resource carries at most {limit} tags; it would have `{len(tags)}`", limit=limit
        )
