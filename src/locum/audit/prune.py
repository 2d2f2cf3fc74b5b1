"""Pruning: files of the trail are removed when their newest record has become old, and what goes is signed for.

Law: rules A2 and A3. Only whole files go, the oldest of a chain first, and only what was as it was written: who altered
a record does not get rid of it by waiting. Before a file goes, the store has a signed `Pruned` of it, by which `verify`
goes on from there; without the master key nobody can write one, so that a trail that was cut is told apart. A chain
that is open is pruned by its own process alone, and its newest file stays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from locum.audit import digests
from locum.audit.chain import Pruned, place_of
from locum.audit.digests import Head, SigningKey
from locum.audit.files import ChainFiles, chains, remove
from locum.audit.verify import check
from locum.store.tx import Store

LOG = logging.getLogger("locum.audit")

#: octets at the end of a file in which its last line is looked for, beyond the longest record
_TAIL = 1 << 18


class _At(msgspec.Struct, frozen=True):
    at: datetime


def prune(
    directory: Path,
    store: Store,
    *,
    older_than: datetime,
    now: datetime,
    own: str = "",
    note: Callable[[Pruned], object] = lambda pruned: None,
    hold: Callable[[Path], object] = lambda path: None,
) -> tuple[Pruned, ...]:
    """Removes what is older from every chain that has ended, and from the open chain `own`; what was removed.

    `note` puts on record what the store has signed, before it goes; `hold` lets a file of the own chain be its first
    one. Killed at any point, the next call goes on. Raises OSError and StoreError.
    """
    signing = store.read(digests.find_key)
    if signing is None:
        return ()
    heads = {head.name: head for head in store.read(digests.heads)}
    done: list[Pruned] = []
    for files in chains(directory):
        head = heads.get(files.chain)
        if head is None or not (head.stopped or files.chain == own):
            continue
        try:
            pruned = _prune(files, older_than, head, signing, now)
            if pruned is not None and digests.keep_pruned(store, pruned):
                note(pruned)
                done.append(pruned)
            _remove(files, pruned or head.pruned, hold if files.chain == own else None)
        except FileNotFoundError:
            continue  # another process prunes it just now
    return tuple(done)


def _old(files: ChainFiles, older_than: datetime, *, whole: bool) -> Iterator[Path]:
    """The files from the beginning whose newest record is older; with `whole` all of them may be."""
    for path in files.paths if whole else files.paths[:-1]:
        newest = _newest(path)
        if newest is None or newest >= older_than:
            return
        yield path


def _newest(path: Path) -> datetime | None:
    """When the last whole line of a file was written; None where that cannot be read."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        lines = file.read().rpartition(b"\n")[0].rsplit(b"\n", 1)
    try:
        return msgspec.json.decode(lines[-1], type=_At).at
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _prune(files: ChainFiles, older_than: datetime, head: Head, signing: SigningKey, now: datetime) -> Pruned | None:
    """What is signed for before the old files go; None when there are none, or when they are not as they were written,
    or known to go already."""
    old = tuple(_old(files, older_than, whole=head.stopped))
    if not old:
        return None
    whole = old == files.paths
    known = head if whole else msgspec.structs.replace(head, sequence=-1, hash="", stopped=False)
    found = check(msgspec.structs.replace(files, paths=old).lines(), files.chain, signing.public, known)
    if found.finding is not None:
        LOG.error(
            "audit chain %s is old and stays: record %d is bad: %s",
            files.chain,
            found.finding.sequence,
            found.finding.sentence,
        )
        return None
    if found.lines == found.pruned and not whole:
        return None
    through = _newest(old[-1])
    return signing.sign_pruned(
        Pruned(
            at=now,
            chain=files.chain,
            before=found.lines,
            previous=found.last,
            signed_before=found.signature,
            through=through or datetime.fromtimestamp(0, UTC),
            whole=whole,
            key="",
            signature="",
        )
    )


def _remove(files: ChainFiles, pruned: Pruned | None, hold: Callable[[Path], object] | None) -> None:
    """Removes the files of which every line is signed for to go."""
    if pruned is None:
        return
    for path, behind in zip(files.paths, (*files.paths[1:], None), strict=True):
        gone = pruned.whole if behind is None else _first(behind) <= pruned.before
        if not gone:
            return
        if hold is not None and behind is not None:
            hold(behind)
        remove(path)


def _first(path: Path) -> int:
    """The place of the first line of a file; one that no line has where there is none."""
    with path.open("rb") as file:
        read = place_of(file.readline(1 << 17))
    return 1 << 62 if read is None else read[0]
