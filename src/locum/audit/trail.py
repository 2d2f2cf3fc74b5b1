"""`Trail`: where the records of one process go.

Law: rules A1 and R13, decisions 19 and 20. A record that is `durable` joins the group that is written next; its caller
answers nobody before `Batch` says that it stands, and asks for the write by waiting. Other records are written at most
a second later, and are bounded (rule D8): what finds no room is lost, counted, and the count is a line of the chain. A
write that fails is final: durable records are refused from then on, and so is what would need one (rule R12).

One thread writes, and sleeps until somebody waits: adding a record wakes nobody, so that all calls of one turn of an
event loop share a write and its hand-over. While it writes, the next group gathers by itself.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Protocol

import msgspec

from locum import __version__
from locum.audit import digests
from locum.audit.chain import Chain, Lost, Pruned, Start, Stop
from locum.audit.files import LARGE, Appending
from locum.audit.prune import prune
from locum.audit.record import Record
from locum.store.errors import StoreError
from locum.store.tx import Store

LOG = logging.getLogger("locum.audit")

#: how long records of reads and refusals gather, how many octets of them, and after how long a digest is signed and
#: the main store learns of it; all but the octets in seconds
GATHER, ROOM, SIGN, KEEP = 1.0, 16 << 20, 60.0, 3600.0

#: a file that is older is not gone on with, where files are pruned: only whole ones can be
FILE_AGE = timedelta(days=1)

#: how many records a trail in memory keeps
REMEMBERED = 10_000

Octets = Callable[[int], bytes]


class TrailError(Exception):
    """The audit trail cannot be written, so what must be on record cannot be done."""


class Batch:
    """Records that become durable together."""

    __slots__ = ("_door", "_gate", "_waiting", "done", "failure", "hurry", "lines", "octets")

    def __init__(self, hurry: Callable[[], object]) -> None:
        #: asks for the write, now; whoever has called `then` calls it when nothing more is to join
        self.hurry = hurry
        self.lines: list[bytes] = []
        self.octets = 0
        self.done = False
        self.failure: str | None = None
        self._gate = Event()
        self._door = Lock()
        self._waiting: list[Callable[[], object]] = []

    def wait(self) -> None:
        """Asks for the write, and returns when the batch is done: the records are durable, or `failure` says why they
        never will be."""
        self.hurry()
        self._gate.wait()

    def then(self, callback: Callable[[], object]) -> None:
        """Calls back, in the trail's thread, when the batch is done; at once when it is done already. Asks for
        nothing."""
        with self._door:
            if not self.done:
                self._waiting.append(callback)
                return
        callback()

    def settle(self, failure: str | None) -> None:
        """Tells everybody who waits, for better or worse."""
        with self._door:
            self.failure, self.done, self.lines = failure, True, []
            waiting, self._waiting = self._waiting, []
        self._gate.set()
        for callback in waiting:
            try:
                callback()
            except Exception:  # whoever waited is gone; the others are not
                LOG.exception("a batch could not be announced")


class Trail(Protocol):
    """What the server tells of each call."""

    @property
    def failure(self) -> str | None:
        """Why nothing more can be written, or None."""
        ...

    @property
    def lost(self) -> int:
        """How many records found no room or no disk."""
        ...

    @property
    def waiting(self) -> int:
        """How many octets of records are not written yet."""
        ...

    @property
    def behind(self) -> float:
        """For how many seconds the oldest of them has waited."""
        ...

    def add(self, record: Record, *, durable: bool) -> Batch | None:
        """Takes a record. With `durable` answers the batch to wait for; raises TrailError when there is no hope of it.
        Without, answers None and never raises."""
        ...

    def close(self) -> None:
        """Writes what has gathered, and ends."""
        ...


class MemoryTrail:
    """The trail of a server that keeps nothing (`locum dev`): the last `limit` records, and of those the
    last `room` octets."""

    failure: str | None = None
    lost = 0
    waiting = 0
    behind = 0.0

    def __init__(self, limit: int = REMEMBERED, *, room: int = ROOM) -> None:
        self._kept: deque[bytes] = deque()
        self._door = Lock()
        self._limit, self._room, self._octets = limit, room, 0

    def add(self, record: Record, *, durable: bool) -> Batch | None:
        """Remembers a record, and forgets the oldest beyond the limits. There is nothing to wait for."""
        text = record.octets()
        with self._door:
            self._kept.append(text)
            self._octets += len(text)
            while len(self._kept) > self._limit or self._octets > self._room:
                self._octets -= len(self._kept.popleft())
        return None

    def records(self) -> Iterator[bytes]:
        """What is remembered, oldest first, as JSON."""
        with self._door:
            return iter(tuple(self._kept))

    def close(self) -> None:
        """Nothing was opened."""


class FileTrail:
    """A trail in files, chained and signed."""

    def __init__(
        self,
        directory: Path,
        store: Store,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = monotonic,
        octets: Octets = os.urandom,
        room: int = ROOM,
        large: int = LARGE,
    ) -> None:
        """Begins a chain in `directory` and lets the store know of it. `clock` tells real time, `seconds` time that
        never goes back."""
        now = clock()
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._room = room
        self._key = digests.get_key(store, octets=octets, now=now)
        self._chain = Chain(octets(8).hex())
        self._directory = directory
        self._files = Appending(directory, self._chain.id, now, large=large)
        self._file_began = now
        self._door = Lock()
        self._disk = Lock()
        self._batch = Batch(self._hurry)
        self._since = 0.0
        self._something = Event()
        self._urgent = Event()
        self._closed = False
        self._signed_before = ""
        self._signed_at = self._kept_at = seconds()
        self._unsigned = self._unkept = False
        self._lost_told = 0
        self.lost = 0
        self.failure: str | None = None
        start = Start(chain=self._chain.id, at=now, locum=__version__)
        self._append([msgspec.json.encode(start)])
        self._sign(keep=True)
        if self.failure is not None:
            raise TrailError(self.failure)
        self._thread = Thread(target=self._work, name="locum-audit", daemon=True)
        self._thread.start()

    @property
    def chain(self) -> str:
        """The id of the chain that this process writes."""
        return self._chain.id

    @property
    def waiting(self) -> int:
        """How many octets of records are not written yet."""
        return self._batch.octets

    @property
    def behind(self) -> float:
        """For how many seconds the oldest of them has waited."""
        return self._seconds() - self._since if self._batch.octets else 0.0

    def add(self, record: Record, *, durable: bool) -> Batch | None:
        """Takes a record, as `Trail.add` says."""
        line = record.octets()
        with self._door:
            if self._closed or self.failure is not None:
                self.lost += 1
                if durable:
                    raise TrailError(self.failure or "the audit trail is closed")
                return None
            batch = self._batch
            if not durable and batch.octets + len(line) > self._room:
                self.lost += 1
                return None
            if not batch.octets:
                self._since = self._seconds()
            batch.lines.append(line)
            batch.octets += len(line)
        if durable:
            return batch
        if not self._something.is_set():
            self._something.set()
        return None

    def flush(self) -> None:
        """Writes what has gathered, now, and signs it when it is time. Never raises."""
        with self._disk:
            with self._door:
                batch, self._batch = self._batch, Batch(self._hurry)
                if not self._closed:  # else the writer's thread could miss that it was woken to end
                    self._something.clear()
                    self._urgent.clear()
                lost = self.lost - self._lost_told
            self._write(batch, lost)
            if self._unsigned and self._seconds() - self._signed_at >= SIGN:
                self._try_to_sign()

    def sign(self) -> None:
        """Signs what is written so far and lets the store know of it, now. Never raises."""
        self.flush()
        with self._disk:
            self._try_to_sign(keep=True)

    def prune(self, keep: timedelta) -> tuple[Pruned, ...]:
        """Removes what is older than `keep` from this chain and from those that have ended; what was removed. Raises
        OSError and StoreError. Records are written meanwhile."""
        self.flush()
        now = self._clock()
        with self._disk:
            if self.failure is not None or self._closed:
                return ()
            if now - self._file_began >= FILE_AGE:
                self._next_file(now)
        return prune(
            self._directory,
            self._store,
            older_than=now - keep,
            now=now,
            own=self._chain.id,
            note=self._note,
            hold=self._hold,
        )

    def _next_file(self, now: datetime) -> None:
        """Goes on in another file, because only whole ones can be pruned."""
        try:
            self._files.next()
        except OSError as error:
            self._fail(error)
        self._file_began = now

    def _note(self, pruned: Pruned) -> None:
        with self._disk:
            if not self._closed:
                self._append([msgspec.json.encode(pruned)])

    def _hold(self, path: Path) -> None:
        with self._disk:
            if not self._closed:
                self._files.hold(path)

    def close(self) -> None:
        """Writes and signs everything, lets the store know, and ends the chain."""
        with self._door:
            if self._closed:
                return
            self._closed = True
        self._urgent.set()
        self._something.set()
        self._thread.join()
        self.flush()
        with self._disk:
            self._append([msgspec.json.encode(Stop(at=self._clock()))])
            self._try_to_sign(stopped=True, keep=True)
            self._files.close()

    def _write(self, batch: Batch, lost: int) -> None:
        lines, count = batch.lines, len(batch.lines)
        if lost:
            lines.append(msgspec.json.encode(Lost(at=self._clock(), count=lost)))
        if lines:
            self._append(lines)
        if self.failure is None:
            self._lost_told += lost
        else:
            with self._door:
                self.lost += count
        batch.settle(self.failure)

    def _append(self, lines: list[bytes]) -> None:
        """Chains and writes; notes a failure, which is final (rule R13), because the chain goes on from there."""
        if self.failure is not None:
            return
        add = self._chain.add
        try:
            self._files.append(b"".join([add(line) for line in lines]))
        except Exception as error:  # whatever it is, nobody may wait for ever or be told that it stands
            self._fail(error)
        else:
            self._unsigned = True

    def _fail(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else None
        self.failure = f"the audit trail cannot be written: {reason or type(error).__name__}"
        LOG.error(
            "%s; nothing is changed and no credentials are issued from now on",
            self.failure,
            exc_info=None if isinstance(error, OSError) else error,
        )

    def _sign(self, *, stopped: bool = False, keep: bool = False) -> None:
        """Adds a digest and, with `keep` or when it is time, lets the main store know. Raises StoreError."""
        chain, now = self._chain, self._clock()
        digest = self._key.sign(chain.id, chain.sequence, chain.previous, at=now, signed_before=self._signed_before)
        self._append([msgspec.json.encode(digest)])
        if self.failure is not None:
            return
        self._signed_before, self._signed_at, self._unsigned = digest.signature, self._seconds(), False
        self._unkept = True
        if keep or self._signed_at - self._kept_at >= KEEP:
            self._kept_at = self._signed_at  # also when the store cannot: it is asked again an hour later
            digests.keep_head(
                self._store, chain.id, sequence=chain.sequence - 1, hash=chain.previous, at=now, stopped=stopped
            )
            self._unkept = False

    def _try_to_sign(self, *, stopped: bool = False, keep: bool = False) -> None:
        if self.failure is not None:
            return
        try:
            self._sign(stopped=stopped, keep=keep)
        except StoreError as error:
            LOG.error("the store could not be told of the audit trail's end: %s", error)

    def _patience(self) -> float | None:
        """How long there is nothing to do, if nothing comes: until the next digest is due."""
        if self.failure is not None:
            return None
        if self._unsigned:
            return max(0.0, self._signed_at + SIGN - self._seconds())
        if self._unkept:
            return max(0.0, self._kept_at + KEEP - self._seconds())
        return None

    def _hurry(self) -> None:
        """Wakes the writer, which takes what has gathered by then."""
        if not self._urgent.is_set():
            self._urgent.set()
            self._something.set()

    def _work(self) -> None:
        """The writer's thread. It ends with the trail and not before: without it everybody would wait for ever."""
        while not self._closed:
            try:
                if self._something.wait(self._patience()):
                    self._urgent.wait(GATHER)
                    self.flush()
                else:
                    with self._disk:
                        self._try_to_sign()
            except Exception as error:
                self._fail(error)
