"""A small trail on a real store, with a clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from locum.audit import digests
from locum.audit.files import chains
from locum.audit.record import Record
from locum.audit.trail import FileTrail
from locum.audit.verify import Checked, check
from locum.store.engine import SqlStore, open_store

NOW = datetime(2026, 11, 23, 19, 0, 0, tzinfo=UTC)


class Time:
    """Real time and running time, both standing still until they are told to pass."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)

    def seconds(self) -> float:
        return self.passed


def record(number: int = 0, **more: object) -> Record:
    """A record that is unlike any other number's."""
    known = {"at": NOW + timedelta(seconds=number), "request_id": f"request-{number}", "outcome": "allowed"}
    return Record(**{**known, "operation": "iam:GetUser", "caller": "arn:aws:iam::111122223333:user/alice", **more})


class Kept:
    """A directory with a store and the trails that are written there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.audit = directory / "audit"
        self.time = Time()
        self.store: SqlStore = open_store(None)
        self.number = 0

    def trail(self, **settings: object) -> FileTrail:
        """A new process's trail; its ids count up."""
        return FileTrail(
            self.audit, self.store, clock=self.time.now, seconds=self.time.seconds, octets=self._octets, **settings
        )

    def _octets(self, count: int) -> bytes:
        self.number += 1
        return self.number.to_bytes(count, "big")

    def heads(self) -> dict[str, digests.Head]:
        """What the store knows of each chain."""
        return {head.name: head for head in self.store.read(digests.heads)}

    def key(self) -> digests.VerifyingKey:
        """What verifies the digests."""
        found = self.store.read(digests.find_key)
        assert found is not None
        return found.public

    def lines(self, chain: str) -> list[bytes]:
        """The lines of a chain as its files hold them."""
        return next(list(one.lines()) for one in chains(self.audit) if one.chain == chain)

    def check(self, lines: list[bytes], chain: str) -> Checked:
        """What verifying says of those lines, for that chain."""
        return check(lines, chain, self.key(), self.heads().get(chain))
