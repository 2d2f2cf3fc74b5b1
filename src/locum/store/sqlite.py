"""SQLite connections: how they are opened, and how a step reads over one.

Law: rule R1. A writer's connection has WAL, synchronous=FULL, foreign keys, a busy timeout and, on macOS, fullfsync;
a reader's may only query. A file system over a network is refused. Files are made for their owner alone. A store in
memory has one connection, which readers and the writer hold in turn.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from threading import Lock
from typing import Protocol

from locum.store.errors import ClosedError
from locum.store.filesystem import require_local
from locum.store.selects import Selects

BUSY_MILLISECONDS = 5_000
_STATEMENTS = 256


def open_writer(path: Path | None) -> sqlite3.Connection:
    """The connection that writes; None is a store in memory. Raises StoreError for a file system over a network."""
    if path is not None:
        require_local(path)
    if path is not None and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)  # SQLite does so for its log, not for a file that it finds
        finally:
            os.close(directory)
    connection = _connect(":memory:" if path is None else str(path))
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "fullfsync = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads."""
    connection = _connect(str(path))
    connection.execute("PRAGMA query_only = ON").fetchall()
    return connection


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS, timeout=0
    )
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}").fetchall()
    return connection


class FileReader:
    """Reads a file. It asks SQLite's data version before each step, so that a commit of any process counts (R4)."""

    __slots__ = ("_open", "_pool", "_seen", "_selects", "connection")

    def __init__(self, connection: sqlite3.Connection, pool: FileReaders) -> None:
        self.connection = connection
        self._pool = pool
        self._selects = Selects(connection)
        self._seen: object = None
        self._open = False

    def current(self) -> bool:
        """Whether the file is as this reader last saw it. 4 µs."""
        seen = self.connection.execute("PRAGMA data_version").fetchone()
        if seen == self._seen:
            return True
        self._seen = seen
        return False

    def begin(self) -> Selects:
        """Opens a transaction, if none is open."""
        if not self._open:
            self.connection.execute("BEGIN")
            self._open = True
        return self._selects

    def end(self) -> None:
        """Ends the transaction and goes back to the pool."""
        if self._open:
            self._open = False
            self.connection.execute("ROLLBACK")
        self._pool.give(self)


class FileReaders:
    """Readers of one file, as many as there are steps at once, used again last in, first out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: list[FileReader] = []
        self._closed = False

    def take(self) -> FileReader:
        """A free reader or a new one."""
        if self._closed:
            raise ClosedError("the store is closed")
        try:
            return self._free.pop()
        except IndexError:
            return FileReader(open_reader(self._path), self)

    def give(self, reader: FileReader) -> None:
        """Takes a reader back."""
        self._free.append(reader)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Closes the free readers now and the others when they come back."""
        self._closed = True
        while self._free:
            self._free.pop().connection.close()


class MemoryReader:
    """Reads the one connection of a store in memory, holding it until the step's end."""

    __slots__ = ("_lock", "_open", "_selects")

    def __init__(self, selects: Selects, lock: Lock) -> None:
        self._selects = selects
        self._lock = lock
        self._open = False

    def current(self) -> bool:
        """Nobody else commits to this memory."""
        return True

    def begin(self) -> Selects:
        """Waits until the connection is free of steps."""
        if not self._open:
            self._lock.acquire()
            self._open = True
        return self._selects

    def end(self) -> None:
        """Lets go of the connection."""
        if self._open:
            self._open = False
            self._lock.release()


class MemoryReaders:
    """Readers of a store in memory."""

    def __init__(self, connection: sqlite3.Connection, lock: Lock) -> None:
        self._selects = Selects(connection)
        self._lock = lock
        self._closed = False

    def take(self) -> MemoryReader:
        """A reader for one step."""
        if self._closed:
            raise ClosedError("the store is closed")
        return MemoryReader(self._selects, self._lock)

    def close(self) -> None:
        """No more readers."""
        self._closed = True


class Readers(Protocol):
    """Where the readers of a store come from."""

    def take(self) -> FileReader | MemoryReader:
        """A reader for one step."""
        ...

    def close(self) -> None:
        """No more readers."""
        ...
