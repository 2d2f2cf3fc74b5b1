"""Whether a trail is whole: `check` names the first record of a chain that is not as it was written (rule A3).

Law: reads lines, believes only the verifying key and the heads that the store kept. Found is what was altered, taken
out, moved, put in or cut off before the last digest or head; what comes behind the last digest is chained but not
signed, and how much that is, is said. Pure: no file, no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from locum.audit.chain import NOTHING, Digest, Pruned, Start, hash_of, head, place_of
from locum.audit.digests import Head, VerifyingKey

#: how many lines behind a bad one are looked at to tell which of two neighbours it is
AHEAD = 64


class Finding(msgspec.Struct, frozen=True):
    """The first bad record of a chain: its place, and what is wrong there."""

    chain: str
    sequence: int
    sentence: str


class Checked(msgspec.Struct, frozen=True):
    """A chain that was read: how many lines are whole, how many digests hold, how many lines stand behind the last of
    them, whether it was ended, and the first bad record, if there is one. `last` is the hash of the last whole line,
    `signature` that of the last digest that holds, empty where there is none. `lines` counts `pruned` ones as well,
    which were removed because they were old; the newest of those was written at `through`."""

    chain: str
    lines: int
    digests: int
    unsigned: int
    stopped: bool
    finding: Finding | None = None
    last: str = NOTHING
    signature: str = ""
    pruned: int = 0
    through: datetime | None = None


class _Bad(Exception):
    def __init__(self, sequence: int, sentence: str) -> None:
        super().__init__(sentence)
        self.sequence = sequence
        self.sentence = sentence


class _Check:
    """One walk along a chain."""

    def __init__(self, lines: Iterable[bytes], chain: str, key: VerifyingKey, kept: Head | None) -> None:
        self._lines = iter(lines)
        self._ahead: deque[bytes] = deque()
        self._chain = chain
        self._key = key
        self._kept = kept
        self.count = 0  # lines that are whole, as far as the line behind them says
        self.digests = 0
        self.signed = 0  # lines up to and with the last digest that holds
        self._last = b""
        self.previous = NOTHING
        self.signature = ""
        self.pruned = 0  # lines that were removed because they were old

    def walk(self) -> None:
        """Raises _Bad at the first bad record."""
        if self._kept is None:
            raise _Bad(0, "the store knows nothing of this chain: it was put here")
        if self._kept.pruned is not None:
            self._begin_behind(self._kept.pruned)
        for line in self._each():
            beginning = head(self.count, self.previous)
            if not line.startswith(beginning):
                raise self._broken(line)
            hash = hash_of(line)
            if line.startswith(b'"kind":"digest"', len(beginning)):
                self._digest(line, hash)
            elif self.count == 0:
                self._start(line)
            if self.count == self._kept.sequence and hash != self._kept.hash:
                raise self._rewritten(hash, "is not the one that the store knows")
            if self.count > self._kept.sequence and self._kept.stopped:
                raise _Bad(self.count, "it stands behind the end of the chain")
            self._last, self.previous = line, hash
            self.count += 1
        if self.count <= self._kept.sequence:
            if self._last and not _reads(self._last):
                raise _Bad(self.count - 1, "it is no record as it was written")
            raise _Bad(
                self.count, f"it is missing, and all up to record {self._kept.sequence}: the chain was cut short"
            )

    def _begin_behind(self, pruned: Pruned) -> None:
        """Goes on from what was removed because it was old, and passes over what of it is still there."""
        if not self._key.verifies_pruned(pruned, self._chain):
            raise _Bad(0, "the store says that it was pruned, and nobody who may signed for that")
        self.count = self.signed = self.pruned = pruned.before
        self.previous, self.signature = pruned.previous, pruned.signed_before
        for line in self._lines:
            read = place_of(line)
            if read is None or read[0] >= pruned.before:
                self._ahead.append(line)
                return

    def _each(self) -> Iterator[bytes]:
        while True:
            if self._ahead:
                yield self._ahead.popleft()
                continue
            line = next(self._lines, None)
            if line is None:
                return
            yield line

    def _peek(self, count: int = AHEAD) -> list[bytes]:
        """The lines behind this one, without going on."""
        while len(self._ahead) < count:
            line = next(self._lines, None)
            if line is None:
                break
            self._ahead.append(line)
        return list(self._ahead)[:count]

    def _broken(self, line: bytes) -> _Bad:
        """Which record it is that does not fit: the one before this line, or the one that should stand here."""
        here = self.count
        if self._last and not _reads(self._last):
            return _Bad(here - 1, "it is no record as it was written")
        read = place_of(line)
        if read is not None and read[0] == here:
            following = self._peek(1)
            whole = _previous(following[0]) == hash_of(line) if following else self._is_kept(line)
            if whole and here:
                return _Bad(here - 1, "it was altered: the record behind it has another hash of it")
            if not here or _alike(read[1], self.previous):
                return _Bad(here, "it was altered: it does not follow from the record before it")
            return _Bad(here - 1, "it was altered, or the record behind it was: one does not follow from the other")
        for later in self._peek():
            found = place_of(later)
            if found is not None and found[0] == here:
                if found[1] != self.previous:
                    return _Bad(here - 1, "it was altered: the record behind it has another hash of it")
                return _Bad(here, "it is not in its place: another line stands there")
        if read is not None:
            return _Bad(here, f"it is missing: record {read[0]} stands in its place")
        return _Bad(here, "it is no record as it was written")

    def _is_kept(self, line: bytes) -> bool:
        return self._kept is not None and self.count == self._kept.sequence and hash_of(line) == self._kept.hash

    def _start(self, line: bytes) -> None:
        try:
            start = msgspec.json.decode(line, type=Start)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise _Bad(0, "it is not the start of a chain") from None
        if start.chain != self._chain:
            raise _Bad(0, f"it starts chain {start.chain}, and its file is named {self._chain}")

    def _digest(self, line: bytes, hash: str) -> None:
        try:
            digest = msgspec.json.decode(line, type=Digest)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise _Bad(self.count, "it is no digest as it was written") from None
        holds = (
            digest.chain == self._chain
            and digest.signed_before == self.signature
            and self._key.verifies(digest, self.count, self.previous)
        )
        if not holds:
            raise self._rewritten(hash, "does not sign for what stands before it")
        self.signature = digest.signature
        self.digests += 1
        self.signed = self.count + 1

    def _rewritten(self, hash: str, sentence: str) -> _Bad:
        """Either this line alone was altered, or all was written anew since the last digest that holds."""
        following = self._peek(1)
        if following and _previous(following[0]) != hash:
            return _Bad(self.count, "it was altered: the record behind it has another hash of it")
        if not following and self._kept is not None and self._kept.sequence == self.count and self._kept.hash != hash:
            return _Bad(self.count, f"it {sentence}")
        return _Bad(
            self.signed, f"it, or one up to record {self.count}, was written anew: record {self.count} {sentence}"
        )


def check(lines: Iterable[bytes], chain: str, key: VerifyingKey, kept: Head | None) -> Checked:
    """Walks along a chain to its end or its first bad record. `lines` are without newlines; `kept` is what the store
    knew of the chain *before* they were read, None for a chain that it does not know."""
    walk = _Check(lines, chain, key, kept)
    finding = None
    try:
        walk.walk()
    except _Bad as bad:
        finding = Finding(chain, bad.sequence, bad.sentence)
    return Checked(
        chain=chain,
        lines=walk.count,
        digests=walk.digests,
        unsigned=max(0, walk.count - walk.signed),
        stopped=kept is not None and kept.stopped,
        finding=finding,
        last=walk.previous,
        signature=walk.signature,
        pruned=walk.pruned,
        through=kept.pruned.through if walk.pruned and kept is not None and kept.pruned is not None else None,
    )


def _previous(line: bytes) -> str:
    read = place_of(line)
    return "" if read is None else read[1]


def _alike(one: str, other: str) -> bool:
    """Whether a hash is the other with little changed. Hashes of different texts share a character in sixteen."""
    return sum(a != b for a, b in zip(one, other, strict=True)) <= len(other) // 4


def _reads(line: bytes) -> bool:
    """Whether a line is one JSON object."""
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True
