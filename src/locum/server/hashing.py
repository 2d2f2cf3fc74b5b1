"""`Argon2`: passwords become hashes here, two at a time (rules K7 and K8).

Law: argon2id over an HMAC of the password with its pepper, so that a stolen hash alone cannot be guessed at. A hash
takes 46 MiB and much of a core on purpose; so two are made at once, 32 wait, and whoever comes then is refused with 503
instead of taking the memory of everybody. Parameters travel inside the hash, so a change of them breaks no password.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

import msgspec
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type, hash_secret, verify_secret

from locum.aws.faults import Refusal
from locum.aws.secret import Secret

T = TypeVar("T")

WORKERS, QUEUE = 2, 32
BUSY = "The request has failed because too many passwords are being checked; try again."


class Cost(msgspec.Struct, frozen=True):
    """What one hash costs: KiB of memory, passes over it, lanes."""

    memory: int = 46 * 1024
    passes: int = 1
    lanes: int = 1


class Argon2:
    """A `Hashing` with a pool of its own. `cost` is K7's wherever people sign in."""

    def __init__(self, cost: Cost = Cost(), *, workers: int = WORKERS, queue: int = QUEUE) -> None:  # noqa: B008  frozen
        self.cost = cost
        self._room = BoundedSemaphore(workers + queue)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="hash")

    def hash(self, password: Secret, pepper: Secret, salt: bytes) -> Secret:
        """The hash of a password, with its salt and parameters. Raises ServiceUnavailable when too many wait."""
        cost = self.cost

        def made() -> Secret:
            octets = hash_secret(
                _peppered(password, pepper), salt, cost.passes, cost.memory, cost.lanes, hash_len=32, type=Type.ID
            )
            return Secret(octets.decode("ascii"))

        return self._run(made)

    def matches(self, stored: Secret, password: Secret, pepper: Secret) -> bool:
        """Whether a hash is that of a password, in a time that says nothing else."""

        def verified() -> bool:
            try:
                return verify_secret(stored.reveal().encode("ascii"), _peppered(password, pepper), Type.ID)  # SECRET
            except VerifyMismatchError:
                return False

        return self._run(verified)

    def _run(self, work: Callable[[], T]) -> T:
        if not self._room.acquire(blocking=False):
            raise Refusal("ServiceUnavailable", BUSY)
        try:
            return self._pool.submit(work).result()
        finally:
            self._room.release()


def _peppered(password: Secret, pepper: Secret) -> bytes:
    return hmac.digest(pepper.reveal().encode(), password.reveal().encode(), hashlib.sha256)
