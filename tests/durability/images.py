"""What a disk may hold after a power cut: images of a recording, and what is lost in them.

Law: what a completed sync covered is there. Of every later write each sector of 512 bytes is there or not, whatever the
others do; a later truncation happened or not; where a file grew over what did not arrive, there are zeros or garbage.
A new file is there for certain from its first sync on, because SQLite syncs the directory with it. One seed, one image.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.durability.disk import Entry
from tests.durability.recorded import STORE
from tests.store.killed import whole
from tests.store.nouns import ACCOUNT, MASTER_KEY, Door

from locum.store.engine import open_store

SECTOR = 512
#: the entries of a recording that are about a file; the others are notes
TOUCHING = frozenset({"open", "write", "truncate", "sync", "delete"})
#: how likely a sector of a write that no sync covered is on the disk; drawn for each image
ARRIVED = (0.0, 0.1, 0.5, 0.9, 1.0)
#: a link, a secret and two entities are one pair, in four lines of the log
LINES = 4


class Unsynced:
    """One file: what is on the disk for certain, and what may have come after that."""

    def __init__(self, *, there: bool) -> None:
        self.there = there
        self.certain = bytearray()
        self.later: list[Entry] = []

    def take(self, entry: Entry, *, believing: bool) -> None:
        """Goes on by one entry. A disk that is not believed never says truly that it has synced."""
        if entry.verb == "sync" and believing:
            for one in self.later:
                applied(self.certain, one)
            self.later, self.there = [], True
        elif entry.verb == "delete":
            self.later, self.there, self.certain = [], False, bytearray()
        elif entry.verb in ("write", "truncate"):
            self.later.append(entry)

    def drawn(self, chance: random.Random, arrived: float) -> bytes | None:
        """What may be found after a power cut now; None is no file."""
        if not self.there and chance.random() >= arrived:
            return None
        content = bytearray(self.certain)
        for entry in self.later:
            for part in sectors(entry) if entry.verb == "write" else (entry,):
                if chance.random() < arrived:
                    applied(content, part, chance)
        return bytes(content)


def sectors(entry: Entry) -> Iterator[Entry]:
    """A write, cut where the disk's sectors end."""
    start, end = entry.at, entry.at + len(entry.octets)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield entry._replace(at=start, octets=entry.octets[start - entry.at : stop - entry.at])
        start = stop


def applied(content: bytearray, entry: Entry, chance: random.Random | None = None) -> None:
    """Does a write or a truncation. Between the old end and a write's start there are zeros, or garbage by chance."""
    if entry.verb == "truncate":
        del content[entry.at :]
        return
    if (gap := entry.at - len(content)) > 0:
        content += chance.randbytes(gap) if chance is not None and chance.random() < 0.5 else bytes(gap)
    content[entry.at : entry.at + len(entry.octets)] = entry.octets


class Image(NamedTuple):
    """A disk after a power cut: after how many entries, its files, what was acknowledged, whether a store was open."""

    cut: int
    files: dict[str, bytes]
    acknowledged: frozenset[str]
    opened: bool


def images(entries: Sequence[Entry], cuts: Iterable[int], seed: int, *, believing: bool = True) -> Iterator[Image]:
    """The images after power cuts, by how many entries there were before each; `cuts` in order."""
    chance = random.Random(seed)
    files = {STORE: Unsynced(there=True)}  # made and its directory synced before SQLite opens it
    acknowledged: set[str] = set()
    opened, done = False, 0
    for cut in cuts:
        for entry in entries[done:cut]:
            if entry.verb == "acknowledged":
                acknowledged.add(entry.file)
            elif entry.verb == "opened":
                opened = True
            elif entry.verb in TOUCHING:
                files.setdefault(entry.file, Unsynced(there=False)).take(entry, believing=believing)
        done = cut
        arrived = chance.choice(ARRIVED)
        drawn = {name: file.drawn(chance, arrived) for name, file in files.items()}
        there = {name: content for name, content in drawn.items() if content is not None}
        yield Image(cut, there, frozenset(acknowledged), opened)


class Found(NamedTuple):
    """What is wrong with an image: acknowledged pairs that are not there, and everything else in words."""

    lost: int
    broken: tuple[str, ...]


def examined(image: Image, folder: Path, *, with_the_store: bool = False) -> Found:
    """Puts an image into an empty folder, opens it with Python's sqlite3 and looks at it."""
    for name in (STORE, f"{STORE}-wal", f"{STORE}-shm", f"{STORE}-journal"):
        (folder / name).unlink(missing_ok=True)
    for name, content in image.files.items():
        (folder / name).write_bytes(content)
    connection = sqlite3.connect(folder / STORE, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # what is only looked at need not last
        found = _examined(connection, image)
    except sqlite3.DatabaseError as error:
        return Found(len(image.acknowledged), (f"after {image.cut}: {error}",))
    finally:
        connection.close()
    if with_the_store and not found.broken:
        return found._replace(broken=_opened(folder / STORE, image))
    return found


_HALVES = """
SELECT count(*) FROM entity AS door WHERE kind = 'door' AND NOT (
    EXISTS (SELECT 1 FROM entity WHERE kind = 'lock' AND owner = door.id)
    AND EXISTS (SELECT 1 FROM secret WHERE kind = 'door' AND id = door.id)
    AND EXISTS (SELECT 1 FROM link WHERE source = door.id)
    AND EXISTS (SELECT 1 FROM change WHERE kind = 'door' AND verb = 'seal' AND key = door.id))
"""
_COUNTS = """
SELECT (SELECT count(*) FROM entity WHERE kind = 'door'), (SELECT count(*) FROM entity WHERE kind = 'lock'),
    (SELECT count(*) FROM secret), (SELECT count(*) FROM link), (SELECT count(*) FROM change) / 4,
    (SELECT coalesce(max(position), 0) FROM change) / 4, (SELECT coalesce(max(position), 0) FROM generation) / 4
"""


def _examined(connection: sqlite3.Connection, image: Image) -> Found:
    broken = [f"after {image.cut}: {line}" for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        lost = len(image.acknowledged) + image.opened
        return Found(lost, tuple(broken))
    names = {name for (name,) in connection.execute("SELECT name FROM entity WHERE kind = 'door'")}
    counts = connection.execute(_COUNTS).fetchone()
    if len(set(counts)) != 1 or connection.execute(_HALVES).fetchone() != (0,):
        broken.append(f"after {image.cut}: half a step is there: {counts}")
    return Found(len(image.acknowledged - names), tuple(broken))


def _opened(path: Path, image: Image) -> tuple[str, ...]:
    """What the store itself finds wrong when it opens an image. It must be able to write, too."""
    store = open_store(path, MASTER_KEY)
    try:
        doors = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=10_000_000)).items
        return tuple(
            f"after {image.cut}: `{one.name}` is not whole"
            for one in doors
            if not store.read(lambda tx, one=one: whole(tx, one))
        )
    finally:
        store.close()
