"""`View`: the questions of a `Tx`, the same for steps that read and steps that write.

Law: how a question is put, not where its answer comes from: `_ask` answers a look-up that may be kept, `_selects`
answers what is always asked of the tables. The sentences of a refusal are the kind's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.store import markers, snapshot
from locum.store.entity import Change, Entity, Page, Relation
from locum.store.errors import StoreError
from locum.store.rows import name_key
from locum.store.secrets import DataKeys
from locum.store.selects import Selects
from locum.store.snapshot import Key

E = TypeVar("E", bound=Entity)


class View(ABC):
    """The reading half of a `Tx`."""

    __slots__ = ("_keys",)
    _keys: DataKeys

    @abstractmethod
    def _ask(self, key: Key, kind: type[Entity] | None = None) -> Any:
        """The answer to a look-up."""

    @abstractmethod
    def _selects(self) -> Selects:
        """The tables, in this step's state."""

    def find(self, kind: type[E], account: str, name: str, *, owner: str = "") -> E | None:
        """The entity of that kind and name, or None."""
        found: E | None = self._ask(("name", kind.kind, account, owner, name_key(name)), kind)
        return found

    def get(self, kind: type[E], account: str, name: str, *, owner: str = "") -> E:
        """The entity of that kind and name. Raises NoSuchEntity with the kind's own sentence."""
        found: E | None = self._ask(("name", kind.kind, account, owner, name_key(name)), kind)
        if found is None:
            raise Refusal(
                "NoSuchEntity", kind.missing.replace("{name}", name), kind=kind.kind, name=name, account=account
            )
        return found

    def find_id(self, kind: type[E], id: str) -> E | None:
        """The entity with that unique id, in whichever account, or None."""
        found: E | None = self._ask(("id", kind.kind, id), kind)
        return found

    def get_id(self, kind: type[E], id: str) -> E:
        """The entity with that unique id. Raises StoreError: an id that was taken from a row must be there."""
        found: E | None = self._ask(("id", kind.kind, id), kind)
        if found is None:
            raise StoreError(f"no {kind.kind} has the id `{id}`, though something refers to it", kind=kind.kind, id=id)
        return found

    def owned(self, kind: type[E], owner: str) -> tuple[E, ...]:
        """Every entity of that kind that belongs to `owner`, by name. Raises StoreError for an empty owner."""
        if not owner:
            raise StoreError(f"`owned` lists what belongs to somebody; `page` lists every {kind.kind}")
        found: tuple[E, ...] = self._ask(("owned", kind.kind, owner), kind)
        return found

    def page(
        self,
        kind: type[E],
        account: str,
        *,
        owner: str | None = "",
        path_prefix: str = "/",
        marker: str | None = None,
        limit: int = 100,
        listing: str = "",
    ) -> Page[E]:
        """A page in the order of names without case, as `Tx.page` says."""
        if limit < 1:
            raise StoreError(f"a page has at least one item, not `{limit}`")
        selection = (listing, kind.kind, account, "of every owner" if owner is None else f"of {owner}", path_prefix)
        after = None if marker is None else markers.parse(self._keys.marker, selection, marker)
        found = self._selects().page(kind, account, owner=owner, path_prefix=path_prefix, after=after, limit=limit + 1)
        if len(found) <= limit:
            return Page(items=tuple(found))
        last = found[limit - 1]
        text = markers.render(self._keys.marker, selection, (name_key(last.name), last.owner))
        if text is None:
            raise StoreError(f"the name of {kind.kind} `{last.id}` is too long for a marker", id=last.id)
        return Page(items=tuple(found[:limit]), marker=text)

    def count(self, kind: type[Entity], account: str, *, owner: str | None = "") -> int:
        """How many there are. `owner=None` counts those of every owner."""
        found: int = self._ask(snapshot.count(kind.kind, account, owner))
        return found

    def targets(self, relation: Relation, source: str) -> tuple[str, ...]:
        """What `source` is linked to, oldest link first."""
        found: tuple[str, ...] = self._ask(("targets", relation.value, source))
        return found

    def sources(self, relation: Relation, account: str, target: str) -> tuple[str, ...]:
        """What in `account` is linked to `target`, oldest link first."""
        found: tuple[str, ...] = self._ask(("sources", relation.value, account, target))
        return found

    def secret(self, entity: Entity, column: str) -> Secret:
        """Opens a secret of an entity. Raises StoreError when it is missing or its seal is broken."""
        sealed = self._ask(snapshot.secrets(entity.kind, entity.id)).get(column)
        if sealed is None:
            raise StoreError(f"{entity.kind} `{entity.id}` has no `{column}`", kind=entity.kind, id=entity.id)
        if not self._keys.knows(sealed.data_key):  # another process has made a new one
            self._keys.learn(self._selects().data_keys())
        return Secret(self._keys.open(entity.kind, entity.id, column, sealed, account=entity.account))

    def generation(self, account: str) -> int:
        """The account's generation: the position of its last change that can alter a decision."""
        found: int = self._ask(("generation", account))
        return found

    def changes(self, account: str, *, after: int = 0, limit: int = 1000) -> Sequence[Change]:
        """The change log of an account from behind a position."""
        return self._selects().changes(account, after=after, limit=limit)
