"""How the tables come to be: made fresh, or brought from an older revision to `HEAD`.

Law: a fresh store gets the tables as `tables.py` has them and the mark of its mode and revision. A store of an older
revision is brought forward by Alembic, which is imported only then. A newer one is refused.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from sqlalchemy.schema import CreateIndex, CreateTable

from locum.store.errors import OtherModeError, StoreError
from locum.store.selects import Selects
from locum.store.statements import ADD_MARK, ADD_REVISION, SQLITE
from locum.store.tables import mark, metadata, revision

#: the newest revision under `migrations/versions`; revisions are numbered in order
HEAD = "0001"


def empty(connection: sqlite3.Connection) -> bool:
    """Whether nothing was made yet."""
    return bool(connection.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])


def make(connection: sqlite3.Connection, mode: str, now: datetime) -> None:
    """Makes the tables of an empty store, in the caller's transaction."""
    for table in metadata.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=SQLITE)))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            connection.execute(str(CreateIndex(index).compile(dialect=SQLITE)))
    connection.execute(ADD_MARK, {"mode": mode, "created": now.isoformat()})
    connection.execute(ADD_REVISION, {"version_num": HEAD})


def require(connection: sqlite3.Connection, mode: str) -> str:
    """The revision of a store that is not empty. Raises OtherModeError for the other mode's, StoreError for what is no
    store of Locum's."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()}
    if not {mark.name, revision.name} <= tables:
        raise StoreError("the file is a database, but not one of Locum's")
    made_by, found = Selects(connection).mark(), Selects(connection).revision()
    if made_by is None or found is None:
        raise StoreError("the store has no mark; it was not made completely")
    if made_by != mode:
        raise OtherModeError(f"the store was made by `locum {made_by}`; `locum {mode}` does not open it")
    if found > HEAD:
        raise StoreError(f"the store has revision `{found}`; this Locum knows `{HEAD}` and no newer one")
    return found
