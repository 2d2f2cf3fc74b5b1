"""What a provider may give a session: tags and a source identity, held to the same shapes as those that a call passes.

Law: what AssumeRole would refuse in its inputs is refused in a token or an assertion. Source: the service model of STS
(tagKeyType, tagValueType, sourceIdentityType, roleSessionNameType).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from locum.aws.tag import Tag, Tags
from locum.federation.fault import Rejected
from locum.federation.values import is_string

MOST_TAGS = 50
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_SIGNS = frozenset("_.:/=+-@")


def require_source_identity(value: object) -> str:
    """The source identity, if it is one. Raises Rejected."""
    if (
        not isinstance(value, str)
        or not is_string(value)
        or not _NAME.fullmatch(value)
        or value.lower().startswith("aws:")
    ):
        raise Rejected("InvalidIdentityToken", "SourceIdentity must match [a-zA-Z_0-9+=,.@-]{2,64}", "F20")
    return value


def require_session_name(value: object) -> str:
    """The name of a session, if it is one. Raises Rejected."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        sentence = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"
        raise Rejected("InvalidIdentityToken", sentence, "F20")
    return value


def require_tags(tags: Iterable[Tag]) -> Tags:
    """The tags, if each is one and there are not too many. Raises Rejected."""
    found = tuple(tags)
    if len(found) > MOST_TAGS or not all(_is_tag(tag) for tag in found):
        raise Rejected("InvalidIdentityToken", "The session tags are not of the form of tags", "F20")
    return found


def _is_tag(tag: Tag) -> bool:
    fits = 1 <= len(tag.key) <= 128 and len(tag.value) <= 256
    return fits and all(_may_stand(character) for character in tag.key + tag.value)


def _may_stand(character: str) -> bool:
    """Letters, numbers, blanks of every script, and a few signs."""
    return character in _SIGNS or unicodedata.category(character)[0] in "LNZ"
