"""A store is read as a whole after a start, and its log is let go when nothing is written (rule R1)."""

from __future__ import annotations

import logging
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from tests.store.nouns import MASTER_KEY, Door, add, door

from locum.audit.trail import MemoryTrail
from locum.server.gauges import gauges
from locum.server.house import House
from locum.server.keeper import Keeper, check
from locum.server.metrics import Metrics
from locum.server.production import house_of
from locum.server.settings import choose
from locum.store.engine import SqlStore, open_store
from locum.store.errors import DamagedError, StoreError
from locum.store.integrity import Idle, faults


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "locum.db"


def filled(path: Path) -> SqlStore:
    """An open store with a few doors."""
    store = open_store(path, MASTER_KEY)
    add(store, *(door(f"d{number}", text="x" * 900) for number in range(40)))
    return store


def damaged(path: Path) -> None:
    """Overwrites a page of a closed store in which rows stand."""
    with sqlite3.connect(path) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entity'").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * 64)


def test_a_sound_store_has_no_faults_beside_its_server(path: Path) -> None:
    store = filled(path)
    assert faults(path) == ()
    store.close()


def test_a_damaged_page_is_found_and_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(path).close()
    damaged(path)
    assert faults(path) != ()
    with caplog.at_level(logging.INFO, "locum.server"):
        check(path)
    assert {record.levelno for record in caplog.records} == {logging.CRITICAL}
    assert "restore a backup" in caplog.text


def test_what_was_found_at_the_start_is_a_metric(path: Path) -> None:
    store = filled(path)
    page = Metrics().render(gauges(_house(store)))
    assert b"locum_store_damaged" not in page
    keeper = Keeper(store, path, timedelta(hours=24))
    keeper.start()  # looks once, however soon it is stopped
    keeper.stop()
    assert store.faults == ()
    assert b"locum_store_damaged 0" in Metrics().render(gauges(_house(store)))
    store.faults = ("row 3 missing",)
    assert b"locum_store_damaged 1" in Metrics().render(gauges(_house(store)))
    store.close()


def _house(store: SqlStore) -> House:
    return house_of(choose({"data-dir": "nowhere"}, {}), store, MemoryTrail())


def test_that_a_store_is_sound_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(path).close()
    with caplog.at_level(logging.INFO, "locum.server"):
        check(path)
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_a_store_that_is_not_there_is_no_sound_one(path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        faults(path)


def test_the_log_goes_when_nothing_was_written_between_two_looks(path: Path) -> None:
    store, log = filled(path), path.with_name("locum.db-wal")
    idle = Idle(path)
    assert not idle.look()
    assert log.stat().st_size > 0
    assert idle.look()
    assert log.stat().st_size == 0
    assert not idle.look()
    add(store, door("later"))
    assert store.read(lambda tx: tx.get(Door, door("later").account, "later")).name == "later"
    store.close()


def test_the_log_stays_while_something_is_written(path: Path) -> None:
    store, idle = filled(path), Idle(path)
    idle.look()
    add(store, door("later"))
    assert not idle.look()
    store.close()


def test_a_reader_is_not_disturbed(path: Path) -> None:
    store, idle = filled(path), Idle(path)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    before = reader.execute("SELECT count(*) FROM entity").fetchone()
    add(store, door("later"))
    idle.look()
    assert not idle.look()
    assert reader.execute("SELECT count(*) FROM entity").fetchone() == before
    reader.close()
    store.close()


def test_a_store_that_was_found_damaged_is_written_no_more(path: Path) -> None:
    store = filled(path)
    store.close()
    damaged(path)
    store = open_store(path, MASTER_KEY)
    keeper = Keeper(store, path, timedelta(hours=24))
    keeper.start()
    keeper.stop()
    with pytest.raises(DamagedError, match="restore a backup"):
        add(store, door("later"))
    store.close()
