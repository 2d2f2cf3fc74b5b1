"""Listings: how a page is answered, and pages of what is no kind of its own (members of a group, tags).

Law: `IsTruncated` is always sent, `Marker` only when it is true (wire.md 5.1). A marker is opaque, at most 320
characters, says where to go on and not how much, and is refused for any listing but the one that gave it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from locum.aws.faults import Refusal
from locum.store.entity import Page

T = TypeVar("T")

_SEAL = 9  # octets of the digest that binds a marker to its listing


def answered(name: str, items: Sequence[Any], marker: str | None) -> dict[str, Any]:
    """One page as an answer: the items under `name`, whether there is more, and how to go on."""
    answer: dict[str, Any] = {name: list(items), "IsTruncated": marker is not None}
    if marker is not None:
        answer["Marker"] = marker
    return answer


def page_of(
    items: Iterable[T], *, key: Callable[[T], str], listing: str, marker: str | None, limit: int
) -> Page[T]:
    """A page of `items` in the order of their keys, which are unique among them.

    `listing` names the operation and what it lists. An item that came or went between two pages neither repeats nor
    hides another. Raises ValidationError for a marker that another listing gave.
    """
    ordered = sorted(items, key=key)
    if marker is not None:
        after = _opened(listing, marker)
        ordered = [item for item in ordered if key(item) > after]
    page = tuple(ordered[:limit])
    return Page(page, _sealed(listing, key(page[-1])) if len(ordered) > limit else None)


def _sealed(listing: str, key: str) -> str:
    text = key.encode()
    return base64.urlsafe_b64encode(_seal(listing, text) + text).decode("ascii")


def _opened(listing: str, marker: str) -> str:
    """The key inside a marker. The seal is no secret: it only tells one listing's markers from another's."""
    try:
        octets = base64.b64decode(marker.encode("ascii"), altchars=b"-_", validate=True)
        text = octets[_SEAL:].decode()
    except ValueError:
        raise _foreign() from None
    if octets[:_SEAL] != _seal(listing, octets[_SEAL:]):
        raise _foreign()
    return text


def _seal(listing: str, text: bytes) -> bytes:
    return hashlib.sha256(listing.encode() + b"\0" + text).digest()[:_SEAL]


def _foreign() -> Refusal:
    return Refusal("ValidationError", "Invalid Marker.")
