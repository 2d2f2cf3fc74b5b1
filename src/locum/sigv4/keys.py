"""Signing keys: from a secret to the key of one day, one region, one service, and a bounded memory of them.

Law: the derivation is pure; the memory is an object that its owner passes in, holds at most `capacity` keys, lives in
RAM only (rule K1) and never answers for another id or another secret, because a temporary key id is not unique (rule
T13).
"""

from __future__ import annotations

from hmac import digest

from locum.aws.mac import SHA256, Mac
from locum.sigv4.canonical import TERMINATOR

_Scope = tuple[str, bytes, str, str, str]


def signing_key(secret: bytes, date: str, region: str, service: str) -> bytes:
    """The key that signs requests of `date` (YYYYMMDD) in this region and service. Four HMACs, about 5 µs."""
    key = digest(b"AWS4" + secret, date.encode("ascii"), "sha256")  # SECRET
    key = digest(key, region.encode("ascii"), "sha256")
    key = digest(key, service.encode("ascii"), "sha256")
    return digest(key, TERMINATOR.encode("ascii"), "sha256")


class DayKeys:
    """A bounded memory of signing keys (rules T8, D8).

    Two generations of at most half the capacity: what is used moves to the young one, and when that is full the old
    one is forgotten. Every step is a single dictionary operation, so that threads need no lock. A key is remembered
    for an unknown id's dummy secret as for any other (rule S5): remembering tells nothing about who exists.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, capacity: int = 8192) -> None:
        self._half = max(1, capacity // 2)
        self._young: dict[_Scope, Mac] = {}
        self._old: dict[_Scope, Mac] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def key(self, access_key_id: str, secret: bytes, *, date: str, region: str, service: str) -> Mac:
        """What signs for this id and secret, remembered or derived."""
        scope = (access_key_id, secret, date, region, service)
        key = self._young.get(scope)
        if key is None:
            key = self._old.get(scope) or Mac(signing_key(secret, date, region, service), SHA256)
            if len(self._young) >= self._half:
                self._old, self._young = self._young, {}
            self._young[scope] = key
        return key
