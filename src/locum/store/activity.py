"""`Activities`: what was used when, kept in a database of its own (decisions 19).

Law: noting a use costs no disk and no decision waits for it; a thread writes what has gathered at most a second later,
and `last_used` answers what is not written yet as well. Of a subject the latest use alone is kept. What gathers is
bounded (rule D8): a use that finds no room, or that the disk does not take, is lost and counted in `lost`. Nothing here
decides anything, so a crash may lose the last second. What a subject did (`SUBJECT DEED`) is forgotten after 400 days,
as long as AWS reports it; once a day the latest use says which day it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from weakref import finalize, ref

from locum.store.sqlite import open_writer
from locum.store.use import Use

SECONDS = 1.0
SUBJECTS = 65_536
KEPT = timedelta(days=400)

_TABLE = "CREATE TABLE IF NOT EXISTS use (subject TEXT PRIMARY KEY, at TEXT, service TEXT, region TEXT) WITHOUT ROWID"
_PUT = (
    "INSERT INTO use (subject, at, service, region) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (subject) DO UPDATE SET at = excluded.at, service = excluded.service, region = excluded.region "
    "WHERE excluded.at >= use.at"
)
_FORGET = "DELETE FROM use WHERE at < ? AND subject LIKE '% %'"
_UNDER = "SELECT subject, at, service, region FROM use WHERE subject >= ? AND subject < ?"
_FIND = "SELECT at, service, region FROM use WHERE subject = ?"


class Activities:
    """The uses of a store's subjects; an `Activity` as operations see it."""

    def __init__(self, path: Path | None) -> None:
        """In the file `path`, or in memory for None."""
        self._connection = open_writer(path)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_TABLE)
        self._disk = Lock()
        self._door = Lock()
        self._gathered: dict[str, Use] = {}
        self._leaving: Mapping[str, Use] = {}
        self._something = Event()
        self._stop = Event()
        self._thread: Thread | None = None
        self._swept: date | None = None
        self.lost = 0
        finalize(self, _wake, self._stop, self._something)

    def used(self, subject: str, use: Use) -> None:
        """Notes a use of a subject (an access-key id, a role id, a user id). Never raises, never waits for the disk."""
        with self._door:
            if subject not in self._gathered and len(self._gathered) >= SUBJECTS:
                self.lost += 1
                return
            self._gathered[subject] = use
            if self._thread is None and not self._stop.is_set():
                self._thread = Thread(
                    target=_write_every_second, args=(ref(self), self._something, self._stop), daemon=True
                )
                self._thread.start()
        if not self._something.is_set():
            self._something.set()

    def last_used(self, subject: str) -> Use | None:
        """The last use that was noted, or None."""
        with self._door:
            found = self._gathered.get(subject) or self._leaving.get(subject)
        if found is not None:
            return found
        with self._disk:
            row = self._connection.execute(_FIND, (subject,)).fetchone()
        return None if row is None else Use(datetime.fromisoformat(row[0]), row[1], row[2])

    def uses_by(self, subject: str) -> Mapping[str, Use]:
        """What a subject did last: of each `SUBJECT DEED` that was noted, the use under its `DEED`."""
        begin, end = f"{subject} ", f"{subject}!"  # the character after the blank
        with self._disk:
            rows = self._connection.execute(_UNDER, (begin, end)).fetchall()
            with self._door:
                late = [
                    (name, use)
                    for gathered in (self._leaving, self._gathered)
                    for name, use in gathered.items()
                    if name.startswith(begin)
                ]
        found = {name: Use(datetime.fromisoformat(at), service, region) for name, at, service, region in rows}
        return {name.removeprefix(begin): use for name, use in (found | dict(late)).items()}

    def flush(self) -> None:
        """Writes what has gathered, now."""
        with self._disk:
            with self._door:
                self._leaving, self._gathered = self._gathered, {}
                self._something.clear()
                if self._stop.is_set():  # what woke the thread to end must not be taken back
                    self._something.set()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(
                    _PUT,
                    [(subject, use.at.isoformat(), use.service, use.region) for subject, use in self._leaving.items()],
                )
                self._sweep()
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                self.lost += len(self._leaving)
            with self._door:
                self._leaving = {}

    def _sweep(self) -> None:
        """Forgets what was done too long ago, at the first use of a day."""
        latest = max((use.at for use in self._leaving.values()), default=None)
        if latest is None or (self._swept is not None and latest.date() <= self._swept):
            return
        self._swept = latest.date()
        self._connection.execute(_FORGET, ((latest - KEPT).isoformat(),))

    def close(self) -> None:
        """Writes what has gathered and lets go of the file."""
        _wake(self._stop, self._something)
        if self._thread is not None:
            self._thread.join()
        self.flush()
        self._connection.close()


def _wake(stop: Event, something: Event) -> None:
    stop.set()
    something.set()


def _write_every_second(activities: ref[Activities], something: Event, stop: Event) -> None:
    """Waits for something to write, lets more gather for a second, writes it. Keeps nobody alive."""
    while True:
        something.wait()
        stop.wait(SECONDS)
        if stop.is_set():
            return
        written = activities()
        if written is None:
            return
        written.flush()
        del written
