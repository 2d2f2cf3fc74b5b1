"""Brings a store of an older revision to the newest, by Alembic. Imported only when there is something to bring.

Law: all revisions run in one transaction that this module opens and SQLite undoes when the process is killed, so that a
store has one revision or the other (rule R14). PostgreSQL's upgrade and the upgrade of large tables in steps have their
place here and are not built.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from locum.store.schema import HEAD

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(connection: sqlite3.Connection, *, migrations: Path = MIGRATIONS, head: str = HEAD) -> None:
    """Runs every revision up to `head` that the store does not have, and commits. `connection` is in no transaction."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    with engine.connect() as over:
        connection.execute("BEGIN IMMEDIATE")  # not before: a first connect ends with a rollback
        config = Config()
        config.set_main_option("script_location", str(migrations))
        config.attributes["connection"] = over
        command.upgrade(config, head)
        over.commit()
