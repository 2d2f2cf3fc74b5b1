"""`Store` and `Tx`: what an operation sees of what is stored.

Law: interfaces only. `step(tx) -> result` may run again, so it has no side effect but through `tx`. Inside one step
everything is read from one state; what a write step did is durable before `write` returns (rules R1, R2), and nothing
of it remains when the step raises. Look-ups by name go without regard to case (decisions 16).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from locum.aws.secret import Secret
from locum.store.entity import Author, Change, Entity, Page, Relation

T = TypeVar("T")
E = TypeVar("E", bound=Entity)


class Tx(Protocol):
    """One step's view of the store."""

    # -- entities ----------------------------------------------------------------------------------------------------
    def find(self, kind: type[E], account: str, name: str, *, owner: str = "") -> E | None:
        """The entity of that kind and name, or None."""
        ...

    def get(self, kind: type[E], account: str, name: str, *, owner: str = "") -> E:
        """The entity of that kind and name. Raises NoSuchEntity with the kind's own sentence."""
        ...

    def find_id(self, kind: type[E], id: str) -> E | None:
        """The entity with that unique id, in whichever account, or None."""
        ...

    def get_id(self, kind: type[E], id: str) -> E:
        """The entity with that unique id. Raises StoreError: an id that was taken from a row must be there."""
        ...

    def owned(self, kind: type[E], owner: str) -> tuple[E, ...]:
        """Every entity of that kind that belongs to `owner`, by name."""
        ...

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
        """A page in the order of names without case. `owner=None` lists those of every owner.

        A marker is opaque and bound to `listing` (operation and filters), kind and account; a foreign one is refused
        with ValidationError.
        """
        ...

    def count(self, kind: type[Entity], account: str, *, owner: str | None = "") -> int:
        """How many there are. `owner=None` counts those of every owner."""
        ...

    def add(self, entity: E) -> E:
        """Stores a new entity. Raises EntityAlreadyExists with the kind's own sentence."""
        ...

    def put(self, entity: E) -> E:
        """Stores a newer form of an entity (same id; the name may differ). Raises ConcurrentModification when the
        stored version is not the one it was made from, EntityAlreadyExists when its new name is taken."""
        ...

    def remove(self, entity: Entity) -> None:
        """Removes an entity, its secrets and its links from and to it."""
        ...

    # -- links -------------------------------------------------------------------------------------------------------
    def link(self, relation: Relation, account: str, source: str, target: str) -> bool:
        """Links source to target; False when they already were."""
        ...

    def unlink(self, relation: Relation, account: str, source: str, target: str) -> bool:
        """Takes a link away; False when there was none."""
        ...

    def targets(self, relation: Relation, source: str) -> tuple[str, ...]:
        """What `source` is linked to, oldest link first."""
        ...

    def sources(self, relation: Relation, account: str, target: str) -> tuple[str, ...]:
        """What in `account` is linked to `target`, oldest link first."""
        ...

    # -- secrets: sealed column by column under the data key (rules K1, K2) ------------------------------------------
    def put_secret(self, entity: Entity, column: str, secret: Secret) -> None:
        """Seals a secret of an entity. Never part of a change."""
        ...

    def secret(self, entity: Entity, column: str) -> Secret:
        """Opens it. Raises StoreError when it is missing or its seal is broken."""
        ...

    def remove_secret(self, entity: Entity, column: str) -> bool:
        """Removes one secret of an entity; False when there was none."""
        ...

    # -- counters that outlive a refusal are their own write steps (decisions 17) and the account's own facts ----------
    def generation(self, account: str) -> int:
        """The account's generation: the position of its last change that can alter a decision."""
        ...

    def derived(self, account: str, key: object, make: Callable[[], T]) -> T:
        """What `make()` answers, kept under `key` until the account's generation rises (decisions 18): for values that
        are costly to build and follow from the account's deciding entities alone. Bounded (rule D8). Inside a write
        step that has already changed something it calls `make` each time."""
        ...

    def changes(self, account: str, *, after: int = 0, limit: int = 1000) -> Sequence[Change]:
        """The change log of an account from behind a position."""
        ...

    def written_by(self, author: Author) -> None:
        """Names the author of all that follows. A write without an author raises StoreError."""
        ...


class Store(Protocol):
    """Where everything is kept."""

    def read(self, step: Callable[[Tx], T]) -> T:
        """Runs a step that only reads; `tx` refuses to write (StoreError)."""
        ...

    def write(self, step: Callable[[Tx], T]) -> T:
        """Runs a step in a savepoint of the next group commit and answers after that commit is durable. When the step
        raises, nothing of it stays and the exception comes back here."""
        ...

    def close(self) -> None:
        """Answers what is queued, checkpoints and lets go of the files."""
        ...


Document = Mapping[str, object]
