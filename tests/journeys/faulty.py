"""`python tests/journeys/faulty.py FAULT serve …`: the command `locum` with one fault planted, for controls alone.

Law: the fault is planted before the command starts, in this process and nowhere else, and in the part that the fault is
about; everything else is Locum as it is. A fault may wait until a file is there, which `FAULT_WHEN` names, so that a
server can be brought into a state first. A control asserts that the check of its experiment notices.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping

from locum.audit.record import Record
from locum.audit.trail import Batch, FileTrail
from locum.cli.main import main
from locum.server import confined, safe, well_known
from locum.store.secrets import DataKeys, Sealed
from locum.store.snapshot import Key, Snapshot

WHEN = "FAULT_WHEN"


def armed() -> bool:
    """Whether a fault that waits is to show."""
    return WHEN not in os.environ or os.path.exists(os.environ[WHEN])


def stale() -> None:
    """What was read once is kept, whatever changes."""
    honest = Snapshot.moved

    def moved(kept: Snapshot, position: int, keys: Iterable[Key]) -> None:
        honest(kept, position, () if armed() else keys)

    Snapshot.moved = moved


def unkeyed() -> None:
    """What was derived from an account is kept, whatever generation it has reached."""
    honest = Snapshot.derived

    def derived(kept: Snapshot, account: str, key: object, generation: int) -> tuple[object] | None:
        found = kept._derived.get((account, key))
        return honest(kept, account, key, found[0] if armed() and found is not None else generation)

    Snapshot.derived = derived


def unrecorded() -> None:
    """Answers do not wait for their records."""
    add = FileTrail.add

    def later(trail: FileTrail, record: Record, *, durable: bool) -> Batch | None:
        return add(trail, record, durable=False)

    FileTrail.add = later


def unwrapped() -> None:
    """Secrets stand in their columns as they are."""

    def seal(keys: DataKeys, kind: str, id: str, column: str, *, account: str, version: int, text: str) -> Sealed:
        return Sealed(account=account, version=version, data_key=keys._current, octets=text.encode())

    def open(keys: DataKeys, kind: str, id: str, column: str, sealed: Sealed, *, account: str) -> str:
        return sealed.octets.decode()

    DataKeys.seal, DataKeys.open = seal, open


def dumpable() -> None:
    """The process may leave a core file."""
    confined.confine = lambda: None


def forgetful() -> None:
    """Nobody knows which keys and accounts are everybody's."""
    well_known.PAIRS = ()
    well_known.KEY_IDS = frozenset()
    well_known.ACCOUNTS = frozenset()


def unguarded(*names: str) -> Callable[[], None]:
    """Some rules of a safe start are not asked."""

    def plant() -> None:
        left = tuple(rule for rule in safe.RULES if rule.__name__ not in names)
        assert len(left) == len(safe.RULES) - len(names)
        safe.RULES = left

    return plant


FAULTS: Mapping[str, Callable[[], None]] = {
    "stale": stale,
    "unkeyed": unkeyed,
    "unrecorded": unrecorded,
    "unwrapped": unwrapped,
    "dumpable": dumpable,
    "forgetful": forgetful,
    "untied": unguarded("_whole_tls", "_private_key", "_usable_tls"),
    "undirected": unguarded("_directory"),
}


def command(fault: str) -> tuple[str, ...]:
    """The words that start it, to stand in the place of `locum`."""
    return (sys.executable, __file__, fault)


if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
