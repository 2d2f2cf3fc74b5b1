"""Markers: opaque texts that continue a listing where a page ended.

Law: a marker holds the place of the page's last item (its name's key and owner) and a check value over that place and
everything that selects the listing, under a key of this store. A marker that was made up, changed, or belongs to
another listing is refused with AWS's sentence. At most 320 characters. It does not hide the place from its holder, who
has just seen it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec

from locum.aws.faults import Refusal

CHARACTERS = 320
_CHECK = 12

#: (name key, owner) of the last item seen
Place = tuple[str, str]


def render(key: bytes, listing: tuple[str, ...], place: Place) -> str | None:
    """The marker of a place in a listing, or None when the place is too long to be written in 320 characters."""
    body = "\0".join(place).encode()
    text = base64.urlsafe_b64encode(_check(key, listing, body) + body).decode("ascii").rstrip("=")
    return text if len(text) <= CHARACTERS else None


def parse(key: bytes, listing: tuple[str, ...], marker: str) -> Place:
    """The place that a marker of this listing holds. Refuses every other text."""
    if len(marker) > CHARACTERS:
        raise refused()
    try:
        octets = base64.b64decode(marker.encode("ascii") + b"=" * (-len(marker) % 4), altchars=b"-_", validate=True)
        body = octets[_CHECK:]
        if not hmac.compare_digest(octets[:_CHECK], _check(key, listing, body)):  # SECRET
            raise refused()
        name_key, _, owner = body.decode().partition("\0")
    except (UnicodeError, binascii.Error) as error:
        raise refused() from error
    return name_key, owner


def refused() -> Refusal:
    """AWS's answer to a marker that it did not issue for this selection (observed in September 2026)."""
    return Refusal("ValidationError", "Marker and Filter do not match")


def _check(key: bytes, listing: tuple[str, ...], body: bytes) -> bytes:
    return hmac.digest(key, msgspec.json.encode((listing, body)), hashlib.sha256)[:_CHECK]
