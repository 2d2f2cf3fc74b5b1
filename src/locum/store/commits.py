"""`Commits`: the one thread that writes, and its group commit.

Law: rules R1, R2 and R13, decisions 20. Whatever is queued at once shares one transaction, each step in its own
savepoint, at most 64 steps or 5 ms, and nobody is answered before the shared commit is durable. It does not wait for
more to come. A step that raises loses its savepoint and nothing else. A commit that fails is final: nobody of it is
acknowledged and nothing is written any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread, get_ident
from time import monotonic
from typing import Any, TypeVar
from weakref import finalize, ref

from locum.store.errors import BusyError, ClosedError, CommitError, StoreError
from locum.store.keeping import follow
from locum.store.reads import catch_up
from locum.store.secrets import DataKeys
from locum.store.selects import Selects
from locum.store.snapshot import Snapshot
from locum.store.tx import Tx
from locum.store.writes import Batch, WriteTx

T = TypeVar("T")

STEPS, SECONDS = 64, 0.005


class _Pending:
    """A step that waits for its answer."""

    __slots__ = ("error", "gate", "result", "step")

    def __init__(self, step: Callable[[Tx], Any]) -> None:
        self.step = step
        self.gate = Lock()
        self.gate.acquire()
        self.result: Any = None
        self.error: BaseException | None = None


class Commits:
    """The queue in front of the writer's connection. `turn` is held from a transaction's begin until the snapshot knows
    of it; a store in memory shares it with the readers."""

    def __init__(self, connection: sqlite3.Connection, kept: Snapshot, keys: DataKeys, turn: Lock) -> None:
        self._connection = connection
        self._selects = Selects(connection)
        self._kept = kept
        self._keys = keys
        self._turn = turn
        self._queue: SimpleQueue[_Pending | None] = SimpleQueue()
        self._door = Lock()
        self._closed = False
        self.failure: str | None = None
        self._thread = Thread(target=_work, args=(ref(self), self._queue), name="locum-commits", daemon=True)
        self._thread.start()
        finalize(self, self._queue.put, None)

    def write(self, step: Callable[[Tx], T]) -> T:
        """Queues a step and waits until its commit is durable. Raises what the step raised, or CommitError."""
        pending = _Pending(step)
        with self._door:
            if self._closed:
                raise ClosedError("the store is closed")
            self._queue.put(pending)
        pending.gate.acquire()
        if pending.error is not None:
            raise pending.error
        result: T = pending.result
        return result

    def inside(self) -> bool:
        """Whether the thread that asks is the writer itself."""
        return get_ident() == self._thread.ident

    def close(self) -> None:
        """Answers what is queued and stops."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def answer(self, first: _Pending) -> None:
        """Runs a step and those queued behind it, and answers them all, for better or worse."""
        batch = [first]
        try:
            with self._turn:
                self._share(batch)
        except BaseException as error:  # whatever it is, nobody may wait for ever or be told that it stands
            self._fail(batch, error)
        for pending in batch:
            pending.gate.release()

    def _share(self, batch: list[_Pending]) -> None:
        """Runs `batch[0]`, and what is queued behind it, in one transaction."""
        if self.failure is not None:
            raise CommitError(self.failure)
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            batch[0].error = BusyError("another process has held the store for writing for too long")
            return
        until = monotonic() + SECONDS
        follow(self._keys, self._connection)
        shared = Batch(self._connection, self._kept, self._keys, catch_up(self._selects, self._kept))
        self._run(batch[0], shared)
        while len(batch) < STEPS and monotonic() < until:
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
            if following is None:
                self._queue.put(None)  # the end comes after this commit
                break
            batch.append(following)
            self._run(following, shared)
        execute("COMMIT")
        self._kept.moved(shared.position, shared.dirty)
        for key, count in shared.counts.items():
            self._kept.keep(shared.position, key, count)

    def _run(self, pending: _Pending, shared: Batch) -> None:
        """Runs one step in its savepoint. Raises CommitError when SQLite gave up the whole transaction."""
        execute = self._connection.execute
        position, counts = shared.position, dict(shared.counts)
        tx = WriteTx(shared)
        execute("SAVEPOINT step")
        try:
            pending.result = pending.step(tx)
            tx.finish()
        except BaseException as error:
            tx.abandon()
            pending.result, pending.error = None, _told(error)
            if not self._connection.in_transaction:
                raise CommitError("SQLite gave up the transaction") from error
            execute("ROLLBACK TO step")
            shared.position, shared.counts = position, counts
        execute("RELEASE step")

    def _fail(self, batch: list[_Pending], error: BaseException) -> None:
        """Lets a failed commit be final (R13)."""
        if self.failure is None:
            self.failure = f"the store only reads since a commit failed: {error}"
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        for pending in batch:
            pending.result, pending.error = None, CommitError(self.failure)
            pending.error.__cause__ = error


def _told(error: BaseException) -> BaseException:
    """What the caller is told of an exception in a step: the exception itself, but SQLite's in our words."""
    if not isinstance(error, sqlite3.Error):
        return error
    told = StoreError(f"the step could not be written: {error}")
    told.__cause__ = error
    return told


def _work(commits: ref[Commits], queue: SimpleQueue[_Pending | None]) -> None:
    """The writer's thread. It ends with None in the queue, and keeps alive nobody who has nothing queued."""
    while (first := queue.get()) is not None:
        writer = commits()
        if writer is None:
            return
        writer.answer(first)
        del first, writer
