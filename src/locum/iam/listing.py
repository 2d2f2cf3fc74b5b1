"""Listings: how a page is answered, and pages of what is no kind of its own (members of a group, tags).

Law: `IsTruncated` is always sent, `Marker` only when it is true (wire.md 5.1). A marker is opaque, at most 320
characters, says where to go on and not how much, and is refused for any listing but the one that gave it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from locum.aws.faults import Refusal
from locum.store.entity import Entity, Page
from locum.store.tx import Tx

T = TypeVar("T")
E = TypeVar("E", bound=Entity)

_SEAL = 9  # octets of the digest that binds a marker to its listing
_LONGEST = 200  # octets of a key that still fit into 320 characters


def answered(name: str, items: Sequence[Any], marker: str | None) -> dict[str, Any]:
    """One page as an answer: the items under `name`, whether there is more, and how to go on."""
    answer: dict[str, Any] = {name: list(items), "IsTruncated": marker is not None}
    if marker is not None:
        answer["Marker"] = marker
    return answer


def every(tx: Tx, kind: type[E], account: str) -> Iterator[E]:
    """Every entity of that kind in the account, whoever owns it, page by page."""
    marker = None
    while True:
        page = tx.page(kind, account, owner=None, marker=marker, limit=1000, listing="every")
        yield from page.items
        marker = page.marker
        if marker is None:
            return


def page_of(items: Iterable[T], *, key: Callable[[T], str], listing: str, marker: str | None, limit: int) -> Page[T]:
    """A page of `items` in the order of their keys, which are unique among them.

    `listing` names the operation and what it lists. An item that came or went between two pages neither repeats nor
    hides another. Raises ValidationError for a marker that another listing gave.
    """
    ordered = sorted(items, key=key)
    if marker is not None:
        after = opened(listing, marker, map(key, ordered))
        ordered = [item for item in ordered if key(item) > after]
    page = tuple(ordered[:limit])
    return Page(page, sealed(listing, key(page[-1])) if len(ordered) > limit else None)


def sealed(listing: str, key: str) -> str:
    """The marker that holds a key of this listing."""
    text = _written(key)
    return base64.urlsafe_b64encode(_seal(listing, text) + text).decode("ascii")


def opened(listing: str, marker: str, keys: Iterable[str] = ()) -> str:
    """The key inside a marker of this listing, a long one found among `keys`. Raises ValidationError for another.

    The seal is no secret: it only tells one listing's markers from another's.
    """
    try:
        octets = base64.b64decode(marker.encode("ascii"), altchars=b"-_", validate=True)
        text = octets[_SEAL:]
        if octets[:_SEAL] != _seal(listing, text):
            raise foreign()
        if not text.startswith(b"\0"):
            return text.decode()
    except ValueError:
        raise foreign() from None
    for key in keys:
        if _written(key) == text:
            return key
    raise foreign()


def _written(key: str) -> bytes:
    """The key as a marker holds it: a long one by its digest, and then its item must still be there."""
    text = key.encode()
    return text if len(text) <= _LONGEST else b"\0" + hashlib.sha256(text).digest()


def _seal(listing: str, text: bytes) -> bytes:
    return hashlib.sha256(listing.encode() + b"\0" + text).digest()[:_SEAL]


def foreign() -> Refusal:
    """AWS's answer to a marker that it did not issue for this selection (observed in September 2026)."""
    return Refusal("ValidationError", "Marker and Filter do not match")
