"""A look at a store from outside: what is in it, how old its keys are, whether every seal opens.

Law: reads only, over a connection of its own, and shows no sealed value; what needs the master key asks for it. Nothing
here decides anything. Works beside running servers; each look is at one state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from locum.store import rows
from locum.store.entity import Entity
from locum.store.errors import BrokenSealError, StoreError
from locum.store.integrity import faults as faults  # part of the look, and asked for here
from locum.store.secrets import DataKeyRow, DataKeys, Sealed
from locum.store.selects import Selects
from locum.store.snapshot import by_id
from locum.store.sqlite import open_reader
from locum.store.statements import (
    ACCOUNTS,
    COUNT_BY_KIND,
    EVERY_SEALED,
    JOURNAL_MODE,
    LAST_CHANGE,
    SEALED_BY_KEY,
    TOKEN_KEYS,
)


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


def broken_seals(path: Path, keys: DataKeys) -> tuple[int, tuple[str, ...]]:
    """Opens every sealed value and forgets it: (how many there are, what is wrong with some).

    Raises SealedError when the master key that `keys` has does not open the data keys.
    """
    wrong = []
    with _reading(path) as connection:
        keys.learn(Selects(connection).data_keys())
        count = 0
        for id, kind, column, account, version, data_key, octets in connection.execute(EVERY_SEALED):
            count += 1
            try:
                keys.open(kind, id, column, Sealed(account, version, data_key, octets), account=account)
            except BrokenSealError as error:
                wrong.append(str(error))
    return count, tuple(wrong)


def present(path: Path, kind: type[Entity], ids: Collection[str]) -> tuple[str, ...]:
    """Which of these ids stand in the store, in the form that is asked for."""
    with _reading(path) as connection:
        selects = Selects(connection)
        return tuple(id for id in ids if selects.load(by_id(kind.kind, id), kind) is not None)


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
