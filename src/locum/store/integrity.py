"""Whether a store is sound, and its log kept short: what is done beside a running server (rule R1).

Law: over connections of its own, so that no request waits for a connection of its. `faults` only reads. A checkpoint
moves what is committed from the log into the file and changes nothing that anybody reads; it is done when nothing was
written for a while, and gives way to whoever reads or writes at that moment.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from locum.store.errors import StoreError
from locum.store.sqlite import open_reader, open_writer

_QUICK = "PRAGMA quick_check"
_TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"


def faults(path: Path) -> tuple[str, ...]:
    """What SQLite finds wrong in a store's pages and rows; empty when it is sound.

    Reads the whole file, and does not compare indexes with their tables: `survey.faults` does, and takes longer. Raises
    StoreError when there is nothing that can be read.
    """
    if not path.exists():
        raise StoreError(f"there is no store at `{path}`")
    try:
        connection = open_reader(path)
        try:
            return tuple(str(line) for (line,) in connection.execute(_QUICK).fetchall() if line != "ok")
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return (str(error),)
        raise StoreError(f"the store `{path}` cannot be read: {error}") from error


class Idle:
    """Truncates a store's log when it has stood still since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._seen = (0, 0)

    def look(self) -> bool:
        """Whether the log was truncated now. Call it now and again; the time between two calls is what `idle` means."""
        seen, self._seen = self._seen, self._state()
        if self._seen != seen or self._seen[0] == 0:
            return False
        try:
            connection = open_writer(self._path)
            try:
                connection.execute("PRAGMA busy_timeout = 0").fetchall()
                busy, _, _ = connection.execute(_TRUNCATE).fetchone()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreError(f"the log of `{self._path.name}` cannot be checkpointed: {error}") from error
        return not busy

    def _state(self) -> tuple[int, int]:
        try:
            found = self._log.stat()
        except FileNotFoundError:
            return (0, 0)
        return found.st_size, found.st_mtime_ns
