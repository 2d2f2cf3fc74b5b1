"""What was read lately and is still true: a bounded cache of look-ups, valid at one position of the change log.

Law: every entry is what the store answers at `position`. A commit evicts what its changes touch and then raises the
position, both under the lock; whoever reads without the lock notes the position first and, when it has moved at the
end, asks again (`reads.py`). Nothing is kept that was read at another position. What was not found is kept apart, so
that a flood of unknown names cannot push out what is known; both parts are bounded (rule D8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import TypeVar

import msgspec

from locum.store.rows import name_key

#: how many look-ups are kept; the oldest go first
PRESENT, ABSENT, DERIVED = 32_768, 8_192, 16_384

#: characters of a question whose answer is kept; longer ones are nobody's names
LONGEST = 2_048

Key = tuple[str, ...]
K = TypeVar("K")
V = TypeVar("V")


def by_name(kind: str, account: str, owner: str, name: str) -> Key:
    """The key of a look-up by name."""
    return ("name", kind, account, owner, name_key(name))


def by_id(kind: str, id: str) -> Key:
    """The key of a look-up by id."""
    return ("id", kind, id)


def owned(kind: str, owner: str) -> Key:
    """The key of what belongs to an owner."""
    return ("owned", kind, owner)


def secrets(kind: str, id: str) -> Key:
    """The key of an entity's sealed values."""
    return ("secrets", kind, id)


def targets(relation: str, source: str) -> Key:
    """The key of what a source is linked to."""
    return ("targets", relation, source)


def sources(relation: str, account: str, target: str) -> Key:
    """The key of what is linked to a target."""
    return ("sources", relation, account, target)


def generation(account: str) -> Key:
    """The key of an account's generation."""
    return ("generation", account)


def count(kind: str, account: str, owner: str | None) -> Key:
    """The key of how many entities of a kind an account has; None is of every owner."""
    return ("count", kind, account) if owner is None else ("count", kind, account, owner)


class Named(msgspec.Struct, frozen=True):
    """What of a changed entity's document says which look-ups it alters."""

    name: str = ""
    owner: str = ""


class Linked(msgspec.Struct, frozen=True):
    """The document of a link's change: its kind is the relation, its key the source."""

    target: str


_named = msgspec.json.Decoder(Named).decode
_linked = msgspec.json.Decoder(Linked).decode


def touched(verb: str, kind: str, account: str, key: str, before: bytes | None, after: bytes | None) -> Iterator[Key]:
    """The look-ups that one change can alter. Works from what the log holds, so that changes of another process evict
    exactly as our own do."""
    yield generation(account)
    documents = [doc for doc in (before, after) if doc is not None]
    if verb in ("link", "unlink"):
        yield targets(kind, key)
        for doc in documents:
            yield sources(kind, account, _linked(doc).target)
        return
    yield by_id(kind, key)
    yield secrets(kind, key)
    owners = set()
    for doc in documents:
        named = _named(doc)
        owners.add(named.owner)
        yield by_name(kind, account, named.owner, named.name)
        yield owned(kind, named.owner)
    if verb in ("add", "remove") or verb == "put" and len(owners) > 1:
        yield count(kind, account, None)
        for owner in owners:
            yield count(kind, account, owner)


class Snapshot:
    """The cache itself. `present` and `absent` are read without the lock and written under it."""

    __slots__ = ("_derived", "_limits", "_lock", "absent", "position", "present")

    def __init__(self, position: int, *, present: int = PRESENT, absent: int = ABSENT) -> None:
        self.position = position
        self.present: dict[Key, object] = {}
        self.absent: dict[Key, object] = {}
        self._derived: dict[tuple[str, object], tuple[int, object]] = {}
        self._limits = (present, absent)
        self._lock = Lock()

    def keep(self, position: int, key: Key, value: object) -> None:
        """Keeps an answer that was read at `position`, unless the store has moved on or the question is very long."""
        if sum(map(len, key)) > LONGEST:
            return
        with self._lock:
            if position == self.position:
                if value:
                    _put(self.present, self._limits[0], key, value)
                else:
                    _put(self.absent, self._limits[1], key, value)

    def derived(self, account: str, key: object, generation: int) -> tuple[object] | None:
        """What was derived from that generation of the account, in a tuple, or None."""
        found = self._derived.get((account, key))
        return None if found is None or found[0] != generation else found[1:]

    def keep_derived(self, position: int, account: str, key: object, generation: int, value: object) -> None:
        """Keeps what was derived from answers read at `position`, for as long as that generation lasts."""
        with self._lock:
            if position == self.position:
                _put(self._derived, DERIVED, (account, key), (generation, value))

    def moved(self, position: int, keys: Iterable[Key]) -> None:
        """Evicts what changes up to `position` touched, and is valid there from now on."""
        with self._lock:
            for key in keys:
                self.present.pop(key, None)
                self.absent.pop(key, None)
            self.position = max(self.position, position)

    def forget(self, position: int) -> None:
        """Evicts everything: more has happened than is worth reading."""
        with self._lock:
            self.present.clear()
            self.absent.clear()
            self.position = max(self.position, position)


def _put(part: dict[K, V], limit: int, key: K, value: V) -> None:
    if key not in part and len(part) >= limit:
        del part[next(iter(part))]
    part[key] = value
