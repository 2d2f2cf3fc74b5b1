"""What is acknowledged is durable: processes are killed, commits are made to fail (rules R1, R2, R13).

`LOCUM_KILLS` sets how many processes are killed (10 by default). A kill proves recovery, not that the disk was told:
that FULL is on is a test of its own, and power cuts are cut in `tests/durability`.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.killed import whole
from tests.store.nouns import ACCOUNT, MASTER_KEY, Door

from locum.store.engine import open_store
from locum.store.sqlite import open_writer

KILLS = int(os.environ.get("LOCUM_KILLS", "10"))
#: kills of one store, all of which is read after each
KILLS_OF_ONE = 10


def started(*arguments: str) -> subprocess.Popen[str]:
    """The process of `killed.py`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.killed", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def told(path: Path, prefix: str, lines: int, *how: str) -> list[str]:
    """What a process said before and while it was killed, after that many lines of it."""
    process = started(str(path), prefix, *how)
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(lines)]
    process.kill()
    said += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    return said


def found(path: Path) -> tuple[set[str], list[str], list[int]]:
    """(names of the doors that are there, those that are not whole, positions of the log)."""
    store = open_store(path, MASTER_KEY, mode="serve")
    doors = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=10_000_000)).items
    halves = [one.name for one in doors if not store.read(lambda tx, o=one: whole(tx, o))]
    positions = [line.position for line in store.read(lambda tx: tx.changes(ACCOUNT, limit=10_000_000))]
    assert store.read(lambda tx: tx.generation(ACCOUNT)) == (positions[-1] if positions else 0)
    store.close()
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
    return {one.name for one in doors}, halves, positions


@pytest.mark.parametrize("seed", [int(os.environ.get("LOCUM_SEED") or random.randrange(1 << 32))], ids=["random"])
def test_nothing_acknowledged_is_lost_and_nothing_is_half_there_after_a_kill(path: Path, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    total = 0
    for turn in range(KILLS):
        if turn % KILLS_OF_ONE == 0:
            file, acknowledged = path.with_name(f"{turn}-{path.name}"), set[str]()
        said = told(file, str(turn), chance.randrange(1, 200))
        acknowledged |= set(said)
        total += len(said)
        there, halves, positions = found(file)
        assert acknowledged - there == set()
        assert halves == []
        assert positions == list(range(1, 4 * len(there) + 1))
    print(f"seed {seed}: {KILLS} kills, {total} pairs acknowledged, none lost")


def test_control_a_process_that_answers_before_the_commit_is_caught(path: Path) -> None:
    """The control: the same search finds what was told from inside a step and never committed."""
    said = told(path, "early", 1, "early")
    there, _, _ = found(path)
    assert set(said) - there == {said[0]}


def test_a_failed_commit_is_final_and_nothing_of_it_is_acknowledged(path: Path) -> None:
    process = started(str(path), "0", "limit")
    said = process.communicate()[0].splitlines()
    assert [line.split(":")[0] for line in said] == [
        "acknowledged first",
        "refused second",
        "refused third",
        "reads first True",
        "reads second None",
    ]
    there, halves, _ = found(path)
    assert "first" in there
    assert halves == []


def test_the_writer_tells_the_disk_at_every_commit(path: Path) -> None:
    connection = open_writer(path)
    asked = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}
    connection.close()
    assert asked == {"synchronous": 2, "journal_mode": "wal"}


def test_the_store_writes_over_that_connection(path: Path) -> None:
    store = open_store(path, MASTER_KEY)
    assert store._commits._connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    store.close()
