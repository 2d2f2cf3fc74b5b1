"""How an entity becomes a row and a row an entity.

Law: the document is the whole entity as JSON; the columns beside it are what it is looked up by and say nothing that
the document does not. A name's key is the name without case (decisions 16). What a kind does not log is left out here
(`logged`), so that no caller can forget it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec

from locum.store.entity import Entity
from locum.store.errors import StoreError

E = TypeVar("E", bound=Entity)

_encode = msgspec.json.Encoder(order=None).encode
_as_mapping = msgspec.json.Decoder(dict[str, Any]).decode

#: what a change must be able to name, so a kind cannot leave it out of the log
NAMING = frozenset({"id", "account", "name", "owner"})


def name_key(name: str) -> str:
    """What a name is looked up by: two names with the same key are the same name."""
    return name.lower()


@cache
def _decoder(kind: type[E]) -> msgspec.json.Decoder[E]:
    return msgspec.json.Decoder(kind)


@cache
def _checked(kind: type[Entity]) -> None:
    if hidden := kind.unlogged & NAMING:
        raise StoreError(
            f"`{kind.kind}` keeps `{', '.join(sorted(hidden))}` out of the log; a change could not be told"
        )


def document(entity: Entity) -> bytes:
    """The whole entity as JSON. Raises StoreError for a field that JSON cannot hold, a Secret above all."""
    _checked(type(entity))
    try:
        return _encode(entity)
    except (TypeError, NotImplementedError) as error:
        raise StoreError(f"a field of `{entity.kind}` cannot be stored: {error}") from error


def read(kind: type[E], doc: bytes) -> E:
    """The entity of a stored document. Raises StoreError when it is not one of that kind."""
    try:
        entity: E = _decoder(kind).decode(doc)
    except msgspec.MsgspecError as error:
        raise StoreError(f"a stored `{kind.kind}` does not read: {error}") from error
    return entity


def row(entity: Entity, doc: bytes) -> dict[str, object]:
    """The columns of an entity's row."""
    return {
        "id": entity.id,
        "kind": entity.kind,
        "account": entity.account,
        "owner": entity.owner,
        "name": entity.name,
        "name_key": name_key(entity.name),
        "path": entity.path,
        "version": entity.version,
        "doc": doc,
    }


def logged(kind: type[Entity], doc: bytes) -> bytes:
    """A document as the change log may hold it: without the kind's unlogged fields."""
    if not kind.unlogged:
        return doc
    return _encode({field: value for field, value in _as_mapping(doc).items() if field not in kind.unlogged})


def mapping(doc: bytes | None) -> Mapping[str, object] | None:
    """A document of the change log as a mapping."""
    return None if doc is None else _as_mapping(doc)
