"""A rotation that is killed at any point leaves a store that opens whole, and goes on when it is asked for again (K6).

`LOCUM_KILLS` sets at how many points each rotation is killed (10 by default, spread over its lines at random).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.architecture.source import ROOT
from tests.unit.serve import rotating

from locum.aws.secret import Secret
from locum.iam.access_keys import SECRET, AccessKey
from locum.server import token_rules
from locum.server.house import SystemMint
from locum.store import masterkey, rotation
from locum.store.engine import SqlStore, open_store
from locum.store.errors import StoreError
from locum.store.integrity import faults
from locum.store.survey import survey

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACCOUNT = "222222222222"
VALUES = 450  # more than two transactions' worth
KILLS = int(os.environ.get("LOCUM_KILLS", "10"))
SEED = int(os.environ.get("LOCUM_SEED") or random.randrange(1 << 32))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with sealed values and token keys."""
    directory = tmp_path_factory.mktemp("made")
    store = open_store(directory / "locum.db", masterkey.of_directory(directory))

    def step(tx: object) -> None:
        tx.written_by(token_rules.author("Start", NOW))
        token_rules.first(SystemMint(), NOW)(tx)
        for number in range(VALUES):
            key = tx.add(AccessKey(id=f"K{number}", name=f"K{number}", account=ACCOUNT, owner=ACCOUNT, created=NOW))
            tx.put_secret(key, SECRET, Secret(f"secret {number}"))

    store.write(step)
    store.close()
    return directory


def ran(which: str, *turns: tuple[Path, int]) -> list[int]:
    """How rotations up to a line ended, each in a process of its own: -9, or the lines of a whole one."""
    words = [f"{directory}:{line}" for directory, line in turns]
    said = subprocess.run(
        [sys.executable, "-m", "tests.unit.serve.rotating", which, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in said.stdout.splitlines()]


def opened(directory: Path) -> SqlStore:
    """The store, as a start opens it."""
    rotation.settle(directory / "locum.db", directory / masterkey.FILE)
    return open_store(directory / "locum.db", masterkey.of_directory(directory))


def unreadable(directory: Path) -> list[str]:
    """What of the store does not open, and what is wrong with its keys."""
    store = opened(directory)
    wrong = []
    for number in range(VALUES):
        key = store.read(lambda tx, n=number: tx.find_id(AccessKey, f"K{n}"))
        if store.read(lambda tx, k=key: tx.secret(k, SECRET).reveal()) != f"secret {number}":
            wrong.append(key.id)
    states = [key.state for key in store.token_keys()]
    if (states.count("primary"), states.count("staged")) != (1, 1):
        wrong.append(f"token keys {states}")
    store.close()
    return wrong + list(faults(directory / "locum.db"))


@pytest.mark.parametrize("which", ["master", "data", "tokens"])
def test_a_rotation_killed_at_any_line_loses_nothing_and_can_be_ended(which: str, made: Path, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    whole = tmp_path / "whole"
    shutil.copytree(made, whole)
    lines = ran(which, (whole, 0))[0]
    points = random.Random(f"{SEED} {which}").sample(range(1, lines + 1), min(KILLS, lines))
    directories = [shutil.copytree(made, tmp_path / str(point)) for point in points]
    assert ran(which, *zip(directories, points, strict=True)) == [-9] * len(points)
    killed = {f"{point} of {lines}": unreadable(tmp_path / str(point)) for point in points}
    assert killed == dict.fromkeys(killed, [])
    assert min(ran(which, *((directory, 0) for directory in directories))) > 0
    ended = {f"{point} of {lines}": unreadable(tmp_path / str(point)) for point in points}
    assert ended == dict.fromkeys(ended, [])
    assert {path.name for directory in directories for path in directory.glob("master.key*")} == {"master.key"}


def test_a_first_start_killed_at_any_line_is_made_good_by_the_next(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    os.umask(0o077)
    lines = ran("first", (tmp_path / "whole", 0))[0]
    points = random.Random(f"{SEED} first").sample(range(1, lines + 1), min(KILLS, lines))
    directories = [tmp_path / str(point) for point in points]
    assert ran("first", *zip(directories, points, strict=True)) == [-9] * len(points)
    assert min(ran("first", *((directory, 0) for directory in directories))) > 0
    for directory in [tmp_path / "whole", *directories]:
        shown = json.loads((directory / "root-key.json").read_text())
        store = opened(directory)
        keys = store.read(lambda tx, account=shown["AccountId"]: tx.owned(AccessKey, account))
        secrets = [store.read(lambda tx, key=key: tx.secret(key, SECRET).reveal()) for key in keys]
        assert [key.state for key in store.token_keys()] == ["primary", "staged"]
        store.close()
        assert [key.id for key in keys] == [shown["AccessKeyId"]]
        assert secrets == [shown["SecretAccessKey"]]
        assert [account for account, _ in survey(directory / "locum.db").accounts if account] == [shown["AccountId"]]


def test_control_a_store_whose_old_data_key_goes_first_is_caught(made: Path, tmp_path: Path) -> None:
    """The control: the same search finds values that nothing opens any more."""
    directory = tmp_path / "broken"
    shutil.copytree(made, directory)
    raw = sqlite3.connect(directory / "locum.db")
    raw.execute("DELETE FROM data_key WHERE purpose = 'secret'")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match="which is not here"):
        unreadable(directory)


def test_control_a_change_of_the_master_key_that_forgets_its_file_is_caught(made: Path, tmp_path: Path) -> None:
    """The control: a store that was wrapped under a key which is in no file does not open."""
    directory = tmp_path / "broken"
    shutil.copytree(made, directory)
    rotation.rewrap(directory / "locum.db", masterkey.of_directory(directory), Secret("0123456789abcdef" * 4))
    with pytest.raises(StoreError, match="the store is sealed"):
        unreadable(directory)


def test_after_a_rotation_of_data_keys_the_old_one_is_gone_and_nothing_is_sealed_under_it(
    made: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "rotated"
    shutil.copytree(made, directory)
    before = {row.id for row in survey(directory / "locum.db").data_keys if row.purpose == "secret"}
    fresh, moved = rotation.reseal(directory / "locum.db", masterkey.of_directory(directory))
    after = survey(directory / "locum.db")
    assert moved == VALUES + 2  # and the roots of two token keys
    assert {row.id for row in after.data_keys if row.purpose == "secret"} == {fresh}
    assert before & {fresh} == set()
    assert after.sealed == ((fresh, VALUES + 2),)


def test_the_old_master_key_opens_nothing_after_a_rotation(made: Path, tmp_path: Path) -> None:
    directory = tmp_path / "rotated"
    shutil.copytree(made, directory)
    old = masterkey.of_directory(directory)
    rotation.rotate_master_key(directory / "locum.db", directory / masterkey.FILE)
    with pytest.raises(StoreError, match="does not open"):
        open_store(directory / "locum.db", old)


def test_a_running_store_follows_both_rotations(made: Path, tmp_path: Path) -> None:
    directory = tmp_path / "running"
    shutil.copytree(made, directory)
    running = open_store(
        directory / "locum.db",
        masterkey.of_directory(directory),
        again=lambda: masterkey.read_file(directory / masterkey.FILE),
    )
    for which in ("data", "master", "data", "master"):
        rotating.rotate(directory, which)
        seen = [
            running.read(lambda tx, n=n: tx.secret(tx.find_id(AccessKey, f"K{n}"), SECRET).reveal()) for n in range(3)
        ]
        assert seen == ["secret 0", "secret 1", "secret 2"]
        name = f"new-{len(survey(directory / 'locum.db').data_keys)}-{which}"

        def step(tx: object, name: str = name) -> None:
            tx.written_by(token_rules.author("Test", NOW))
            key = tx.find_id(AccessKey, name) or tx.add(
                AccessKey(id=name, name=name, account=ACCOUNT, owner=ACCOUNT, created=NOW)
            )
            tx.put_secret(key, SECRET, Secret(name))

        running.write(step)
        newest = [row.id for row in survey(directory / "locum.db").data_keys if row.purpose == "secret"]
        assert [key for key, _ in survey(directory / "locum.db").sealed] == newest
    running.close()
    assert unreadable(directory) == []
