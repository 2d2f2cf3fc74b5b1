"""The roots of session-token keys, as rows: numbered, in a state, sealed (rules K2, T9).

Law: only keeping. What a state means, how a root becomes keys and which number belongs to which mode is the keyring's
to know (`locum.session.keyring`). They belong to no account: their changes are in the log of the account ``, whose
generation tells a server that its keyring is old. A destroyed key keeps its number and loses its root.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

import msgspec

from locum.aws.secret import Secret
from locum.store.entity import Entity
from locum.store.tx import Tx

NOBODY = ""
DESTROYED = "destroyed"
_ROOT = "root"
_LIMIT = 65_536  # numbers are 16 bits


class _Row(Entity, frozen=True, kw_only=True):
    """The row of one token key; its name is its number."""

    kind: ClassVar[str] = "token-key"
    missing: ClassVar[str] = "there is no token key `{name}`"
    exists: ClassVar[str] = "there is a token key `{name}` already"

    number: int
    state: str
    cipher: str
    since: datetime | None = None


class TokenKeyRoot(msgspec.Struct, frozen=True, kw_only=True):
    """One token key as it is kept. `root` holds 64 hexadecimal digits; None once the key is destroyed. `since` is when
    it came into its state, None when it has had no other."""

    number: int
    state: str
    cipher: str
    created: datetime
    root: Secret | None
    since: datetime | None = None


def every(tx: Tx) -> tuple[TokenKeyRoot, ...]:
    """All token keys by number, destroyed ones too."""
    rows = tx.page(_Row, NOBODY, limit=_LIMIT).items
    found = (
        TokenKeyRoot(
            number=row.number,
            state=row.state,
            cipher=row.cipher,
            created=row.created,
            root=None if row.state == DESTROYED else tx.secret(row, _ROOT),
            since=row.since,
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda key: key.number))


def add(key: TokenKeyRoot) -> Callable[[Tx], None]:
    """The step that keeps a new key. Raises EntityAlreadyExists for a number that was ever used."""

    def step(tx: Tx) -> None:
        name = str(key.number)
        row = tx.add(
            _Row(
                id=name,
                account=NOBODY,
                name=name,
                created=key.created,
                number=key.number,
                state=key.state,
                cipher=key.cipher,
                since=key.since,
            )
        )
        if key.root is not None:
            tx.put_secret(row, _ROOT, key.root)

    return step


def set_state(number: int, state: str, since: datetime | None = None) -> Callable[[Tx], None]:
    """The step that puts a key into another state. Destroying it removes its root. Raises NoSuchEntity."""

    def step(tx: Tx) -> None:
        row = tx.put(msgspec.structs.replace(tx.get(_Row, NOBODY, str(number)), state=state, since=since))
        if state == DESTROYED:
            tx.remove_secret(row, _ROOT)

    return step
