"""A backup is one state of the store, says what it is, and is told from one that is damaged (rule K12)."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from tests.store.killed import pair, whole
from tests.store.nouns import ACCOUNT, MASTER_KEY, Door, door, write

from locum.aws.secret import Secret
from locum.store import backup
from locum.store.backup import BackupError, make, verify
from locum.store.engine import open_store
from locum.store.errors import StoreError
from locum.store.secrets import MasterKey

SEED = int(os.environ.get("LOCUM_SEED") or random.randrange(1 << 32))
NOW = datetime(2026, 11, 24, 3, 0, 0, tzinfo=UTC)
BACKUPS = 8


def filled(path: Path, count: int = 30) -> None:
    """A closed store with pairs."""
    store = open_store(path, MASTER_KEY)
    for number in range(count):
        write(store, lambda tx, name=f"p{number}": pair(tx, name))
    store.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup, to be copied and not to be altered."""
    folder = tmp_path_factory.mktemp("made")
    filled(folder / "locum.db")
    make(folder / "locum.db", folder / "backup", now=NOW, locum="1")
    return folder / "backup"


def halves(path: Path) -> tuple[int, list[str]]:
    """(pairs in a store, the names of those that are not whole); every secret is opened."""
    store = open_store(path, MASTER_KEY)
    try:
        doors = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=1_000_000)).items
        return len(doors), [one.name for one in doors if not store.read(lambda tx, one=one: whole(tx, one))]
    finally:
        store.close()


def test_the_manifest_says_what_the_store_is(made: Path) -> None:
    found = verify(made)
    assert (found.mode, found.revision, found.generation) == ("serve", "0001", 4 * 30)
    assert found.accounts == {ACCOUNT: 4 * 30}
    assert found.kinds == {"door": 30, "lock": 30}
    assert found.master_keys == (MasterKey(MASTER_KEY).fingerprint,)


def test_a_backup_is_two_files_that_only_their_owner_reads_and_none_of_them_has_the_key(made: Path) -> None:
    assert {(one.name, one.stat().st_mode & 0o777) for one in made.iterdir()} == {
        ("locum.db", 0o600),
        ("manifest.json", 0o600),
    }
    for file in made.iterdir():
        assert MASTER_KEY not in file.read_bytes()
        assert MASTER_KEY.hex().encode() not in file.read_bytes()


def test_verifying_changes_nothing(made: Path) -> None:
    before = {one.name: one.read_bytes() for one in made.iterdir()}
    verify(made)
    assert {one.name: one.read_bytes() for one in made.iterdir()} == before


def test_everything_opens_elsewhere(made: Path, tmp_path: Path) -> None:
    backup.copy_out(made, tmp_path / "locum.db")
    assert halves(tmp_path / "locum.db") == (30, [])


@pytest.mark.parametrize("name", ["locum.db", "manifest.json"])
def test_a_flipped_bit_anywhere_is_found(made: Path, tmp_path: Path, name: str) -> None:
    chance = random.Random(SEED)
    shutil.copytree(made, tmp_path / "b")
    octets = (made / name).read_bytes()
    for _ in range(40):
        changed = bytearray(octets)
        changed[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        (tmp_path / "b" / name).write_bytes(changed)
        try:
            found = verify(tmp_path / "b")
        except BackupError:
            continue
        # what the manifest says of itself alone, nothing beside it can tell
        assert name == "manifest.json", SEED
        assert msgspec.structs.replace(found, made=NOW, locum="1") == verify(made), SEED


@pytest.mark.parametrize("change", ["shorter", "longer", "gone", "swapped"])
def test_another_store_is_not_taken_for_the_one_that_was_kept(made: Path, tmp_path: Path, change: str) -> None:
    shutil.copytree(made, tmp_path / "b")
    file = tmp_path / "b" / "locum.db"
    octets = file.read_bytes()
    if change == "gone":
        file.unlink()
    elif change == "swapped":
        file.unlink()
        filled(file, 3)
    else:
        file.write_bytes(octets[:-1] if change == "shorter" else octets + b"\0")
    with pytest.raises(BackupError):
        verify(tmp_path / "b")


def test_a_manifest_that_claims_something_else_is_found(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "b")
    manifest = tmp_path / "b" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"Generation": 120', '"Generation": 121'))
    with pytest.raises(BackupError, match="`generation`"):
        verify(tmp_path / "b")


def test_a_folder_without_a_manifest_is_no_backup(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "b")
    (tmp_path / "b" / "manifest.json").unlink()
    with pytest.raises(BackupError, match="is no backup"):
        verify(tmp_path / "b")


def test_a_backup_takes_a_folder_of_its_own(made: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="holds something"):
        make(made / "locum.db", made, now=NOW, locum="1")
    with pytest.raises(StoreError, match="no store"):
        make(tmp_path / "none.db", tmp_path / "b", now=NOW, locum="1")


def test_a_damaged_store_is_not_backed_up_in_silence(tmp_path: Path) -> None:
    filled(tmp_path / "locum.db")
    with sqlite3.connect(tmp_path / "locum.db") as raw:
        page = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entity'").fetchone()[0]
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    with (tmp_path / "locum.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * 64)
    with pytest.raises(StoreError):
        make(tmp_path / "locum.db", tmp_path / "b", now=NOW, locum="1")
    assert not (tmp_path / "b" / "manifest.json").exists()


class Load(NamedTuple):
    """What was kept of a store while eight clients wrote: folders of backups, the generation that each of them says it
    is of, and copies of the store's file alone, each made right after a backup."""

    backups: list[Path]
    generations: list[int]
    copies: list[Path]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Backups and copies made under load (xR13)."""
    folder = tmp_path_factory.mktemp("load")
    path = folder / "locum.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.killed", str(path), "load"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    load = Load([], [], [])
    try:
        for number in range(BACKUPS):
            for _ in range(40):
                process.stdout.readline()
            manifest = make(path, folder / str(number), now=NOW, locum="1")
            load.backups.append(folder / str(number))
            load.generations.append(manifest.generation)
            load.copies.append(folder / f"plain{number}.db")
            load.copies[-1].write_bytes(path.read_bytes())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return load


def test_a_backup_under_load_is_one_state(load: Load) -> None:
    for folder, generation in zip(load.backups, load.generations, strict=True):
        assert verify(folder).generation == generation
        assert halves(folder / "locum.db") == (generation // 4, [])
    assert load.generations == sorted(set(load.generations))


def test_control_a_plain_copy_of_the_file_is_not(load: Load) -> None:
    states = [state(copy) for copy in load.copies]
    assert states != [(generation // 4, "ok") for generation in load.generations]


def state(copy: Path) -> tuple[int, str]:
    """(pairs, soundness) of a plain copy."""
    connection = sqlite3.connect(copy)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
        return connection.execute("SELECT count(*) FROM entity WHERE kind = 'door'").fetchone()[0], sound
    except sqlite3.DatabaseError as error:
        return -1, str(error)
    finally:
        connection.close()


def test_a_door_that_is_no_pair_would_be_found(tmp_path: Path) -> None:
    store = open_store(tmp_path / "locum.db", MASTER_KEY)
    write(store, lambda tx: tx.put_secret(tx.add(door("half")), "code", Secret("half")))
    store.close()
    assert halves(tmp_path / "locum.db") == (1, ["half"])
