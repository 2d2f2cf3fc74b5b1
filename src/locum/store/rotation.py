"""Changing keys at rest: the master key, and the data keys under it (rules K3 and K6).

Law: killed at any point, the store stays readable, and the same command goes on where it was. A new master key is on
disk before anything is wrapped under it, and the old one stays until everything is; a new data key seals before values
move to it, and an old one goes only when nothing is sealed under it any more. Works beside running servers: each step
is one transaction of its own, and they follow (`keeping.py`).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from locum.aws.secret import Secret
from locum.store import masterkey
from locum.store.errors import BusyError, SealedError
from locum.store.keeping import renew
from locum.store.secrets import VALUES, Clock, DataKeys, MasterKey, Octets, Sealed
from locum.store.selects import Selects
from locum.store.sqlite import open_writer
from locum.store.statements import (
    ADD_DATA_KEY,
    DROP_IDLE_DATA_KEYS,
    PUT_SECRET,
    REWRAP_DATA_KEY,
    SEALED_UNDER_OLD,
    USE_DATA_KEY,
)

#: values that move to the new key in one transaction
MOVED = 200


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that holds the store for writing. Raises BusyError when another process holds it too long."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise BusyError(f"the store could not be locked for writing: {error}") from error
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_writer(path)
    try:
        yield connection
    finally:
        connection.close()


# -- the master key ----------------------------------------------------------------------------------------------------
def rotate_master_key(store: Path, file: Path, *, octets: Octets = os.urandom) -> str:
    """Puts a new master key into its file and wraps every data key under it. The new key's fingerprint.

    Raises SealedError when the key in the file is not the store's. The old key opens nothing afterwards.
    """
    with alone(file.parent):
        _settle(store, file)
        old, new = masterkey.read_file(file), Secret(octets(32).hex())
        masterkey.write(masterkey.following(file), new)
        rewrap(store, old, new, octets=octets)
        masterkey.replace(file)
    return MasterKey(new).fingerprint


@contextmanager
def alone(directory: Path, *, wait: bool = False) -> Iterator[None]:
    """Keeps other processes from changing what is kept in the directory beside the store, its master key and the files
    of root keys. Raises BusyError when one does, or waits."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise BusyError("another process changes the keys of this directory; try again") from error
        yield
    finally:
        os.close(descriptor)


def rewrap(store: Path, old: Secret, new: Secret, *, octets: Octets = os.urandom) -> None:
    """Wraps every data key under another master key, in one transaction. Raises SealedError for a wrong `old`."""
    before, after = MasterKey(old), MasterKey(new)
    with _opened(store) as connection, _transaction(connection):
        for row in Selects(connection).data_keys():
            wrapped = after.wrap(row.id, row.purpose, before.unwrap(row), nonce=octets(12))
            connection.execute(REWRAP_DATA_KEY, {"key": row.id, "fingerprint": after.fingerprint, "wrapping": wrapped})


def settle(store: Path, file: Path) -> None:
    """Ends a change of the master key that was killed: whichever key the store is wrapped under stays.

    Does nothing where no change was under way, and waits for one that is. Raises SealedError when neither key is the
    store's.
    """
    if masterkey.following(file).exists():
        with alone(file.parent, wait=True):
            _settle(store, file)


def _settle(store: Path, file: Path) -> None:
    following = masterkey.following(file)
    if not following.exists():
        return
    with _opened(store) as connection:
        wrapping = {row.master_key for row in Selects(connection).data_keys()}
    if file.exists() and wrapping <= {MasterKey(masterkey.read_file(file)).fingerprint}:
        following.unlink()
        return
    if wrapping != {MasterKey(masterkey.read_file(following)).fingerprint}:
        raise SealedError(
            f"the store is sealed: it is wrapped under `{', '.join(sorted(wrapping))}`, not under its key"
        )
    masterkey.replace(file)


# -- data keys ---------------------------------------------------------------------------------------------------------
class Resealing:
    """Moving every sealed value of a store to a new data key. Each method is one transaction."""

    def __init__(self, connection: sqlite3.Connection, keys: DataKeys) -> None:
        """`keys` has the store's master key; it learns the rest here."""
        self._connection = connection
        self._keys = keys
        with _transaction(connection):
            renew(keys, connection)

    def begin(self) -> str:
        """Adds a data key, under which everybody seals from now on. Its id."""
        with _transaction(self._connection):
            fresh = self._keys.fresh(VALUES)
            self._connection.execute(ADD_DATA_KEY, fresh.columns())
        with _transaction(self._connection):
            renew(self._keys, self._connection)
        return fresh.id

    def move(self, limit: int = MOVED) -> int:
        """Seals up to `limit` values anew that are under an older key; how many there were."""
        execute = self._connection.execute
        with _transaction(self._connection):
            newest = Selects(self._connection).newest_data_key(VALUES)
            found = execute(SEALED_UNDER_OLD, {"newest": newest, "limit": limit}).fetchall()
            for id, kind, column, account, version, data_key, octets in found:
                sealed = Sealed(account, version, data_key, octets)
                text = self._keys.open(kind, id, column, sealed, account=account)
                again = self._keys.seal(kind, id, column, account=account, version=version, text=text)  # SECRET
                place = {"id": id, "kind": kind, "column_name": column}
                values = {"account": account, "version": version, "data_key": again.data_key, "sealed": again.octets}
                execute(PUT_SECRET, place | values)
            execute(USE_DATA_KEY, {"key": newest, "count": len(found)})
        return len(found)

    def end(self) -> int:
        """Drops the data keys under which nothing is sealed and nobody seals any more; how many there were."""
        with _transaction(self._connection):
            newest = Selects(self._connection).newest_data_key(VALUES)
            return self._connection.execute(DROP_IDLE_DATA_KEYS, {"newest": newest, "purpose": VALUES}).rowcount


def reseal(
    store: Path,
    master: Secret,
    *,
    octets: Octets = os.urandom,
    clock: Clock = lambda: datetime.now(UTC),
    fresh: bool = True,
    moved: Callable[[int], object] = lambda count: None,
) -> tuple[str | None, int]:
    """Rotates the data key of a store: a new one, every value under it, the old ones gone. (new key, values moved).

    With `fresh=False` only what was begun is ended: values still under older keys move to the newest one.
    """
    with _opened(store) as connection:
        resealing = Resealing(connection, DataKeys(MasterKey(master), octets=octets, clock=clock))
        begun, total = resealing.begin() if fresh else None, 0
        while count := resealing.move():
            total += count
            moved(total)
        resealing.end()
    return begun, total
