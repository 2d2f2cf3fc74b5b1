"""The chain: how records become lines, each with the hash of the line before (rule A2).

Law: the form of a line is fixed to the octet (docs/spec/audit.md): `{"sequence":N,"previous":"H",`, then the rest of a
JSON object, ended by one newline. H is the SHA-256 of the line before, without its newline, and 64 zeros in the first
line. Pure: no file, no clock.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

import msgspec

FORMAT = 1
NOTHING = "0" * 64

_HEAD = re.compile(rb'\{"sequence":(0|[1-9][0-9]{0,15}),"previous":"([0-9a-f]{64})",', re.ASCII)


class Start(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="start"):
    """The first line of a chain: which one, when, and in which format."""

    chain: str
    at: datetime
    format: int = FORMAT
    locum: str = ""


class Lost(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="lost"):
    """So many records of reads and refusals found no room, or no disk, before this line."""

    at: datetime
    count: int


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="stop"):
    """The server stopped in good order: a digest follows and nothing else."""

    at: datetime


class Adopted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="adopted"):
    """The process of this chain is gone without a stop, and another one closes it: a digest follows and nothing else.
    `unsigned` lines before this one had been chained and not signed."""

    at: datetime
    unsigned: int


class Digest(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="digest"):
    """A signature over everything before it: chain, place, the hash of the line before, time, and the signature of the
    digest before (empty for the first). `key` names the key, `signature` is Ed25519's in hexadecimal."""

    at: datetime
    chain: str
    key: str
    signed_before: str
    signature: str

    def signed(self, sequence: int, previous: str) -> bytes:
        """The octets that are signed, of a digest that stands at `sequence` behind a line of hash `previous`."""
        parts = ("locum audit digest 1", self.chain, sequence, previous, self.at, self.key, self.signed_before)
        return msgspec.json.encode(parts)


class Pruned(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="pruned"):
    """The lines of a chain before place `before` were removed because they were old. `previous` is the hash of the last
    of them, `signed_before` the signature of the last digest among them, `through` when the newest was written;
    `whole` says that nothing of the chain is left. `key` and `signature` are as a digest's."""

    at: datetime
    chain: str
    before: int
    previous: str
    signed_before: str
    through: datetime
    whole: bool
    key: str
    signature: str

    def signed(self) -> bytes:
        """The octets that are signed."""
        parts = ("locum audit pruned 1", self.chain, self.before, self.previous, self.signed_before, self.through)
        return msgspec.json.encode((*parts, self.whole, self.at, self.key))


def hash_of(line: bytes) -> str:
    """The hash of a line, without its newline."""
    return hashlib.sha256(line).hexdigest()


def place_of(line: bytes) -> tuple[int, str] | None:
    """The place and the hash that a line begins with; None for what is no line of a chain."""
    read = _HEAD.match(line)
    return None if read is None else (msgspec.json.decode(read[1], type=int), read[2].decode())


def head(sequence: int, previous: str) -> bytes:
    """How the line at that place begins."""
    return b'{"sequence":%d,"previous":"%s",' % (sequence, previous.encode())


class Chain:
    """The end of a chain that grows."""

    __slots__ = ("id", "previous", "sequence")

    def __init__(self, id: str) -> None:
        self.id = id
        self.sequence = 0
        self.previous = NOTHING

    def add(self, record: bytes) -> bytes:
        """The line of a record (a JSON object that is not empty), with its newline."""
        line = head(self.sequence, self.previous) + record[1:]
        self.sequence += 1
        self.previous = hash_of(line)
        return line + b"\n"
