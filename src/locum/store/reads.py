"""`ReadTx`: one step that only reads, from the snapshot as far as it goes and else from the tables.

Law: everything a step is told is one state. It notes the snapshot's position at its start; the tables count only while
they stand at that position; and when the snapshot has moved at the end, or the tables had moved on before, the step is
run again. The last attempt asks the tables alone, inside one transaction, which no commit can disturb. A step whose
answers are all kept does not touch the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeVar, cast

from locum.aws.secret import Secret
from locum.store.entity import Author, Entity, Relation
from locum.store.errors import StoreError
from locum.store.secrets import DataKeys
from locum.store.selects import Selects
from locum.store.snapshot import Key, Snapshot, by_id, touched
from locum.store.tx import Tx
from locum.store.view import View

T = TypeVar("T")
E = TypeVar("E", bound=Entity)

#: how often a step is run from the snapshot before the tables alone answer it
ATTEMPTS = 3
#: a snapshot that is further behind than so many changes is forgotten instead of corrected
BEHIND = 2_000
_MISSING = object()


class Reader(Protocol):
    """A way to read the tables for the length of one step."""

    def current(self) -> bool:
        """Whether nobody has committed since this reader last asked, as far as one cheap question tells."""
        ...

    def begin(self) -> Selects:
        """Opens a transaction, or returns the one that is open; every answer until `end` is of one state."""
        ...

    def end(self) -> None:
        """Ends the transaction, if one is open, and gives the reader back."""
        ...


class _AgainError(BaseException):
    """The tables have moved on; the step must be run again. No step can mean to catch it."""


def catch_up(selects: Selects, kept: Snapshot) -> int:
    """Corrects the snapshot by the changes that it has not seen, in the transaction of `selects`; the head there."""
    head, position = selects.head(), kept.position
    if head > position:
        changes = selects.every_change(after=position, limit=BEHIND)
        if len(changes) == BEHIND:
            kept.forget(head)
        else:
            kept.moved(head, (key for change in changes for key in touched(*change[1:])))
    return head


class ReadTx(View):
    """A view of one state that refuses to write."""

    __slots__ = ("_absent", "_alone", "_kept", "_open", "_position", "_present", "_reader")

    def __init__(self, kept: Snapshot, keys: DataKeys, reader: Reader, *, alone: bool) -> None:
        """`alone` asks the tables only."""
        self._keys = keys
        self._kept = kept
        self._reader = reader
        self._alone = alone
        self._open: Selects | None = None
        self._position = kept.position
        self._present = {} if alone else kept.present
        self._absent = {} if alone else kept.absent

    def stale(self) -> bool:
        """Whether what was read may be of more than one state."""
        return not self._alone and self._position != self._kept.position

    def _ask(self, key: Key, kind: type[Entity] | None = None) -> Any:
        found = self._present.get(key)
        if found is not None:
            return found
        found = self._absent.get(key, _MISSING)
        if found is not _MISSING:
            return found
        found = self._selects().load(key, kind)
        if not self._alone:
            self._kept.keep(self._position, key, found)
            if key[0] == "name" and isinstance(found, Entity):
                self._kept.keep(self._position, by_id(found.kind, found.id), found)
        return found

    def _selects(self) -> Selects:
        if self._open is None:
            self._open = self._reader.begin()
            if not self._alone and catch_up(self._open, self._kept) != self._position:
                raise _AgainError
        return self._open

    def derived(self, account: str, key: object, make: Callable[[], T]) -> T:
        """What `make()` answers, kept until the account's generation rises."""
        if self._alone:
            return make()
        generation = self.generation(account)
        found = self._kept.derived(account, key, generation)
        if found is not None:
            return cast("T", found[0])
        value = make()
        self._kept.keep_derived(self._position, account, key, generation, value)
        return value

    def _refuse(self) -> NoReturn:
        raise StoreError("a step that only reads cannot write; run it with `store.write`")

    def add(self, entity: E) -> E:
        """Refused."""
        self._refuse()

    def put(self, entity: E) -> E:
        """Refused."""
        self._refuse()

    def remove(self, entity: Entity) -> None:
        """Refused."""
        self._refuse()

    def link(self, relation: Relation, account: str, source: str, target: str) -> bool:
        """Refused."""
        self._refuse()

    def unlink(self, relation: Relation, account: str, source: str, target: str) -> bool:
        """Refused."""
        self._refuse()

    def put_secret(self, entity: Entity, column: str, secret: Secret) -> None:
        """Refused."""
        self._refuse()

    def remove_secret(self, entity: Entity, column: str) -> bool:
        """Refused."""
        self._refuse()

    def written_by(self, author: Author) -> None:
        """Refused."""
        self._refuse()


def run(step: Callable[[Tx], T], kept: Snapshot, keys: DataKeys, take: Callable[[], Reader]) -> T:
    """Runs a step until it has seen one state only. What it raises counts as little as what it returns until then."""
    for attempt in range(ATTEMPTS + 1):
        alone = attempt == ATTEMPTS
        reader = take()
        try:
            if not reader.current():
                catch_up(reader.begin(), kept)
            tx = ReadTx(kept, keys, reader, alone=alone)
            try:
                result = step(tx)
            except _AgainError:
                continue
            except Exception:
                if tx.stale():
                    continue
                raise
            if not tx.stale():
                return result
        finally:
            reader.end()
    raise StoreError("a step that asked the tables alone was told that they moved")
