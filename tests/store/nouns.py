"""Nouns for tests of the store, and what writes them. The store knows none of IAM's; neither do its tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from locum.store.engine import SqlStore
from locum.store.entity import Author, Entity
from locum.store.tx import Tx

T = TypeVar("T")

ACCOUNT, OTHER = "111122223333", "444455556666"
NOW = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=UTC)
AUTHOR = Author(arn="arn:aws:iam::111122223333:user/ada", at=NOW, request_id="r-1", operation="test:Write")
MASTER_KEY = bytes(range(32))


class Door(Entity, frozen=True, kw_only=True):
    """Something that decides."""

    kind: ClassVar[str] = "door"
    missing: ClassVar[str] = "The door with name {name} cannot be found."
    exists: ClassVar[str] = "Door with name {name} already exists."

    text: str = ""
    number: int = 0


class Lock(Entity, frozen=True, kw_only=True):
    """Something that belongs to a door, decides, and keeps a field out of the log."""

    kind: ClassVar[str] = "lock"
    missing: ClassVar[str] = "The lock with name {name} cannot be found."
    exists: ClassVar[str] = "Lock with name {name} already exists."
    unlogged: ClassVar[frozenset[str]] = frozenset({"bitting"})

    bitting: str = ""
    number: int = 0


class Visit(Entity, frozen=True, kw_only=True):
    """Something that decides nothing."""

    kind: ClassVar[str] = "visit"
    missing: ClassVar[str] = "The visit with name {name} cannot be found."
    exists: ClassVar[str] = "Visit with name {name} already exists."
    decides: ClassVar[bool] = False

    count: int = 0


def door(name: str, *, account: str = ACCOUNT, **fields: Any) -> Door:
    """A door; its id follows from account and name."""
    fields.setdefault("id", f"ADOR-{account[:4]}-{name}")
    return Door(account=account, name=name, created=NOW, **fields)


def lock(name: str, of: Door, **fields: Any) -> Lock:
    """A lock of a door."""
    fields.setdefault("id", f"ALCK-{of.id}-{name}")
    return Lock(account=of.account, name=name, owner=of.id, created=NOW, **fields)


def visit(name: str, **fields: Any) -> Visit:
    """A visit."""
    return Visit(id=f"AVST-{name}", account=ACCOUNT, name=name, created=NOW, **fields)


def write(store: SqlStore, step: Callable[[Tx], T]) -> T:
    """Runs a step with an author."""

    def signed(tx: Tx) -> T:
        tx.written_by(AUTHOR)
        return step(tx)

    return store.write(signed)


def add(store: SqlStore, *entities: Entity) -> None:
    """Adds entities in one step."""
    write(store, lambda tx: [tx.add(entity) for entity in entities])
