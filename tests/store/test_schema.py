"""The schema: what a fresh store is made with is what the revisions lead to (rule R14)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.nouns import MASTER_KEY, NOW

from locum.store import schema
from locum.store.engine import open_store
from locum.store.errors import StoreError
from locum.store.upgrade import MIGRATIONS, upgrade


def made_by(make: Callable[[sqlite3.Connection], None]) -> dict[str, str]:
    """Name and definition of every table and index."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    make(connection)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    assert connection.execute("SELECT version_num FROM revision").fetchall() == [(schema.HEAD,)]
    connection.close()
    return {name: re.sub(r"\s+", " ", sql, flags=re.ASCII) for name, sql in rows}


def test_a_fresh_store_has_the_tables_that_the_revisions_lead_to() -> None:
    fresh = made_by(lambda connection: schema.make(connection, "serve", NOW))
    assert fresh == made_by(upgrade)
    assert {"entity", "link", "secret", "change", "generation", "entity_name"} <= fresh.keys()


def test_the_newest_revision_is_the_head() -> None:
    assert max(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")) == schema.HEAD


def test_a_store_of_a_newer_locum_is_refused(path: Path) -> None:
    open_store(path, MASTER_KEY).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE revision SET version_num = '9999'")
    raw.close()
    with pytest.raises(StoreError, match="`9999`"):
        open_store(path, MASTER_KEY)


def test_a_file_without_anything_in_it_becomes_a_store(path: Path) -> None:
    """A process that was killed before its first commit leaves one."""
    path.touch()
    open_store(path, MASTER_KEY).close()
    open_store(path, MASTER_KEY).close()
