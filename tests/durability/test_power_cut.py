"""A power cut loses nothing that was acknowledged, and leaves no half step (rules R1 and R3).

`LOCUM_POWER_CUTS` sets how many disks are looked at (300 by default), `LOCUM_SEED` replays a run. The controls: the
same search finds acknowledged changes lost with synchronous=NORMAL and with an answer that comes before the commit, and
a broken file on a disk that says that it has synced and has not.
"""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.durability.disk import UNREACHABLE, Entry, library
from tests.durability.images import Found, examined, images

pytestmark = pytest.mark.skipif(library() is None, reason=UNREACHABLE)

SEED = int(os.environ.get("LOCUM_SEED") or random.randrange(1 << 32))
CUTS = int(os.environ.get("LOCUM_POWER_CUTS", "300"))
FEWER = max(CUTS // 5, 40)
PAIRS = 400
#: operations within which a store comes into being
BEGINNING = 120


def recorded(folder: Path, way: str, *fault: str, pairs: int = PAIRS) -> list[Entry]:
    """What a process wrote, and was told, in a folder of its own."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.durability.recorded", str(folder), str(pairs), way, *fault]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    return [Entry(*entry) for entry in pickle.loads((folder / "log").read_bytes())]


def cut(entries: list[Entry], folder: Path, count: int, *, believing: bool = True) -> list[Found]:
    """What is found after that many power cuts, anywhere in a recording; one in ten falls into its beginning."""
    folder.mkdir()
    chance = random.Random(SEED)
    cuts = sorted(chance.randrange(1, (len(entries), BEGINNING)[chance.random() < 0.1] + 1) for _ in range(count))
    return [
        examined(image, folder, with_the_store=number % 10 == 0)
        for number, image in enumerate(images(entries, cuts, SEED, believing=believing))
    ]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    """A recording of the store as it is."""
    return recorded(tmp_path_factory.mktemp("recorded") / "full", "full")


def told(found: list[Found]) -> tuple[int, int, list[str]]:
    """(images with a loss, losses, what is broken)."""
    return (
        sum(one.lost > 0 for one in found),
        sum(one.lost for one in found),
        [text for one in found for text in one.broken],
    )


def test_a_power_cut_loses_nothing_acknowledged_and_leaves_no_half_step(full: list[Entry], tmp_path: Path) -> None:
    assert sum(entry.verb == "acknowledged" for entry in full) == PAIRS
    found = told(cut(full, tmp_path / "cut", CUTS))
    print(f"seed {SEED}: {CUTS} power cuts in {len(full)} operations: {found}")
    assert found == (0, 0, [])


def test_the_recording_has_checkpoints_and_shared_commits(full: list[Entry]) -> None:
    """What is cut is worth cutting."""
    synced = [entry.file for entry in full if entry.verb == "sync"]
    assert synced.count("locum.db") >= 3
    assert 10 < synced.count("locum.db-wal") < PAIRS


def test_control_without_a_sync_before_the_answer_acknowledged_changes_are_lost(tmp_path: Path) -> None:
    entries = recorded(tmp_path / "normal", "normal")
    images_with_loss, lost, broken = told(cut(entries, tmp_path / "cut", FEWER))
    print(f"seed {SEED}: {FEWER} power cuts with NORMAL: {images_with_loss} images lost {lost} pairs")
    assert images_with_loss > FEWER // 4
    assert broken == []


def test_control_an_answer_before_the_commit_is_caught(tmp_path: Path) -> None:
    entries = recorded(tmp_path / "early", "early")
    assert told(cut(entries, tmp_path / "cut", FEWER))[0] > 0


def test_control_a_disk_that_lies_about_its_syncs_breaks_the_store(full: list[Entry], tmp_path: Path) -> None:
    images_with_loss, _, broken = told(cut(full, tmp_path / "cut", FEWER, believing=False))
    assert images_with_loss > 0
    assert broken
