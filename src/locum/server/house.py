"""`House`: everything that one running server stands on, built once and passed along.

Law: ports and settings, no logic. The two clocks are read once a request (decisions 1): `wire_now` is real time, `now`
is real time plus what `dev` has moved it by, and never goes back. Randomness comes from `mint`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from locum.access import Verification
from locum.access.denials import Denials
from locum.audit.trail import MemoryTrail, Trail
from locum.call import Hashing, Mint, Place
from locum.server.buckets import Rates
from locum.server.hashing import Argon2
from locum.server.issuer_keys import IssuerKeys
from locum.server.metrics import Metrics
from locum.store.activity import Activities
from locum.store.tx import Store, Tx


class Moment(msgspec.Struct, frozen=True):
    """The two clocks, read once: `now` is movable in `dev`, `wire_now` is real. Both UTC."""

    now: datetime
    wire_now: datetime


# As far ahead as the clock of sessions goes: far from the last year that dates can say, whatever is added to it.
FARTHEST = timedelta(seconds=10**9)


class Clocks:
    """Real time, and the time of sessions, which `dev` may move forward and nothing moves back.

    When the machine's clock is set back, what has expired stays so (rule R13): from then on the time of sessions is the
    latest that was seen and what `steady` has counted since, in seconds, until real time has caught up.
    """

    def __init__(
        self, real: Callable[[], datetime] = lambda: datetime.now(UTC), steady: Callable[[], float] = time.monotonic
    ) -> None:
        #: real time, and nothing else: the one of `wire_now`
        self.real = real
        self._steady = steady
        self._moved = timedelta()
        self._latest = real()
        self._counted = steady()
        self._lock = threading.Lock()

    def moment(self) -> Moment:
        """Both clocks, read at the same instant."""
        with self._lock:
            real, counted = self.real(), self._steady()
            self._latest = real if real >= self._latest else self._latest + timedelta(seconds=counted - self._counted)
            self._counted = counted
            return Moment(now=self._latest + self._moved, wire_now=real)

    def advance(self, by: timedelta) -> datetime:
        """Moves the clock of sessions forward and answers what it shows now. Raises ValueError for a step back and
        for one beyond FARTHEST."""
        if by < timedelta():
            raise ValueError("the clock only moves forward")
        with self._lock:
            if by > FARTHEST - self._moved:
                raise ValueError(f"the clock goes {FARTHEST.days} days ahead of real time at most")
            self._moved += by
        return self.moment().now

    def back_to_real(self) -> None:
        """Takes every move back."""
        with self._lock:
            self._moved = timedelta()
            self._latest = self.real()


class SystemMint:
    """Randomness from the operating system."""

    def octets(self, count: int) -> bytes:
        """That many random bytes."""
        return os.urandom(count)


class House(msgspec.Struct, kw_only=True):
    """The parts of one server. Dev's reset replaces store, activity, verification, denials and trail; nothing else
    changes. `trail` takes the record of each call, `metrics` counts them, `rates` bounds them (rule D5), `hashing`
    hashes passwords (rule K8), `issuers` has the keys of identity providers (rule F3). `follow` answers the
    verification as the store has it at one step, where token keys are kept there (rule T9)."""

    store: Store
    verification: Verification
    activity: Activities
    place: Place
    clocks: Clocks
    mint: Mint
    denials: Denials
    trail: Trail = msgspec.field(default_factory=MemoryTrail)
    metrics: Metrics = msgspec.field(default_factory=Metrics)
    rates: Rates = msgspec.field(default_factory=Rates)
    hashing: Hashing = msgspec.field(default_factory=Argon2)
    follow: Callable[[Tx], Verification] | None = None
    issuers: IssuerKeys

    def verifying(self, tx: Tx) -> Verification:
        """What this step verifies with."""
        return self.verification if self.follow is None else self.follow(tx)
