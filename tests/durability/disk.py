"""A disk between SQLite and the real one: its writes, truncations, syncs and deletions are recorded and can fail.

Law: the SQLite is the one that Python's `sqlite3` uses, reached through ctypes, and the store above it is not touched:
a virtual file system that calls the usual one becomes the default of this process. What is recorded stands in one list
in the order in which it ended; an entry of whoever uses the store (`note`) stands there as well. It cannot be undone,
so it belongs into a process of its own.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from typing import Any, NamedTuple

#: SQLite's codes, and a failure of which SQLite is not told
OK, UNTOLD, FULL, IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE = 0, -1, 13, 778, 1034, 1546

# names go as addresses, because SQLite keeps them and reads what stands behind their end
OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class Vfs(ctypes.Structure):
    """sqlite3_vfs, as <https://sqlite.org/c3ref/vfs.html> lays it out."""


Vfs._fields_ = [
    ("iVersion", c_int),
    ("szOsFile", c_int),
    ("mxPathname", c_int),
    ("pNext", c_void_p),
    ("zName", c_char_p),
    ("pAppData", c_void_p),
    ("xOpen", OPEN),
    ("xDelete", DELETE),
    *[(f"kept{number}", c_void_p) for number in range(14)],
]


class Methods(ctypes.Structure):
    """sqlite3_io_methods, as <https://sqlite.org/c3ref/io_methods.html> lays it out."""

    _fields_ = [
        ("iVersion", c_int),
        ("xClose", c_void_p),
        ("xRead", c_void_p),
        ("xWrite", WRITE),
        ("xTruncate", TRUNCATE),
        ("xSync", SYNC),
        *[(f"kept{number}", c_void_p) for number in range(13)],
    ]


class Entry(NamedTuple):
    """Something that ended. `verb` is open, write, truncate, sync, delete, failed, or a note's own word."""

    verb: str
    file: str = ""
    at: int = 0
    octets: bytes = b""


Fail = Callable[[str, str, int], int]


def library() -> ctypes.CDLL | None:
    """The SQLite of Python's own `sqlite3`, or None where it is built in and shows no names."""
    found = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    return found if hasattr(found, "sqlite3_vfs_register") else None


UNREACHABLE = "this Python's SQLite shows no names, so nothing can stand between it and the disk"


def _never(verb: str, file: str, count: int) -> int:
    return OK


class Disk:
    """Stands between SQLite and the disk from `install` on. `tracked` says which files, by their whole path.

    `fail(verb, file, count)` answers SQLite's code for the operation that is about to happen, 0 for none; `count` is
    how many writes, truncations and syncs there were before it. A write that fails leaves its first half.
    """

    def __init__(self, tracked: Callable[[str], bool], fail: Fail = _never) -> None:
        self.entries: list[Entry] = []
        self.count = 0
        self.fail = fail
        self._tracked = tracked
        self._names: dict[int, str] = {}
        self._methods: dict[int, tuple[Methods, Methods]] = {}
        self._kept: list[Any] = []

    def install(self) -> None:
        """Becomes the default file system of this process's SQLite."""
        sqlite = library()
        if sqlite is None:
            raise RuntimeError(UNREACHABLE)
        sqlite.sqlite3_vfs_find.restype = POINTER(Vfs)
        sqlite.sqlite3_vfs_find.argtypes = [c_char_p]
        sqlite.sqlite3_vfs_register.argtypes = [POINTER(Vfs), c_int]
        sqlite.sqlite3_initialize()
        usual = sqlite.sqlite3_vfs_find(None)
        ours = Vfs()
        ctypes.memmove(ctypes.byref(ours), usual, ctypes.sizeof(Vfs))
        opened, deleted = usual.contents.xOpen, usual.contents.xDelete
        address = ctypes.cast(usual, c_void_p)

        def open_file(_: int, name: int | None, file: int, flags: int, out: int | None) -> int:
            code: int = opened(address, name, file, flags, out)
            if code == OK and name and self._tracked(path := os.fsdecode(ctypes.string_at(name))):
                self._names[file] = os.path.basename(path)
                self._between(file)
                self.entries.append(Entry("open", self._names[file]))
            return code

        def delete(_: int, name: bytes, sync: int) -> int:
            code: int = deleted(address, name, sync)
            if code == OK and self._tracked(path := os.fsdecode(name)):
                self.entries.append(Entry("delete", os.path.basename(path), sync))
            return code

        ours.zName = b"recorded"
        ours.xOpen, ours.xDelete = OPEN(open_file), DELETE(delete)
        self._kept += [ours, ours.xOpen, ours.xDelete, address]
        if sqlite.sqlite3_vfs_register(ctypes.byref(ours), 1) != OK:
            raise RuntimeError("SQLite did not take the file system")

    def note(self, verb: str, text: str = "") -> None:
        """An entry of whoever uses the store."""
        self.entries.append(Entry(verb, text))

    def _between(self, file: int) -> None:
        """Lets an open file's writes, truncations and syncs come here first."""
        place = ctypes.cast(file, POINTER(c_void_p))
        original = place[0]
        if original not in self._methods:
            usual = Methods()
            ctypes.memmove(ctypes.byref(usual), original, ctypes.sizeof(Methods))
            ours = Methods()
            ctypes.memmove(ctypes.byref(ours), original, ctypes.sizeof(Methods))
            ours.xWrite, ours.xTruncate, ours.xSync = self._callbacks(usual)
            self._methods[original] = (usual, ours)
        place[0] = ctypes.addressof(self._methods[original][1])

    def _callbacks(self, usual: Methods) -> tuple[Any, Any, Any]:
        def write(file: int, octets: int, count: int, at: int) -> int:
            name, text = self._names[file], ctypes.string_at(octets, count)
            if code := self._asked("write", name):
                usual.xWrite(file, octets, count // 2, at)
                self.entries.append(Entry("write", name, at, text[: count // 2]))
                return _told(code)
            code = usual.xWrite(file, octets, count, at)
            self.entries.append(Entry("write", name, at, text))
            return code

        def truncate(file: int, size: int) -> int:
            name = self._names[file]
            code = self._asked("truncate", name) or usual.xTruncate(file, size)
            if code == OK:
                self.entries.append(Entry("truncate", name, size))
            return code

        def sync(file: int, flags: int) -> int:
            name = self._names[file]
            if code := self._asked("sync", name):
                return _told(code)
            code = usual.xSync(file, flags)
            if code == OK:
                self.entries.append(Entry("sync", name))
            return code

        made = (WRITE(write), TRUNCATE(truncate), SYNC(sync))
        self._kept += made
        return made

    def _asked(self, verb: str, name: str) -> int:
        code = self.fail(verb, name, self.count)
        self.count += 1
        if code:
            self.entries.append(Entry("failed", name))
        return code


def _told(code: int) -> int:
    return OK if code == UNTOLD else code
