"""A disk that fails: nothing is acknowledged that is not on it, and after a failed commit the store only reads (R13).

`LOCUM_DISK_ERRORS` sets how many places of a run fail (10 by default), one run each; `LOCUM_SEED` replays them. The
control lets a sync fail and says that it did not.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from tests.durability.disk import FULL, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_WRITE, UNREACHABLE, UNTOLD, Entry, library
from tests.durability.test_power_cut import SEED, cut, recorded, told

pytestmark = pytest.mark.skipif(library() is None, reason=UNREACHABLE)

PLACES = int(os.environ.get("LOCUM_DISK_ERRORS", "10"))
PAIRS = 64
LOG, STORE = "locum.db-wal", "locum.db"
#: what can fail, and how often it happens in a run of so many pairs, at least
KINDS = (
    ("sync", LOG, IOERR_FSYNC, 4),
    ("write", LOG, FULL, 300),
    ("write", LOG, IOERR_WRITE, 300),
    ("sync", STORE, IOERR_FSYNC, 1),
    ("write", STORE, FULL, 60),
    ("write", STORE, IOERR_WRITE, 60),
    ("truncate", STORE, IOERR_TRUNCATE, 1),
)


def places() -> list[str]:
    """Where the disk fails in each run: every kind once for good, and then any, for good or once."""
    chance = random.Random(SEED)
    every = [(kind, "") for kind in KINDS]
    drawn = [(chance.choice(KINDS), chance.choice(("", ":once"))) for _ in range(max(0, PLACES - len(KINDS)))]
    return [
        f"{verb}:{file}:{chance.randrange(1, most + 1)}:{code}{once}"
        for (verb, file, code, most), once in (every + drawn)[:PLACES]
    ]


def acknowledged_late(entries: list[Entry]) -> list[str]:
    """What was acknowledged after a commit could not be written, but for what was committed before."""
    failed = next((n for n, one in enumerate(entries) if one.verb == "failed" and one.file == LOG), len(entries))
    synced = max((n for n, one in enumerate(entries[:failed]) if one == ("sync", LOG, 0, b"")), default=0)
    before = {name for entry in entries[: synced + 1] if entry.file == LOG for name in names(entry)}
    return [one.file for one in entries[failed:] if one.verb == "acknowledged" and one.file not in before]


def names(entry: Entry) -> list[str]:
    """The doors in a written page."""
    return [part.split(b'"', 1)[0].decode() for part in entry.octets.split(b'"name":"')[1:] if b'"' in part]


@pytest.mark.parametrize("number", range(PLACES))
def test_nothing_is_acknowledged_that_a_failing_disk_did_not_take(number: int, tmp_path: Path) -> None:
    place = places()[number]
    entries = recorded(tmp_path / "recorded", "full", place, pairs=PAIRS)
    print(f"seed {SEED}: {place}")
    assert acknowledged_late(entries) == []
    assert told(cut(entries, tmp_path / "cut", 6)) == (0, 0, [])
    if any(entry.verb == "failed" and entry.file == LOG for entry in entries):
        assert next(entry.file for entry in entries if entry.verb == "failure").startswith("the store only reads")


def test_after_a_failed_sync_everything_is_refused_though_the_disk_is_well_again(tmp_path: Path) -> None:
    entries = recorded(tmp_path / "recorded", "full", f"sync:{LOG}:2:{IOERR_FSYNC}:once", pairs=PAIRS)
    verbs = [entry.verb for entry in entries]
    assert verbs.count("failed") == 1
    assert verbs.count("refused") > 0
    assert verbs.count("refused") + verbs.count("acknowledged") == PAIRS
    assert ("write", LOG) not in {(entry.verb, entry.file) for entry in entries[verbs.index("failed") :]}


def test_control_a_sync_that_fails_and_is_not_told_of_loses_what_was_acknowledged(tmp_path: Path) -> None:
    entries = recorded(tmp_path / "recorded", "full", f"sync:{LOG}:2:{UNTOLD}", pairs=PAIRS)
    assert told(cut(entries, tmp_path / "cut", 40))[0] > 0
