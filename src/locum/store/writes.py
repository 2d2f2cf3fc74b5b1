"""`WriteTx`: one step that writes, inside its savepoint of a shared transaction.

Law: everything that alters a row writes its line of the change log in the same transaction, and raises the account's
generation there when its kind decides (decisions 18); secrets and unlogged fields are in no line. A put counts only
against the version it was made from (rule R7). Reading goes through the snapshot for what this transaction has not
touched, because the writer's transaction stands at the snapshot's position, and to the tables for the rest. A count
that is known is carried on by what comes and goes, so that what is there is not counted again for each that comes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.store import rows, snapshot, statements
from locum.store.entity import Author, Entity, Relation
from locum.store.errors import StoreError
from locum.store.secrets import DataKeys
from locum.store.selects import Connection, Selects
from locum.store.snapshot import Key, Snapshot
from locum.store.view import View

T = TypeVar("T")
E = TypeVar("E", bound=Entity)

_MISSING = object()


class Batch:
    """What the steps of one shared transaction have in common: the connection, the position and what was touched."""

    __slots__ = ("counts", "dirty", "execute", "keys", "kept", "position", "selects", "uses")

    def __init__(self, connection: Connection, kept: Snapshot, keys: DataKeys, position: int) -> None:
        self.execute = connection.execute
        self.selects = Selects(connection)
        self.kept = kept
        self.keys = keys
        self.position = position
        self.dirty: set[Key] = set()
        #: what the counts among the dirty have become, as far as that is known
        self.counts: dict[Key, int] = {}
        self.uses: dict[str, int] = {}


class WriteTx(View):
    """A view that writes. It belongs to one step and refuses everything after that step's end."""

    __slots__ = ("_author", "_batch", "_execute", "_generations", "_over")

    def __init__(self, batch: Batch) -> None:
        self._keys = batch.keys
        self._batch = batch
        self._execute = batch.execute
        self._author: Author | None = None
        self._generations: dict[str, int] = {}
        self._over = False

    # -- reading -------------------------------------------------------------------------------------------------------
    def _ask(self, key: Key, kind: type[Entity] | None = None) -> Any:
        if key[0] == "generation" and key[1] in self._generations:
            return self._generations[key[1]]
        batch = self._batch
        if key in batch.dirty:
            return self._count(key) if key[0] == "count" else self._selects().load(key, kind)
        found = batch.kept.present.get(key)
        if found is None:
            found = batch.kept.absent.get(key, _MISSING)
        if found is _MISSING:
            found = self._selects().load(key, kind)
            batch.kept.keep(batch.kept.position, key, found)
        return found

    def _count(self, key: Key) -> int:
        """A count that this transaction has altered."""
        found = self._batch.counts.get(key)
        if found is None:
            found = self._batch.counts[key] = cast("int", self._selects().load(key, None))
        return found

    def _counted(self, entity: Entity, more: int) -> None:
        """Carries on the counts of what is added (1) or removed (-1), before they are dirty, where they are known."""
        batch = self._batch
        for owner in (None, entity.owner):
            key = snapshot.count(entity.kind, entity.account, owner)
            found = batch.counts.get(key)
            if found is None and key not in batch.dirty:
                found = cast("int | None", batch.kept.present.get(key, batch.kept.absent.get(key)))
            if found is not None:
                batch.counts[key] = found + more

    def derived(self, account: str, key: object, make: Callable[[], T]) -> T:
        """What `make()` answers. What was kept counts until this step changes something."""
        batch = self._batch
        if not self._generations:
            found = batch.kept.derived(account, key, self.generation(account))
            if found is not None:
                return cast("T", found[0])
        value = make()
        if not batch.dirty:
            batch.kept.keep_derived(batch.kept.position, account, key, self.generation(account), value)
        return value

    def _selects(self) -> Selects:
        if self._over:
            raise StoreError("a `tx` is over when its step returns")
        return self._batch.selects

    # -- entities ------------------------------------------------------------------------------------------------------
    def add(self, entity: E) -> E:
        """Stores a new entity, as version 0. Raises EntityAlreadyExists with the kind's own sentence."""
        author = self._signed()
        stored = msgspec.structs.replace(entity, version=0) if entity.version else entity
        doc = rows.document(stored)
        columns = rows.row(stored, doc)
        self._require_free(stored, columns)
        if self._execute(statements.ENTITY_IS, columns).fetchone() is not None:
            raise taken(stored)  # a written key: what it names is there, under whatever name
        self._execute(statements.ADD_ENTITY, columns)
        self._counted(stored, 1)
        self._record(author, "add", stored, None, rows.logged(type(stored), doc))
        return stored

    def put(self, entity: E) -> E:
        """Stores a newer form of an entity (same id, kind and account). Raises ConcurrentModification when the stored
        version is not the one it was made from, EntityAlreadyExists when its new name is taken."""
        author = self._signed()
        before = self._stored(entity)
        stored = msgspec.structs.replace(entity, version=entity.version + 1)
        doc = rows.document(stored)
        columns = rows.row(stored, doc)
        self._require_free(stored, columns)
        changed = self._execute(statements.PUT_ENTITY, {**columns, "from_version": entity.version}).rowcount
        if changed != 1:
            raise modified(entity)
        kind = type(stored)
        old = rows.read(kind, before)
        if old.owner != stored.owner:
            self._counted(old, -1)
            self._counted(stored, 1)
        self._record(author, "put", stored, rows.logged(kind, before), rows.logged(kind, doc))
        return stored

    def remove(self, entity: Entity) -> None:
        """Removes an entity, its secrets and its links from and to it. What it owns is not removed. Raises
        ConcurrentModification when it is gone already."""
        author = self._signed()
        before = self._stored(entity)
        asked = {"id": entity.id, "kind": entity.kind}
        if self._execute(statements.ENTITY_SHARES_ID, asked).fetchone() is None:
            for relation, account, source, target in self._execute(statements.LINKS_OF, {"id": entity.id}).fetchall():
                self.unlink(Relation(relation), account, source, target)
        self._execute(statements.REMOVE_SECRETS, asked)
        self._execute(statements.REMOVE_ENTITY, asked)
        self._counted(rows.read(type(entity), before), -1)
        self._record(author, "remove", entity, rows.logged(type(entity), before), None)

    def _stored(self, entity: Entity) -> bytes:
        """The document that stands in the tables for an entity."""
        found = self._execute(statements.ENTITY_IS, {"id": entity.id, "kind": entity.kind}).fetchone()
        if found is None:
            raise modified(entity)
        _, account, doc = found
        if account != entity.account:
            raise StoreError(f"{entity.kind} `{entity.id}` belongs to `{account}`, not to `{entity.account}`")
        return bytes(doc)

    def _require_free(self, entity: Entity, columns: dict[str, object]) -> None:
        found = self._execute(statements.ENTITY_NAMED, columns).fetchone()
        if found is not None and found[0] != entity.id:
            raise taken(entity)

    # -- links ---------------------------------------------------------------------------------------------------------
    def link(self, relation: Relation, account: str, source: str, target: str) -> bool:
        """Links source to target; False when they already were."""
        author = self._signed()
        asked: dict[str, object] = {"relation": relation.value, "source": source, "target": target}
        found = self._execute(statements.LINK, asked).fetchone()
        if found is not None:
            if found[0] != account:
                raise StoreError(f"`{source}` is linked to `{target}` in `{found[0]}`, not in `{account}`")
            return False
        position = self._line(author, "link", relation.value, account, source, None, _link(target))
        self._execute(statements.ADD_LINK, {**asked, "account": account, "position": position})
        self._generations[account] = position
        return True

    def unlink(self, relation: Relation, account: str, source: str, target: str) -> bool:
        """Takes a link away; False when there was none."""
        author = self._signed()
        asked = {"relation": relation.value, "source": source, "target": target}
        found = self._execute(statements.LINK, asked).fetchone()
        if found is None or found[0] != account:
            return False
        self._execute(statements.REMOVE_LINK, asked)
        self._generations[account] = self._line(author, "unlink", relation.value, account, source, _link(target), None)
        return True

    # -- secrets -------------------------------------------------------------------------------------------------------
    def put_secret(self, entity: Entity, column: str, secret: Secret) -> None:
        """Seals a secret of a stored entity. The log has a line that it was sealed, and nothing of it."""
        author = self._signed()
        self._stored(entity)
        asked: dict[str, object] = {"id": entity.id, "kind": entity.kind, "column_name": column}
        found = self._execute(statements.SECRET_VERSION, asked).fetchone()
        version = 1 if found is None else int(found[0]) + 1
        sealed = self._keys.seal(
            entity.kind,
            entity.id,
            column,
            account=entity.account,
            version=version,
            text=secret.reveal(),  # SECRET
        )
        values: dict[str, object] = {
            "account": sealed.account,
            "version": sealed.version,
            "data_key": sealed.data_key,
            "sealed": sealed.octets,
        }
        if found is None:
            self._execute(statements.ADD_SECRET, {**asked, **values, "column": column})
        else:
            self._execute(statements.PUT_SECRET, {**asked, **values})
        self._batch.uses[sealed.data_key] = self._batch.uses.get(sealed.data_key, 0) + 1
        self._record(author, "seal", entity, None, _encode({"column": column, "version": version}))

    def remove_secret(self, entity: Entity, column: str) -> bool:
        """Removes one secret of an entity; False when there was none."""
        author = self._signed()
        asked = {"id": entity.id, "kind": entity.kind, "column_name": column}
        if self._execute(statements.REMOVE_SECRET, asked).rowcount == 0:
            return False
        self._record(author, "unseal", entity, _encode({"column": column}), None)
        return True

    # -- the log -------------------------------------------------------------------------------------------------------
    def written_by(self, author: Author) -> None:
        """Names the author of all that follows. A write without an author raises StoreError."""
        self._author = author

    def _signed(self) -> Author:
        self._selects()
        if self._author is None:
            raise StoreError("a write needs an author; name one with `tx.written_by`")
        return self._author

    def _record(self, author: Author, verb: str, entity: Entity, before: bytes | None, after: bytes | None) -> None:
        position = self._line(author, verb, entity.kind, entity.account, entity.id, before, after)
        if entity.decides:
            self._generations[entity.account] = position

    def _line(
        self, author: Author, verb: str, kind: str, account: str, key: str, before: bytes | None, after: bytes | None
    ) -> int:
        batch = self._batch
        batch.position += 1
        self._execute(
            statements.ADD_CHANGE,
            {
                "position": batch.position,
                "account": account,
                "at": author.at.isoformat(),
                "author": author.arn,
                "request_id": author.request_id,
                "operation": author.operation,
                "verb": verb,
                "kind": kind,
                "key": key,
                "before": before,
                "after": after,
            },
        )
        batch.dirty.update(snapshot.touched(verb, kind, account, key, before, after))
        return batch.position

    def finish(self) -> None:
        """Writes what the step has gathered. The step is over, and it stands only if its savepoint does."""
        for account, position in self._generations.items():
            if self._execute(statements.PUT_GENERATION, {"of": account, "position": position}).rowcount == 0:
                self._execute(statements.ADD_GENERATION, {"account": account, "position": position})
        for key, count in self._batch.uses.items():
            self._execute(statements.USE_DATA_KEY, {"key": key, "count": count})
        self._batch.uses.clear()
        self._over = True

    def abandon(self) -> None:
        """Ends the step without a trace."""
        self._batch.uses.clear()
        self._over = True


def taken(entity: Entity) -> Refusal:
    """The kind's answer to a name that is not free."""
    sentence = entity.exists.replace("{name}", entity.name)
    return Refusal("EntityAlreadyExists", sentence, kind=entity.kind, name=entity.name)


def modified(entity: Entity) -> Refusal:
    """AWS's answer to two changes of one object at once."""
    return Refusal(
        "ConcurrentModification",
        "The request was rejected because multiple requests to change this object were submitted simultaneously. "
        "Wait a few minutes and submit your request again.",
        kind=entity.kind,
        id=entity.id,
    )


_encode: Callable[[object], bytes] = msgspec.json.Encoder(order="deterministic").encode


def _link(target: str) -> bytes:
    return _encode({"target": target})
