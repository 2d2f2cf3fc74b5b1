"""The process that is killed at every statement of a schema upgrade, one child a statement.

Run as `python -m tests.durability.upgraded FOLDER MIGRATIONS [open|disk]`: FOLDER/old.db is a store of the first
revision. Prints a JSON list, for each child what the store was after it: `old`, `new`, or what is wrong with it; the
last child was not killed. With `disk` they are killed at every write, truncation and sync instead. With `open` the
upgrade runs without a transaction of its own: the control.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tests.durability.disk import OK, Disk

from locum.store.sqlite import open_writer
from locum.store.upgrade import upgrade

HEAD = "0002"
_NEW = {"door", "door_name", "mark.note", "secret.note", "upgraded", "noted", "copied"}


class Open(sqlite3.Connection):
    """Lets every statement commit by itself."""

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
        return super().execute("SELECT 1" if sql.startswith("BEGIN") else sql, *more)


class Dying:
    """Kills this process at the moment that was chosen; moments are counted from 1."""

    def __init__(self, moment: int) -> None:
        self._left = moment

    def __call__(self, *_: object) -> int:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return OK


def dies_at(path: Path, migrations: Path, moment: int, how: str = "", disk: Disk | None = None) -> bool:
    """Whether a process that upgrades a store and is killed at that moment was killed at all."""
    child = os.fork()
    if child == 0:
        connection = opened(path) if how == "open" else open_writer(path)
        if disk is not None and how == "disk":
            disk.fail = Dying(moment)
        else:
            connection.set_trace_callback(Dying(moment))
        upgrade(connection, migrations=migrations, head=HEAD)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def opened(path: Path) -> sqlite3.Connection:
    """A connection that commits every statement."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Open)


def state(path: Path) -> str:
    """`old`, `new`, or what is wrong with a store."""
    connection = open_writer(path)
    try:
        if (sound := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            return f"not sound: {sound}"
        there = set(_signs(connection))
        revision = connection.execute("SELECT version_num FROM revision").fetchone()
    finally:
        connection.close()
    if revision == ("0001",) and there == {"link_target"}:
        return "old"
    if revision == (HEAD,) and there == _NEW:
        return "new"
    return f"half: {revision} with {sorted(there)}"


def _signs(connection: sqlite3.Connection) -> Iterator[str]:
    """What of either revision is there."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    yield from names & {"door", "door_name", "link_target"}
    yield from (name for name in names if name.startswith("_alembic"))
    notes = [table for table in ("mark", "secret") if "note" in _columns(connection, table)]
    yield from (f"{table}.note" for table in notes)
    if connection.execute("SELECT count(*) FROM entity WHERE path = '/upgraded/'").fetchone() != (0,):
        yield "upgraded"
    if "mark" in notes and connection.execute("SELECT note FROM mark").fetchone() == ("upgraded",):
        yield "noted"
    doors = connection.execute("SELECT count(*) FROM entity WHERE kind = 'door'").fetchone()
    if "door" in names and connection.execute("SELECT count(*) FROM door").fetchone() == doors:
        yield "copied"
    if connection.execute("SELECT count(*) FROM secret").fetchone() != doors:
        yield "secrets lost"


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def main(folder: Path, migrations: Path, how: str) -> list[str]:
    """The states after a kill at the first moment, the second, and so on."""
    found: list[str] = []
    path = folder / "locum.db"
    disk = Disk(lambda name: Path(name).name.startswith(path.name))
    if how == "disk":
        disk.install()
    for moment in count(1):
        for left in folder.glob("locum.db*"):
            left.unlink()
        shutil.copy(folder / "old.db", path)
        killed = dies_at(path, migrations, moment, how, disk)
        found.append(state(path))
        if not killed:
            return found
        if found[-1] == "old":
            dies_at(path, migrations, 0)
            again = state(path)
            found[-1] += "" if again == "new" else f", and then {again}"
    raise AssertionError("a count has no end")


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), "".join(sys.argv[3:]))))
