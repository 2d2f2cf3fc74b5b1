"""The process whose disk is recorded: eight clients that write pairs over the store as it is.

Run as `python -m tests.durability.recorded FOLDER PAIRS WAY [FAULT]`, where WAY is `full`, `normal` (the control) or
`early` (a control, too: pairs are told from inside their step). FAULT is `VERB:FILE:COUNT:CODE`: the COUNTth operation
of that verb on that file, and every later one, fails with SQLite's code; with `once` behind it only that one does. What
was recorded stands in FOLDER/log afterwards.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from threading import Thread

from tests.durability.disk import OK, Disk, Fail
from tests.store.killed import CLIENTS, pair
from tests.store.nouns import MASTER_KEY, write

from locum.store.engine import SqlStore, open_store
from locum.store.errors import StoreError
from locum.store.tx import Tx

STORE = "locum.db"


def fault(text: str) -> Fail:
    """Makes that operation fail."""
    verb, file, first, code, *once = text.split(":")
    seen = 0

    def fail(asked: str, name: str, count: int) -> int:
        nonlocal seen
        if (asked, name) != (verb, file):
            return OK
        seen += 1
        return int(code) if seen == int(first) or (seen > int(first) and not once) else OK

    return fail


def client(store: SqlStore, disk: Disk, number: int, pairs: int, early: bool) -> None:
    """Writes its pairs, one after the other, and notes what was acknowledged and what was refused."""
    for turn in range(pairs):
        name = f"{number}-{turn}"

        def step(tx: Tx, name: str = name) -> None:
            pair(tx, name)
            if early:
                disk.note("acknowledged", name)

        try:
            write(store, step)
        except StoreError:
            disk.note("refused", name)
        else:
            if not early:
                disk.note("acknowledged", name)


def main(folder: Path, pairs: int, way: str, *faults: str) -> None:
    """Opens the store on the recorded disk, lets the clients write, closes it."""
    disk = Disk(lambda path: Path(path).name.startswith(STORE))
    disk.install()
    store = open_store(folder / STORE, MASTER_KEY)
    disk.note("opened")
    if faults:
        disk.fail = fault(faults[0])
    if way == "normal":
        store._connection.execute("PRAGMA synchronous = NORMAL")
    clients = [
        Thread(target=client, args=(store, disk, number, pairs // CLIENTS, way == "early")) for number in range(CLIENTS)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    disk.note("failure", store.failure or "")
    store.close()
    (folder / "log").write_bytes(pickle.dumps([tuple(entry) for entry in disk.entries]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
