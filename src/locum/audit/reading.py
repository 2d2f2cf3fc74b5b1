"""Reading the trail: the records of all chains in the order of time, and only those that were asked for.

Law: needs no key and believes what stands there; whether it is whole is asked by `verify`. A line that is no record of
a call is passed over.
"""

from __future__ import annotations

import fnmatch
import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from locum.audit.files import ChainFiles, chains
from locum.audit.record import ALLOWED, Record

_decode = msgspec.json.Decoder(Record).decode
_CALL = b'"kind":"call"'

#: every outcome that is a decision of the policies against the call
DENIED = "denied"
_DENIALS = frozenset({"explicitDeny", "implicitDeny", "AccessDenied"})


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which records: every condition that is given must hold. `user` is an ARN, a name, a key id or an id; `operation`
    a pattern (`iam:Create*`), without regard to case; `outcome` one of the record's, or `denied` (which AWS calls
    `AccessDenied`), or `refused`."""

    user: str | None = None
    operation: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, record: Record) -> bool:
        """Whether that is one of them."""
        return (
            (self.since is None or record.at >= self.since)
            and (self.until is None or record.at < self.until)
            and (self.user is None or _is(self.user, record))
            and (self.operation is None or fnmatch.fnmatchcase(record.operation.lower(), self.operation.lower()))
            and (self.outcome is None or _ended(self.outcome, record.outcome))
        )


def _is(user: str, record: Record) -> bool:
    if user in (record.caller, record.access_key_id, record.caller_id, record.account):
        return True
    name = record.caller.rpartition(":")[2]  # user/path/NAME, assumed-role/ROLE/SESSION, root
    return user == name or user in name.split("/")[1:]


def _ended(wanted: str, outcome: str) -> bool:
    if wanted in (DENIED, "AccessDenied"):
        return outcome in _DENIALS
    if wanted == "refused":
        return outcome != ALLOWED
    return outcome == wanted


def parse(line: bytes) -> Record | None:
    """The record of a line; None for one of another kind, or none at all."""
    if _CALL not in line:
        return None
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def records(lines: Iterable[bytes], wanted: Wanted) -> Iterator[Record]:
    """The wanted records among the lines of one chain."""
    for line in lines:
        record = parse(line)
        if record is not None and wanted.takes(record):
            yield record


def merged(
    found: Iterable[ChainFiles], wanted: Wanted, *, seen: Callable[[int], object] = lambda octets: None
) -> Iterator[Record]:
    """The wanted records of all chains by time. `seen` is told of octets that were read."""
    return heapq.merge(*(records(_counted(one, seen), wanted) for one in found), key=lambda record: record.at)


def _counted(files: ChainFiles, seen: Callable[[int], object]) -> Iterator[bytes]:
    for line in files.lines():
        seen(len(line) + 1)
        yield line


class Following:
    """What comes new into a directory: each call of `take` answers what was written since the last one."""

    def __init__(self, directory: Path, wanted: Wanted) -> None:
        """From now on."""
        self._directory = directory
        self._wanted = wanted
        self._read = {path: _whole(one) for each in chains(directory) for path, one in _each(each)}

    def take(self) -> Iterator[Record]:
        """The wanted records that came since, by time."""
        return iter(sorted(self._new(), key=lambda record: record.at))

    def _new(self) -> Iterator[Record]:
        for each in chains(self._directory):
            for path, one in _each(each):
                for line in one.lines(after=self._read.get(path, 0)):
                    self._read[path] = self._read.get(path, 0) + len(line) + 1
                    record = parse(line)
                    if record is not None and self._wanted.takes(record):
                        yield record


def _each(files: ChainFiles) -> Iterator[tuple[Path, ChainFiles]]:
    """The files of a chain one by one: the first of them may be pruned at any time."""
    for path in files.paths:
        yield path, msgspec.structs.replace(files, paths=(path,))


def _whole(files: ChainFiles) -> int:
    """How many octets of a chain's files are whole lines."""
    return sum(len(line) + 1 for line in files.lines())
