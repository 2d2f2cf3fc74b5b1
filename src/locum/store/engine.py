"""`open_store`: makes or opens a store, in a file or in memory.

Law: sealed means refused: without the right master key nothing is opened (rule K5). A store that belongs to the other
mode is refused (E7). What is opened has been made completely: tables, mark and data keys come in one transaction.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from threading import Lock, local
from typing import Literal, TypeVar

from locum.aws.secret import Secret
from locum.store import reads, schema, token_keys
from locum.store.activity import Activities
from locum.store.commits import Commits
from locum.store.entity import Author
from locum.store.errors import DamagedError, NestedError, StoreError
from locum.store.keeping import renew
from locum.store.secrets import KEY_OCTETS, Again, Clock, DataKeys, MasterKey, Octets
from locum.store.selects import Selects
from locum.store.snapshot import Snapshot
from locum.store.sqlite import FileReaders, MemoryReaders, Readers, open_writer
from locum.store.token_keys import TokenKeyRoot
from locum.store.tx import Tx

T = TypeVar("T")

Mode = Literal["serve", "dev"]

DAMAGED = "the store is damaged and only reads; restore a backup"


def _now() -> datetime:
    return datetime.now(UTC)


class _Inside(local):
    step = False


class SqlStore:
    """A `Store` on SQLite."""

    def __init__(
        self, connection: sqlite3.Connection, readers: Readers, keys: DataKeys, turn: Lock, activity: Activities
    ) -> None:
        self.activity = activity
        #: what was found wrong when the store was read as a whole; None before that. What is damaged is not written
        self.faults: tuple[str, ...] | None = None
        self._connection = connection
        self._readers = readers
        self._keys = keys
        self._kept = Snapshot(Selects(connection).head())
        self._inside = _Inside()
        self._commits = Commits(connection, self._kept, keys, turn)

    def read(self, step: Callable[[Tx], T]) -> T:
        """Runs a step that only reads, in the caller's thread."""
        inside = self._inside
        if inside.step or self._commits.inside():
            raise NestedError("a step asks its own `tx`, not the store")
        inside.step = True
        try:
            return reads.run(step, self._kept, self._keys, self._readers.take)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                self.faults = self.faults or (str(error),)
            raise StoreError(f"the store cannot be read: {error}") from error
        finally:
            inside.step = False

    def write(self, step: Callable[[Tx], T]) -> T:
        """Runs a step in the writer's thread and answers when its commit is durable. Raises DamagedError, and runs
        nothing, once the store is known to be damaged."""
        if self._inside.step or self._commits.inside():
            raise NestedError("a step asks its own `tx`, not the store")
        if self.faults:
            raise DamagedError(DAMAGED)
        return self._commits.write(step)

    @property
    def failure(self) -> str | None:
        """Why the store only reads, when a commit has failed (R13); otherwise None."""
        return self._commits.failure

    @property
    def position(self) -> int:
        """The place in the change log up to which this process knows everything."""
        return self._kept.position

    def token_keys(self) -> tuple[TokenKeyRoot, ...]:
        """The kept roots of session-token keys, by number."""
        return self.read(token_keys.every)

    def add_token_key(self, key: TokenKeyRoot, author: Author) -> None:
        """Keeps a new token key. Raises EntityAlreadyExists for a number that was ever used."""
        self._write_as(author, token_keys.add(key))

    def set_token_key_state(self, number: int, state: str, author: Author) -> None:
        """Puts a token key into another state; `destroyed` removes its root. Raises NoSuchEntity."""
        self._write_as(author, token_keys.set_state(number, state))

    def _write_as(self, author: Author, step: Callable[[Tx], None]) -> None:
        def signed(tx: Tx) -> None:
            tx.written_by(author)
            step(tx)

        self.write(signed)

    def close(self) -> None:
        """Answers what is queued, checkpoints and lets go of the files."""
        self._commits.close()
        self._readers.close()
        self.activity.close()
        with suppress(sqlite3.Error):  # a checkpoint saves the next opening some work and nothing else
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._connection.close()


def open_store(
    path: Path | None = None,
    master_key: Secret | bytes | None = None,
    *,
    mode: Mode = "serve",
    octets: Octets = os.urandom,
    clock: Clock = _now,
    again: Again | None = None,
) -> SqlStore:
    """The store in the file `path`, made when it is not there, or a new one in memory for None.

    `master_key` is 32 octets or their 64 hexadecimal digits; None or a wrong one raises SealedError, but a store in
    memory, which nobody opens again, may be given none and draws its own. `octets` is where keys and nonces come from,
    `clock` the time by which data keys age. `again` reads the master key anew, so that a running store can follow a
    change of it. Raises OtherModeError for a store of the other mode.
    """
    if path is None and master_key is None:
        master_key = octets(KEY_OCTETS)
    master = MasterKey(master_key)
    try:
        connection = open_writer(path)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the store cannot be opened: {error}") from error
    try:
        keys = _make_or_open(connection, mode, DataKeys(master, octets=octets, clock=clock, again=again))
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"the store cannot be opened: {error}") from error
    except BaseException:
        connection.close()
        raise
    turn = Lock()
    readers = MemoryReaders(connection, turn) if path is None else FileReaders(path)
    activity = Activities(None if path is None else path.with_name("activity.db"))
    return SqlStore(connection, readers, keys, turn, activity)


def _make_or_open(connection: sqlite3.Connection, mode: Mode, keys: DataKeys) -> DataKeys:
    """Brings the store into being, or up to date, and opens its data keys."""
    connection.execute("BEGIN IMMEDIATE")
    if schema.empty(connection):
        schema.make(connection, mode, keys.clock())
    elif schema.require(connection, mode) != schema.HEAD:
        connection.execute("ROLLBACK")
        import_module("locum.store.upgrade").upgrade(connection)  # Alembic: only when there is something to bring
        connection.execute("BEGIN IMMEDIATE")
    renew(keys, connection)
    connection.execute("COMMIT")
    return keys
