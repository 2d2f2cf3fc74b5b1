"""Root's access key: made anew when it was lost.

Law: done on the data directory by whoever may read its master key, never by a request (decisions 24). The new key is in
its 0600 file before it counts; the old ones stop counting in the same step.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from locum.call import Mint, Place
from locum.iam.access_keys import SECRET, AccessKey
from locum.iam.entities import Account
from locum.server import well_known
from locum.server.accounts import new_pair
from locum.server.production import ROOT_KEY, write_root_key
from locum.server.settings import Settings
from locum.server.token_rules import author
from locum.store import rotation
from locum.store.engine import SqlStore
from locum.store.tx import Tx


def recover(
    store: SqlStore, settings: Settings, account: str, mint: Mint, now: datetime
) -> tuple[Path, tuple[str, ...]]:
    """A new root key for an account: (the file it is in, the ids of the keys that it replaces).

    Raises ValueError for an account that does not exist.
    """
    if store.read(lambda tx: tx.find_id(Account, account)) is None:
        raise ValueError(f"there is no account `{account}`")
    pair = new_pair(mint, Place(region=settings.region), account)
    well_known.require_own_pair(pair.id, pair.secret)
    path = root_key_file(settings.data_dir, account)

    def step(tx: Tx) -> tuple[str, ...]:
        tx.written_by(author("RecoverRoot", now))
        gone = tx.owned(AccessKey, account)
        for old in gone:
            tx.remove(old)
        key = AccessKey(id=pair.id, name=pair.id, account=account, owner=account, created=now)
        tx.add(key)
        tx.put_secret(key, SECRET, pair.secret)
        return tuple(old.id for old in gone)

    with rotation.alone(settings.data_dir, wait=True):  # of two at once, the file is the later one's, as the store is
        write_root_key(path, account, pair)
        return path, store.write(step)


def root_key_file(directory: Path, account: str) -> Path:
    """Where a recovered root key is written, or one of an account that was added."""
    first = directory / ROOT_KEY
    return first.with_name(f"root-key-{account}.json")
