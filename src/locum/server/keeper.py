"""`Keeper`: what a serving process looks after while it answers: the age of token keys, and the soundness of the store.

Law: a thread of its own, which a request never waits for. Of several processes each looks, and the store lets one of
them do (`token_rules.py`). Once after the start it reads the whole store (rule R1); what it finds is logged, and not
repaired. Then it closes the chains of the audit trail whose processes were killed (rule A2), and each hour prunes the
trail, where that is wanted. When nothing was written for a while, it lets the store's log go.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from locum.audit.adopt import adopt
from locum.audit.trail import FileTrail
from locum.server import token_rules
from locum.server.house import SystemMint
from locum.store.engine import SqlStore
from locum.store.errors import StoreError
from locum.store.integrity import Idle, faults

LOG = logging.getLogger("locum.server")
SECONDS = 30.0
#: how often it is looked whether records of the audit trail have become old
PRUNE_SECONDS = 3600.0


class Keeper:
    """Looks after one store until it is stopped."""

    def __init__(self, store: SqlStore, path: Path, key_age: timedelta, *, audit: Path | None = None) -> None:
        """`path` is the store's file, `key_age` is how long one token key seals, `audit` is where the chains are."""
        self._store = store
        self._path = path
        self._audit = audit
        self._key_age = key_age
        self._mint = SystemMint()
        self._read = False
        self._idle = Idle(path)
        self._prune: Callable[[], object] | None = None
        self._pruned_at = -PRUNE_SECONDS
        self._stop = Event()
        self._thread = Thread(target=self._run, name="locum-keeper", daemon=True)

    def prunes(self, trail: FileTrail, keep: timedelta) -> None:
        """From now on records that are older than `keep` are removed from the audit trail, each hour."""
        self._prune = lambda: prune(trail, keep)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, after what is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                look(self._store, self._mint, datetime.now(UTC), self._key_age)
            except (StoreError, token_rules.TokenRulesError, sqlite3.Error):
                LOG.exception("the token keys could not be looked after")
            if not self._read:
                self._read = True
                self._store.faults = check(self._path)
                if self._audit is not None and not self._store.faults:
                    close_chains(self._audit, self._store, self._stop.is_set)
            if self._prune is not None and not self._store.faults and monotonic() - self._pruned_at >= PRUNE_SECONDS:
                self._pruned_at = monotonic()
                self._prune()
            try:
                self._idle.look()
            except StoreError:
                LOG.exception("the store's log stays as long as it is")
            if self._stop.wait(SECONDS):
                return


def check(path: Path) -> tuple[str, ...]:
    """Reads the whole store, logs what is wrong with it and answers it."""
    try:
        found = faults(path)
    except StoreError as error:
        found = (str(error),)
    for fault in found:
        LOG.critical("the store is damaged; restore a backup: %s", fault)
    if not found:
        LOG.info("the store was read as a whole and is sound")
    return found


def prune(trail: FileTrail, keep: timedelta) -> None:
    """Removes what has become old from the audit trail, and logs what was."""
    try:
        done = trail.prune(keep)
    except (OSError, StoreError):
        LOG.exception("the audit trail could not be pruned")
        return
    for one in done:
        LOG.info("audit chain %s: what was written until %s is old and was removed", one.chain, one.through.isoformat())


def close_chains(audit: Path, store: SqlStore, stopping: Callable[[], bool]) -> None:
    """Signs and closes what killed processes left of the audit trail, and logs what was found."""
    try:
        found = adopt(audit, store, now=datetime.now(UTC), stopping=stopping)
    except (OSError, StoreError):
        LOG.exception("the audit chains of processes that are gone could not be closed")
        return
    for one in found:
        if one.finding is not None:
            LOG.error("audit chain %s: record %d is bad: %s", one.chain, one.finding.sequence, one.finding.sentence)
        else:
            LOG.warning(
                "audit chain %s was left open; it is closed, %d of its lines were not signed", one.chain, one.unsigned
            )


def look(store: SqlStore, mint: SystemMint, now: datetime, key_age: timedelta) -> bool:
    """Rotates and retires token keys where that is due; whether it was."""
    if not store.read(lambda tx: token_rules.needs_care(tx, now, older_than=key_age)):
        return False
    store.write(token_rules.rotate(mint, now, older_than=key_age))
    store.write(token_rules.retire(now))
    return True
