"""Base64url without padding, in its one canonical spelling (trap P12: Python passes over foreign characters)."""

from __future__ import annotations

import base64
import re

_TEXT = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def decoded(text: str) -> bytes | None:
    """The octets of the text, or None when it is not the one spelling of them."""
    if not _TEXT.fullmatch(text):
        return None
    try:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return octets if encoded(octets) == text else None


def encoded(octets: bytes) -> str:
    """The text of the octets."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
