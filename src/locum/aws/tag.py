"""Tags: what a key and a value may be.

Law: a `Tag` is a key and a value; rules that need to know who owns the tag live with the owner.
Source: IAM User Guide, "Tags for AWS Identity and Access Management resources".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec


class Tag(msgspec.Struct, frozen=True, rename="pascal"):
    """One tag, in AWS's member names on the wire."""

    key: str
    value: str


Tags = tuple[Tag, ...]


def as_pairs(tags: Iterable[Tag]) -> dict[str, str]:
    """The tags as a mapping from key to value."""
    return {tag.key: tag.value for tag in tags}


def shown(tags: Iterable[Tag]) -> list[Mapping[str, str]]:
    """The tags as an answer shows them."""
    return [{"Key": tag.key, "Value": tag.value} for tag in tags]
