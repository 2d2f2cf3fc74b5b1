"""A bounded memory of opened tokens, so that a client's second request does not decrypt again.

Law: keyed by a hash of token AND access key id, because a temporary key id is not unique (rules T8, T13). Only tokens
that opened are remembered, so that forged ones cost no memory (rule D8). It belongs to one keyring and forgets
everything when asked with another: a rotation or a destroyed key counts at once. Time, epochs and the deny list are
checked on every request by whoever asks; nothing of them is remembered here.
"""

from __future__ import annotations

from hashlib import sha256

from locum.session.keyring import Keyring
from locum.session.token import Opened, open_token


class OpenedTokens:
    """At most `capacity` opened tokens. Two generations: what is used moves to the young one, and when that is full
    the old one is forgotten. Every step is a single dictionary operation, so that threads need no lock."""

    __slots__ = ("_half", "_kept")

    def __init__(self, capacity: int = 8192) -> None:
        self._half = max(1, capacity // 2)
        self._kept: tuple[Keyring | None, dict[bytes, Opened], dict[bytes, Opened]] = (None, {}, {})

    def __len__(self) -> int:
        return len(self._kept[1]) + len(self._kept[2])

    def open(self, token: str, access_key_id: str, keyring: Keyring) -> Opened:
        """What `open_token` answers, remembered. Raises TokenError as it does."""
        owner, young, old = self._kept
        if owner is not keyring:
            young, old = {}, {}
            self._kept = (keyring, young, old)
        hashed = sha256(f"{access_key_id}\n{token}".encode("utf-8", "surrogatepass")).digest()
        opened = young.get(hashed)
        if opened is None:
            opened = old.get(hashed) or open_token(token, access_key_id, keyring)
            if len(young) >= self._half:
                young, old = {}, young
                self._kept = (keyring, young, old)
            young[hashed] = opened
        return opened
