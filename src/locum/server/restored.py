"""Bringing a backup back without reviving what was ended since it was made (rule K13).

Law: no session from before survives: every token key is destroyed and another takes over, and the session epoch of
every user and role rises above any that was ever reached. Users, roles and access keys that were deleted after the
backup stay deleted, access keys that were deactivated stay inactive, as far as the tombstones know. Both stand in one
change, made before the store is where a server would look for it. Policies, groups, memberships and attachments are as
they were when the backup was made.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from locum.aws.secret import Secret
from locum.call import Mint
from locum.iam.access_keys import AccessKey
from locum.iam.entities import Account, Role, User
from locum.iam.status import INACTIVE
from locum.server import operations, token_rules
from locum.server.production import AUDIT
from locum.server.safe import UNFINISHED
from locum.server.settings import FILE
from locum.store import backup, masterkey, survey
from locum.store.backup import BackupError, Manifest
from locum.store.engine import open_store
from locum.store.entity import Entity
from locum.store.errors import SealedError
from locum.store.secrets import MasterKey
from locum.store.tombstones import OFF, REMOVED, Ending, Tombstones
from locum.store.tx import Tx

_EVERY = 1_000_000_000


def _removal(verb: str, after: Mapping[str, object] | None) -> str | None:
    return REMOVED if verb == "remove" else None


def _key_ending(verb: str, after: Mapping[str, object] | None) -> str | None:
    return OFF if after is not None and after.get("status") == INACTIVE else _removal(verb, after)


#: what stays ended, and what ends it
ENDINGS: Mapping[str, Ending] = {User.kind: _removal, Role.kind: _removal, AccessKey.kind: _key_ending}
_NOUNS: tuple[type[User] | type[Role] | type[AccessKey], ...] = (User, Role, AccessKey)


class Restored(msgspec.Struct, frozen=True):
    """What restoring did: the backup's manifest, and how many users, roles and keys did not come back, keys are off,
    and principals' sessions are over."""

    manifest: Manifest
    removed: int
    off: int
    ended: int


def restore(folder: Path, directory: Path, key: Secret, dead: Tombstones, *, mint: Mint, now: datetime) -> Restored:
    """Brings the backup in `folder` into a data directory that holds no state yet.

    Raises BackupError for a backup that is not whole or a directory that holds something, SealedError when `key` is not
    the master key of the backup. Killed at any point, the directory has no store, and the same call goes on.
    """
    manifest = backup.verify(folder)
    fingerprint = MasterKey(key).fingerprint
    if manifest.master_keys != (fingerprint,):
        raise SealedError(
            f"the backup is sealed: it is under master key `{', '.join(manifest.master_keys)}`, and this one is "
            f"`{fingerprint}`"
        )
    _require_room(directory)
    _require_no_other_trail(folder, manifest, directory / AUDIT)
    unfinished = directory / UNFINISHED
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    backup.copy_out(folder, unfinished / backup.STORE)
    carried = [name for name in manifest.files if name != backup.STORE]
    if carried:
        (unfinished / AUDIT).mkdir(mode=0o700)
    for name in carried:
        backup.copy_out(folder, unfinished / AUDIT / Path(name).name, name=name)
    store = open_store(unfinished / backup.STORE, key, mode="serve")
    try:
        done = store.write(lambda tx: _revive_nothing(tx, tuple(manifest.accounts), dead, mint, now))
    finally:
        store.close()
    _settle(unfinished / backup.STORE)
    if carried:  # before the store: a directory with a store and without its trail could be taken for a whole one
        os.replace(unfinished / AUDIT, directory / AUDIT)
        backup.sync(directory)
    os.replace(unfinished / backup.STORE, directory / backup.STORE)
    backup.sync(directory)
    shutil.rmtree(unfinished)
    return Restored(manifest, *done)


def _require_room(directory: Path) -> None:
    """Raises BackupError when the directory holds more than a master key, settings and the audit trail."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = sorted({one.name for one in directory.iterdir()} - masterkey.FILES - {FILE, AUDIT, UNFINISHED})
    if held:
        raise BackupError(f"the data directory `{directory}` holds `{held[0]}`; restore into an empty one")


def _require_no_other_trail(folder: Path, manifest: Manifest, audit: Path) -> None:
    """Raises BackupError when the backup brings an audit trail and another one is there. One that was brought by this
    very backup, before this was killed, makes way for itself."""
    carried = {Path(name).name: kept for name, kept in manifest.files.items() if name != backup.STORE}
    if not carried or not audit.exists():
        return
    held = {one.name: backup.kept(one) for one in audit.iterdir()}
    if any(carried.get(name) != kept for name, kept in held.items()):
        raise BackupError(f"the backup has an audit trail, and `{audit}` is another one; move it away first")
    shutil.rmtree(audit)


def _settle(store: Path) -> None:
    """Sees that the closed store is one file, and sound."""
    log = store.with_name(f"{store.name}-wal")
    if log.exists() and log.stat().st_size > 0:
        raise BackupError("the restored store could not be closed as one file; try again")
    if faults := survey.faults(store):
        raise BackupError(f"the restored store is not sound: {faults[0]}")


# -- the one change ----------------------------------------------------------------------------------------------------
def _revive_nothing(
    tx: Tx, accounts: tuple[str, ...], dead: Tombstones, mint: Mint, now: datetime
) -> tuple[int, int, int]:
    """(removed, turned off, sessions ended)."""
    assert operations.MODULES  # every noun is known when what belongs to somebody is looked for
    token_rules.revoke(mint, now)(tx)
    tx.written_by(token_rules.author("Restore", now))
    removed = sum(_removed(tx, noun, id) for noun in _NOUNS for id, how in dead.of(noun.kind).items() if how == REMOVED)
    off = sum(_turned_off(tx, id) for id, how in dead.of(AccessKey.kind).items() if how == OFF)
    ended = sum(_sessions_ended(tx, principal, now) for principal in _principals(tx, accounts))
    return removed, off, ended


def _removed(tx: Tx, noun: type[Entity], id: str) -> int:
    """Removes somebody and everything of theirs, if they are there."""
    found = tx.find_id(noun, id)
    if found is None:
        return 0
    for kind in _kinds(Entity):
        for owned in tx.owned(kind, id):
            tx.remove(owned)
    tx.remove(found)
    return 1


def _kinds(noun: type[Entity]) -> Iterator[type[Entity]]:
    for one in noun.__subclasses__():
        if one.__module__.startswith("locum."):
            yield one
        yield from _kinds(one)


def _turned_off(tx: Tx, id: str) -> int:
    key = tx.find_id(AccessKey, id)
    if key is None or not key.active:
        return 0
    tx.put(msgspec.structs.replace(key, status=INACTIVE))
    return 1


def _principals(tx: Tx, accounts: tuple[str, ...]) -> Iterator[User | Role]:
    for account in accounts:
        if tx.find_id(Account, account) is not None:
            yield from tx.page(User, account, limit=_EVERY).items
            yield from tx.page(Role, account, limit=_EVERY).items


def _sessions_ended(tx: Tx, principal: User | Role, now: datetime) -> int:
    """Raises an epoch to the second of the present, which no counting by one has reached."""
    second = (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    tx.put(msgspec.structs.replace(principal, session_epoch=max(principal.session_epoch + 1, second)))
    return 1
