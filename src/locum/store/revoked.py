"""Session tokens that were ended before their time: one by one, or all that were issued before a moment (T10, T11).

Law: only keeping. A token is named by its salt, which it shows in clear and shares with no other; it is kept until the
token would have ended by itself. Like token keys they belong to no account, and a change of them raises the generation
of the account ``.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from locum.store.entity import Entity
from locum.store.token_keys import NOBODY
from locum.store.tx import Tx

_LIMIT = 1_000_000
_ALL = "all"


class _Denied(Entity, frozen=True, kw_only=True):
    """One token; its name is its salt in hexadecimal digits."""

    kind: ClassVar[str] = "denied-token"
    missing: ClassVar[str] = "no token `{name}` was ended"
    exists: ClassVar[str] = "the token `{name}` was ended already"

    until: datetime


class _Cutoff(Entity, frozen=True, kw_only=True):
    """The moment before which every token was ended."""

    kind: ClassVar[str] = "token-cutoff"
    missing: ClassVar[str] = "tokens were not ended by their time"
    exists: ClassVar[str] = "tokens were ended by their time already"

    issued_from: datetime


def deny(tx: Tx, salt: bytes, *, until: datetime, now: datetime) -> bool:
    """Ends one token; False when it was ended already."""
    name = salt.hex()
    if tx.find(_Denied, NOBODY, name) is not None:
        return False
    tx.add(_Denied(id=f"token/{name}", account=NOBODY, name=name, created=now, until=until))
    return True


def denied(tx: Tx) -> frozenset[bytes]:
    """The salts of the tokens that were ended one by one."""
    return frozenset(bytes.fromhex(row.name) for row in tx.page(_Denied, NOBODY, limit=_LIMIT).items)


def due(tx: Tx, now: datetime) -> bool:
    """Whether a denied token has ended by itself."""
    return any(row.until <= now for row in tx.page(_Denied, NOBODY, limit=_LIMIT).items)


def prune(tx: Tx, now: datetime) -> int:
    """Forgets the tokens that have ended by themselves; how many there were."""
    over = [row for row in tx.page(_Denied, NOBODY, limit=_LIMIT).items if row.until <= now]
    for row in over:
        tx.remove(row)
    return len(over)


def end_before(tx: Tx, issued_from: datetime, *, now: datetime) -> None:
    """Ends every token that was issued before that moment. A moment never goes back."""
    found = tx.find(_Cutoff, NOBODY, _ALL)
    if found is None:
        tx.add(_Cutoff(id=_ALL, account=NOBODY, name=_ALL, created=now, issued_from=issued_from))
    elif found.issued_from < issued_from:
        tx.put(msgspec.structs.replace(found, issued_from=issued_from))


def issued_from(tx: Tx) -> datetime | None:
    """The moment before which every token was ended, or None."""
    found = tx.find(_Cutoff, NOBODY, _ALL)
    return None if found is None else found.issued_from
