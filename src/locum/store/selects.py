"""What is asked of one connection, in whatever transaction it stands.

Law: plain look-ups, no cache and no meaning. A look-up is named by its key (`snapshot.py`), so that the cache and the
tables answer the same questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from locum.store import rows, statements
from locum.store.entity import Author, Change, Entity
from locum.store.secrets import DataKeyRow, Sealed
from locum.store.snapshot import Key

E = TypeVar("E", bound=Entity)


class Cursor(Protocol):
    """What a driver answers a statement with."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """The next row or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...


class Connection(Protocol):
    """A driver's connection: SQLite's and psycopg's both are."""

    def execute(self, text: str, parameters: Mapping[str, object] = ..., /) -> Cursor:
        """Runs one statement."""
        ...


class Selects:
    """The look-ups over one connection."""

    __slots__ = ("_execute",)

    def __init__(self, connection: Connection) -> None:
        self._execute = connection.execute

    def load(self, key: Key, kind: type[Entity] | None) -> object:
        """The answer to the look-up `key`, straight from the tables. `kind` reads what is an entity."""
        return LOADERS[key[0]](self, key, kind)

    def _by_name(self, key: Key, kind: type[Entity]) -> Entity | None:
        _, word, account, owner, name_key = key
        asked = {"kind": word, "account": account, "owner": owner, "name_key": name_key}
        found = self._execute(statements.ENTITY_BY_NAME, asked).fetchone()
        return None if found is None else rows.read(kind, found[0])

    def _by_id(self, key: Key, kind: type[Entity]) -> Entity | None:
        found = self._execute(statements.ENTITY_BY_ID, {"kind": key[1], "id": key[2]}).fetchone()
        return None if found is None else rows.read(kind, found[0])

    def _owned(self, key: Key, kind: type[Entity]) -> tuple[Entity, ...]:
        found = self._execute(statements.ENTITIES_OWNED, {"kind": key[1], "owner": key[2]}).fetchall()
        return tuple(rows.read(kind, doc) for (doc,) in found)

    def _targets(self, key: Key, kind: None) -> tuple[str, ...]:
        found = self._execute(statements.LINK_TARGETS, {"relation": key[1], "source": key[2]}).fetchall()
        return tuple(target for (target,) in found)

    def _sources(self, key: Key, kind: None) -> tuple[str, ...]:
        asked = {"relation": key[1], "account": key[2], "target": key[3]}
        return tuple(source for (source,) in self._execute(statements.LINK_SOURCES, asked).fetchall())

    def _generation(self, key: Key, kind: None) -> int:
        found = self._execute(statements.GENERATION, {"account": key[1]}).fetchone()
        return 0 if found is None else int(found[0])

    def _secrets(self, key: Key, kind: None) -> dict[str, Sealed]:
        found = self._execute(statements.SECRETS, {"kind": key[1], "id": key[2]}).fetchall()
        return {
            column: Sealed(account, version, data_key, octets) for column, account, version, data_key, octets in found
        }

    def _count(self, key: Key, kind: None) -> int:
        asked = dict(zip(("kind", "account", "owner"), key[1:], strict=False))
        return int(self._execute(statements.COUNTS["owner" in asked], asked).fetchone()[0])

    def page(
        self,
        kind: type[E],
        account: str,
        *,
        owner: str | None,
        path_prefix: str,
        after: tuple[str, str] | None,
        limit: int,
    ) -> list[E]:
        """Up to `limit` entities behind the place `after`, by name key and owner."""
        asked: dict[str, object] = {"kind": kind.kind, "account": account, "path_prefix": path_prefix, "limit": limit}
        if owner is not None:
            asked["owner"] = owner
        if after is not None:
            asked["after_name"], asked["after_owner"] = after
        found = self._execute(statements.PAGES[owner is not None, after is None], asked).fetchall()
        return [rows.read(kind, doc) for (doc,) in found]

    def head(self) -> int:
        """The position of the last change; 0 when there was none."""
        return int(self._execute(statements.HEAD).fetchone()[0] or 0)

    def changes(self, account: str, *, after: int, limit: int) -> Sequence[Change]:
        """The log of an account behind a position."""
        asked = {"account": account, "after": after, "limit": limit}
        return tuple(
            Change(
                position=position,
                account=of,
                author=Author(arn=author, at=datetime.fromisoformat(at), request_id=request_id, operation=operation),
                verb=verb,
                kind=kind,
                key=key,
                before=rows.mapping(before),
                after=rows.mapping(later),
            )
            for position, of, at, author, request_id, operation, verb, kind, key, before, later in self._execute(
                statements.CHANGES, asked
            ).fetchall()
        )

    def every_change(
        self, *, after: int, limit: int
    ) -> list[tuple[int, str, str, str, str, bytes | None, bytes | None]]:
        """(position, verb, kind, account, key, before, after) of all accounts' changes behind a position."""
        return self._execute(statements.EVERY_CHANGE, {"after": after, "limit": limit}).fetchall()

    def data_keys(self) -> tuple[DataKeyRow, ...]:
        """Every data key, oldest first, wrapped."""
        return tuple(DataKeyRow(*found) for found in self._execute(statements.DATA_KEYS).fetchall())

    def newest_data_key(self, purpose: str) -> str | None:
        """The id of the newest data key of a purpose, or None when there is none."""
        found = self._execute(statements.NEWEST_DATA_KEY, {"purpose": purpose}).fetchone()
        return None if found is None else str(found[0])

    def mark(self) -> str | None:
        """The mode that made the store, or None when there is no mark."""
        found = self._execute(statements.MARK).fetchone()
        return None if found is None else str(found[0])

    def revision(self) -> str | None:
        """The revision of the tables, or None when none is written down."""
        found = self._execute(statements.REVISION).fetchone()
        return None if found is None else str(found[0])


LOADERS = cast(
    "Mapping[str, Callable[[Selects, Key, type[Entity] | None], object]]",
    {
        "name": Selects._by_name,
        "id": Selects._by_id,
        "owned": Selects._owned,
        "targets": Selects._targets,
        "sources": Selects._sources,
        "generation": Selects._generation,
        "secrets": Selects._secrets,
        "count": Selects._count,
    },
)
