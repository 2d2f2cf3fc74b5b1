"""`Mac`: HMAC under one key, whose first half is worked out once.

Law: made from a key, asked for the code of a text, and never shows the key again (rule K14). Beginning an HMAC costs
more than a short text does, so keys that are used again are kept like this.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes, hmac

SHA256, SHA512 = hashes.SHA256(), hashes.SHA512()


class Mac:
    """The code of a text under one key: `Mac(key, SHA256)(text)`."""

    __slots__ = ("_begun",)

    def __init__(self, key: bytes, hash: hashes.HashAlgorithm) -> None:
        self._begun = hmac.HMAC(key, hash)

    def __call__(self, text: bytes) -> bytes:
        """The code of this text."""
        mac = self._begun.copy()
        mac.update(text)
        return mac.finalize()

    def __repr__(self) -> str:
        return "Mac(…)"
