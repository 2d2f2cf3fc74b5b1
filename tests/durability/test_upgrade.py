"""A schema upgrade can be killed at every statement and goes on at the next start (rule R14, xR11).

The second revision is for tests alone. The control upgrades without a transaction, and leaves half of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.durability.disk import UNREACHABLE, library
from tests.store.killed import pair
from tests.store.nouns import MASTER_KEY, write

from locum.store import backup
from locum.store.engine import open_store
from locum.store.upgrade import MIGRATIONS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of the first revision, and revisions that go one further."""
    store = open_store(tmp_path / "locum.db", MASTER_KEY)
    for number in range(20):
        write(store, lambda tx, name=f"p{number}": pair(tx, name))
    store.close()
    (tmp_path / "locum.db").rename(tmp_path / "old.db")
    backup.sync(tmp_path)
    shutil.copytree(MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).with_name("revisions") / "0002_for_tests.py", tmp_path / "migrations" / "versions")
    return tmp_path


def states(folder: Path, *how: str) -> list[str]:
    """What the store was after each kill."""
    command = [sys.executable, "-m", "tests.durability.upgraded", str(folder), str(folder / "migrations"), *how]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    found: list[str] = json.loads(finished.stdout)
    return found


def test_a_killed_upgrade_leaves_one_revision_whole_and_the_next_start_ends_it(folder: Path) -> None:
    found = states(folder)
    print(f"{len(found) - 1} kills")
    assert len(found) > 12
    assert found == ["old"] * (len(found) - 1) + ["new"]


@pytest.mark.skipif(library() is None, reason=UNREACHABLE)
def test_a_kill_at_any_write_leaves_one_revision_whole(folder: Path) -> None:
    found = states(folder, "disk")
    print(f"{len(found) - 1} kills")
    assert set(found) == {"old", "new"}
    assert found == sorted(found, reverse=True)


def test_control_an_upgrade_without_a_transaction_is_found_half_done(folder: Path) -> None:
    assert any(state.startswith("half") for state in states(folder, "open"))
