"""The process that the kill tests end: eight clients that write pairs and say what was acknowledged.

Run as `python -m tests.store.killed FILE ROUND [early|limit]`. Each acknowledged pair is one line, its name.
With `early` a pair is told from inside its step, before any commit, and the step then waits for ever: the control.
With `limit` one client writes until the file may not grow any more, and tells how that ended.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from itertools import count
from pathlib import Path
from threading import Event, Thread

from tests.store.nouns import ACCOUNT, MASTER_KEY, Door, door, lock, write

from locum.aws.secret import Secret
from locum.store.engine import SqlStore, open_store
from locum.store.entity import Relation
from locum.store.errors import CommitError
from locum.store.tx import Tx

CLIENTS = 8


def tell(text: str) -> None:
    """One line, in one system call."""
    os.write(1, f"{text}\n".encode())


def pair(tx: Tx, name: str) -> None:
    """A door, its lock, its secret and its link: all or nothing."""
    front = tx.add(door(name, text="x" * 500))
    tx.add(lock("lock", front))
    tx.put_secret(front, "code", Secret(name))
    tx.link(Relation.ATTACHMENT, ACCOUNT, front.id, f"arn:{name}")


def whole(tx: Tx, front: Door) -> bool:
    """Whether everything of a pair is there."""
    return (
        len(tx.owned(type(lock("x", front)), front.id)) == 1
        and tx.secret(front, "code").reveal() == front.name
        and tx.targets(Relation.ATTACHMENT, front.id) == (f"arn:{front.name}",)
        and tx.sources(Relation.ATTACHMENT, ACCOUNT, f"arn:{front.name}") == (front.id,)
    )


def client(store: SqlStore, number: int, prefix: str, early: bool) -> None:
    """Writes pairs for ever."""
    for turn in count():
        name = f"{prefix}-{number}-{turn}"

        def step(tx: Tx, name: str = name) -> None:
            pair(tx, name)
            if early:
                tell(name)
                Event().wait()

        write(store, step)
        tell(name)


def until_the_file_is_full(store: SqlStore, path: Path) -> None:
    """Writes until SQLite may write no more, then gives it room again and goes on."""
    write(store, lambda tx: pair(tx, "first"))
    tell("acknowledged first")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = path.with_name(f"{path.name}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    for name in ("second", "third"):
        try:
            write(store, lambda tx, n=name: pair(tx, n))
            tell(f"acknowledged {name}")
        except CommitError as error:
            tell(f"refused {name}: {error}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    tell(f"reads first {store.read(lambda tx: whole(tx, tx.get(Door, ACCOUNT, 'first')))}")
    tell(f"reads second {store.read(lambda tx: tx.find(Door, ACCOUNT, 'second'))}")


def main(file: str, prefix: str, how: str = "") -> None:
    """Opens the store and lets the clients loose."""
    store = open_store(Path(file), MASTER_KEY, mode="serve")
    if how == "limit":
        until_the_file_is_full(store, Path(file))
        return
    for number in range(CLIENTS):
        Thread(target=client, args=(store, number, prefix, how == "early"), daemon=True).start()
    Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
