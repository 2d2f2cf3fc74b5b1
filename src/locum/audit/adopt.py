"""Adoption: the chains of processes that were killed are signed to their end and closed by the next process.

Law: rule A2. Nobody's file is appended to: what is added stands in the next file of the chain. A chain whose process
lives is known by the lock on its first file. What is not as it was written is not signed. What was cut off the unsigned
end before the adoption cannot be missed by it: from then on a cut is found.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from locum.audit import digests
from locum.audit.chain import Adopted, Chain
from locum.audit.files import ChainFiles, chains, put_behind, unowned
from locum.audit.verify import Checked, check
from locum.store.tx import Store


def adopt(
    directory: Path, store: Store, *, now: datetime, stopping: Callable[[], bool] = lambda: False
) -> tuple[Checked, ...]:
    """Closes every chain of the directory that the store knows as open and whose process is gone; what was found of
    each before it was closed. Between two chains it ends when `stopping`. Raises OSError and StoreError."""
    signing = store.read(digests.find_key)
    found: list[Checked] = []
    if signing is None:
        return ()
    open_ones = {head.name for head in store.read(digests.heads) if not head.stopped}
    for files in chains(directory):
        if files.chain not in open_ones or stopping():
            continue
        with unowned(files) as dead:
            if dead is not None and (checked := _close(dead, store, signing, now)) is not None:
                found.append(checked)
    return tuple(found)


def _close(files: ChainFiles, store: Store, signing: digests.SigningKey, now: datetime) -> Checked | None:
    """Signs and closes one chain; None when another process did meanwhile."""
    kept = {head.name: head for head in store.read(digests.heads)}[files.chain]
    if kept.stopped:
        return None
    checked = check(files.lines(), files.chain, signing.public, kept)
    if checked.finding is not None:
        return checked
    chain = Chain(files.chain)
    chain.sequence, chain.previous = checked.lines, checked.last
    if checked.unsigned:
        adopted = chain.add(msgspec.json.encode(Adopted(at=now, unsigned=checked.unsigned)))
        digest = signing.sign(chain.id, chain.sequence, chain.previous, at=now, signed_before=checked.signature)
        put_behind(files, adopted + chain.add(msgspec.json.encode(digest)))
    digests.keep_head(store, chain.id, sequence=chain.sequence - 1, hash=chain.previous, at=now, stopped=True)
    return checked
