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
from locum.store.statements import ADD_MARK, SQLITE
from locum.store.tables import mark, metadata

#: the newest revision under `migrations/versions`
HEAD = "0001"


def make(connection: sqlite3.Connection, mode: str, now: datetime) -> None:
    """Makes the tables, or checks that they are this mode's and this revision's. Works in the caller's transaction."""
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables == 0:
        for table in metadata.sorted_tables:
            connection.execute(str(CreateTable(table).compile(dialect=SQLITE)))
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                connection.execute(str(CreateIndex(index).compile(dialect=SQLITE)))
        connection.execute(ADD_MARK, {"mode": mode, "revision": HEAD, "created": now.isoformat()})
        return
    if (
        connection.execute("SELECT count(*) FROM sqlite_master WHERE name = :name", {"name": mark.name}).fetchone()[0]
        == 0
    ):
        raise StoreError("the file is a database, but not one of Locum's")
    found = Selects(connection).mark()
    if found is None:
        raise StoreError("the store has no mark; it was not made completely")
    if found[0] != mode:
        raise OtherModeError(f"the store was made by `locum {found[0]}`; `locum {mode}` does not open it")
    if found[1] != HEAD:
        raise StoreError(f"the store has revision `{found[1]}`, this Locum reads `{HEAD}`")
