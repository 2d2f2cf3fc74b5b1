"""A look at a store from outside, without its master key: what is in it, how old its keys are, whether it is sound.

Law: reads only, over a connection of its own, and opens no sealed value. Nothing here decides anything. Works beside
running servers; each survey is of one state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from locum.store import rows
from locum.store.errors import StoreError
from locum.store.secrets import DataKeyRow
from locum.store.selects import Selects
from locum.store.sqlite import open_reader
from locum.store.statements import ACCOUNTS, COUNT_BY_KIND, JOURNAL_MODE, LAST_CHANGE, SEALED_BY_KEY, SOUND, TOKEN_KEYS


class KeptTokenKey(msgspec.Struct, frozen=True):
    """A token key as its row shows it without a master key."""

    number: int
    state: str
    created: datetime
    since: datetime | None = None


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What a store looks like. `generation` is the position of its last change, `changed` its time."""

    mode: str | None
    revision: str | None
    journal: str
    generation: int
    changed: datetime | None
    accounts: tuple[tuple[str, int], ...]
    kinds: tuple[tuple[str, int], ...]
    data_keys: tuple[DataKeyRow, ...]
    sealed: tuple[tuple[str, int], ...]
    token_keys: tuple[KeptTokenKey, ...]


def survey(path: Path) -> Survey:
    """The store in a file. Raises StoreError when there is none that can be read."""
    with _reading(path) as connection:
        selects = Selects(connection)
        last = connection.execute(LAST_CHANGE).fetchone()
        return Survey(
            mode=selects.mark(),
            revision=selects.revision(),
            journal=str(connection.execute(JOURNAL_MODE).fetchone()[0]),
            generation=selects.head(),
            changed=None if last is None else datetime.fromisoformat(last[0]),
            accounts=tuple(connection.execute(ACCOUNTS).fetchall()),
            kinds=tuple(connection.execute(COUNT_BY_KIND).fetchall()),
            data_keys=selects.data_keys(),
            sealed=tuple(connection.execute(SEALED_BY_KEY).fetchall()),
            token_keys=tuple(sorted(_token_keys(connection), key=lambda key: key.number)),
        )


def faults(path: Path) -> tuple[str, ...]:
    """What SQLite finds wrong when it reads the whole file; empty when it is sound. Takes long for a large store."""
    with _reading(path) as connection:
        return tuple(str(line) for (line,) in connection.execute(SOUND).fetchall() if line != "ok")


def _token_keys(connection: sqlite3.Connection) -> Iterator[KeptTokenKey]:
    for (doc,) in connection.execute(TOKEN_KEYS).fetchall():
        yield msgspec.convert(rows.mapping(doc), KeptTokenKey)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One state of the store."""
    if not path.exists():
        raise StoreError(f"there is no store at `{path}`")
    connection = open_reader(path)
    try:
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        raise StoreError(f"the store `{path}` cannot be read: {error}") from error
    finally:
        connection.close()
