"""Quotas: how many there may be, and how large.

Law: every number is a setting (`Limits`); the sentence is AWS's. A size counts characters without white space.
"""

from __future__ import annotations

from locum.aws.faults import Refusal
from locum.call import Call
from locum.policy import PolicyKind
from locum.policy import size as characters


def require_room(call: Call, quota: str, present: int) -> None:
    """Refuses one more of what is there `present` times already. Raises LimitExceeded. `quota` is AWS's name of it."""
    limit = call.place.limits[quota]
    if present >= limit:
        raise exceeded(quota, limit)


def require_size(call: Call, quota: str, *documents: str) -> None:
    """Refuses documents that are together longer than the quota, without white space. Raises LimitExceeded."""
    limit = call.place.limits[quota]
    if sum(map(size, documents)) > limit:
        raise exceeded(quota, limit)


def size(document: str) -> int:
    """The characters of a document that count: all but white space."""
    return characters(document, PolicyKind.IDENTITY)


def exceeded(quota: str, limit: int) -> Refusal:
    """The refusal for a quota that is full, in the words of AWS."""
    return Refusal("LimitExceeded", f"Cannot exceed quota for {quota}: {limit}", quota=quota, limit=limit)
