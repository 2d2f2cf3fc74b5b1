"""The files of the chains: `STARTED-CHAIN.NUMBER.jsonl`, one line a record.

Law: rules R1 and R13. A chain belongs to one process from its start to its stop, which holds a lock on the first file
for as long as it lives; nobody else ever appends to its files. Files are made for their owner alone and only grow; a
new one is begun when one is large, or put behind the others when the process is gone. A name that does not read so is
no file of ours.
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

#: octets after which the next file of a chain is begun
LARGE = 64 << 20

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW
_NAME = re.compile(r"([0-9]{8}T[0-9]{6}Z)-([0-9a-f]{16})\.([0-9]{6})\.jsonl", re.ASCII)


class ChainFiles(msgspec.Struct, frozen=True):
    """The files of one chain, in order."""

    chain: str
    started: str
    paths: tuple[Path, ...]

    def lines(self, *, after: int = 0) -> Iterator[bytes]:
        """Every whole line without its newline, but for the first `after` octets of all files together. A last line
        without a newline was never finished and is not answered."""
        for path in self.paths:
            try:
                file = path.open("rb")
            except FileNotFoundError:  # pruned since the directory was read
                continue
            with file:
                size = os.fstat(file.fileno()).st_size
                if after >= size:
                    after -= size
                    continue
                file.seek(after)
                after = 0
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    yield line[:-1]

    @property
    def octets(self) -> int:
        """How large all of them are together."""
        return sum(path.stat().st_size for path in self.paths if path.exists())


def chains(directory: Path) -> tuple[ChainFiles, ...]:
    """The chains in a directory, oldest first; none where there is no directory."""
    found: dict[tuple[str, str], list[Path]] = {}
    if not directory.is_dir():
        return ()
    for path in sorted(directory.iterdir()):
        if name := _NAME.fullmatch(path.name):
            found.setdefault((name[1], name[2]), []).append(path)
    return tuple(ChainFiles(chain, started, tuple(paths)) for (started, chain), paths in sorted(found.items()))


class Appending:
    """The files that one chain is written to."""

    def __init__(self, directory: Path, chain: str, started: datetime, *, large: int = LARGE) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._stem = f"{started:%Y%m%dT%H%M%SZ}-{chain}"
        self._large = large
        self._number = 0
        self._size = 0
        self._descriptor = -1
        self.next()
        self._lock = os.dup(self._descriptor)  # goes on holding when the next file is begun
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def hold(self, path: Path) -> None:
        """Lets another file of this chain be the first one, by whose lock others know that this process lives."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.close(self._lock)
        self._lock = descriptor

    def next(self) -> None:
        """Begins the next file, and lets the directory know of it durably. Raises OSError; then nothing more may be
        written."""
        self._number += 1
        path = self._directory / f"{self._stem}.{self._number:06d}.jsonl"
        descriptor = _begin(path)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._size = descriptor, 0
        _sync(self._directory)

    def append(self, octets: bytes) -> None:
        """Writes whole lines and answers when they are durable. Raises OSError; then nothing more may be written."""
        if self._size and self._size + len(octets) > self._large:
            self.next()
        _write(self._descriptor, octets)
        self._size += len(octets)

    def close(self) -> None:
        """Lets go of the files."""
        for descriptor in (self._descriptor, self._lock):
            os.close(descriptor)
        self._descriptor = self._lock = -1


@contextmanager
def unowned(files: ChainFiles) -> Iterator[ChainFiles | None]:
    """The chain with all of its files, held for as long as this lasts, when its process is gone; else None.

    A chain is locked by its process before the store knows of it: ask only of those that the store knows.
    """
    try:
        descriptor = os.open(files.paths[0], os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:  # pruned by its process, which lives, or with the whole chain
        yield None
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield next((one for one in chains(files.paths[0].parent) if one.chain == files.chain), None)
    finally:
        os.close(descriptor)


def put_behind(files: ChainFiles, octets: bytes) -> None:
    """Writes whole lines as the next file of a chain, durably. An unfinished last line stays where it is."""
    last = files.paths[-1]
    name = _NAME.fullmatch(last.name)
    assert name is not None  # `chains` found it by this
    descriptor = _begin(last.with_name(f"{name[1]}-{name[2]}.{int(name[3]) + 1:06d}.jsonl"))
    try:
        _write(descriptor, octets)
    finally:
        os.close(descriptor)
    _sync(last.parent)


def _begin(path: Path) -> int:
    return os.open(path, _NEW | os.O_DSYNC, 0o600)  # each write answers when it is durable, in one call


def _write(descriptor: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if sys.platform == "darwin":  # where the disk is told only so (rule R1)
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)


def remove(path: Path) -> None:
    """Removes a file of a chain, durably. It may be gone already."""
    path.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    """Lets a directory know durably of what was made in it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
