"""Token buckets: how often a source may fail to prove itself, and how often a key may ask (rule D5).

Law: who has not proved to hold a key can lock nobody else's. A request is charged after the verification: to its key
when the signature was verified, else to the address that it came from. When an address has spent its tokens, its
requests are turned away unread, but not those that name a key which was verified from this very address before: they go
on to the verification, whatever else comes from there. Bounded (rule D8): whoever was silent longest is forgotten, and
who is not known has a full bucket. Each process counts for itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from time import monotonic

from locum.aws.faults import Refusal

#: a bucket holds what comes in so many seconds
DEPTH = 10
#: how many buckets of a kind, and how many proven pairs of address and key
CAPACITY = 65_536
#: a wider IPv6 network than this is not one customer's
PREFIX = 64


class Buckets:
    """One bucket for each name. `rate` is the tokens that come a second; 0 is without end."""

    __slots__ = ("_capacity", "_depth", "_kept", "_rate", "_seconds")

    def __init__(
        self, rate: float, *, depth: float = DEPTH, capacity: int = CAPACITY, seconds: Callable[[], float] = monotonic
    ) -> None:
        """`depth` is how many seconds' tokens a bucket holds, `seconds` time that never goes back."""
        self._rate = rate
        self._depth = rate * depth
        self._capacity = capacity
        self._seconds = seconds
        self._kept: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bounded(self) -> bool:
        """Whether there is a rate at all."""
        return self._rate > 0

    def take(self, name: str) -> bool:
        """Takes a token; False when there is none."""
        if not self._rate:
            return True
        now = self._seconds()
        level = self._level(self._kept.pop(name, None), now)
        taken = level >= 1.0
        if len(self._kept) >= self._capacity:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[name] = (level - 1.0 if taken else level, now)
        return taken

    def empty(self, name: str) -> bool:
        """Whether there is no token to take."""
        if not self._rate:
            return False
        found = self._kept.get(name)
        return found is not None and self._level(found, self._seconds()) < 1.0

    def _level(self, found: tuple[float, float] | None, now: float) -> float:
        if found is None:
            return self._depth
        return min(self._depth, found[0] + (now - found[1]) * self._rate)


class Rates:
    """The buckets of one process, and which keys were verified from which addresses lately."""

    __slots__ = ("_half", "_old", "_young", "keys", "sources")

    def __init__(
        self,
        source_rate: float = 0,
        key_rate: float = 0,
        *,
        capacity: int = CAPACITY,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self.sources = Buckets(source_rate, capacity=capacity, seconds=seconds)
        self.keys = Buckets(key_rate, capacity=capacity, seconds=seconds)
        self._half = max(1, capacity // 2)
        self._young: set[tuple[str, str]] = set()
        self._old: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self.sources) + len(self.keys) + len(self._young) + len(self._old)

    def exhausted(self, address: str) -> bool:
        """Whether this address has failed too often of late."""
        return self.sources.bounded and self.sources.empty(source(address))

    def failed(self, address: str) -> None:
        """A request from this address proved nothing."""
        if self.sources.bounded:
            self.sources.take(source(address))

    def proved(self, address: str, access_key_id: str) -> None:
        """A signature of this key was verified in a request from this address."""
        if not self.sources.bounded:
            return
        pair = (source(address), access_key_id)
        if pair in self._young:
            return
        if len(self._young) >= self._half:
            self._old, self._young = self._young, set()
        self._young.add(pair)

    def known(self, address: str, access_key_id: str) -> bool:
        """Whether that was so lately."""
        pair = (source(address), access_key_id)
        return pair in self._young or pair in self._old

    def require(self, access_key_id: str) -> None:
        """Takes a token of a key whose signature was verified. Raises Refusal (Throttling)."""
        if not self.keys.take(access_key_id):
            raise throttled()


def throttled() -> Refusal:
    """What one is told who asks too often."""
    return Refusal("Throttling", "Rate exceeded")


def source(address: str) -> str:
    """Who an address is for a bucket: an IPv4 address, or the /64 network that an IPv6 address is in."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, PREFIX), strict=False))
