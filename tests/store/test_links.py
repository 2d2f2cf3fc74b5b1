"""Links: from both ends, oldest first, once."""

from __future__ import annotations

import pytest
from tests.store.nouns import ACCOUNT, OTHER, write

from locum.store.engine import SqlStore
from locum.store.entity import Relation
from locum.store.errors import StoreError

A, B = Relation.ATTACHMENT, Relation.BOUNDARY


def test_a_link_is_seen_from_both_ends_oldest_first(store: SqlStore) -> None:
    for source, target in (("z", "p"), ("a", "p"), ("a", "q"), ("a", "b")):
        assert write(store, lambda tx, s=source, t=target: tx.link(A, ACCOUNT, s, t))
    seen = store.read(lambda tx: (tx.targets(A, "a"), tx.sources(A, ACCOUNT, "p"), tx.targets(B, "a")))
    assert seen == (("p", "q", "b"), ("z", "a"), ())


def test_a_link_is_made_once_and_taken_away_once(store: SqlStore) -> None:
    made = [write(store, lambda tx: tx.link(A, ACCOUNT, "a", "p")) for _ in range(2)]
    taken = [write(store, lambda tx: tx.unlink(A, ACCOUNT, "a", "p")) for _ in range(2)]
    assert (made, taken) == ([True, False], [True, False])


def test_both_ends_follow_every_change(store: SqlStore) -> None:
    def seen() -> tuple[object, object]:
        return store.read(lambda tx: (tx.targets(A, "a"), tx.sources(A, ACCOUNT, "p")))

    before = seen()
    write(store, lambda tx: tx.link(A, ACCOUNT, "a", "p"))
    between = seen()
    write(store, lambda tx: tx.unlink(A, ACCOUNT, "a", "p"))
    assert (before, between, seen()) == (((), ()), (("p",), ("a",)), ((), ()))


def test_sources_are_those_of_one_account(store: SqlStore) -> None:
    write(store, lambda tx: tx.link(A, ACCOUNT, "a", "arn:managed"))
    write(store, lambda tx: tx.link(A, OTHER, "b", "arn:managed"))
    assert store.read(lambda tx: tx.sources(A, OTHER, "arn:managed")) == ("b",)


def test_a_link_belongs_to_one_account(store: SqlStore) -> None:
    write(store, lambda tx: tx.link(A, ACCOUNT, "a", "p"))
    assert not write(store, lambda tx: tx.unlink(A, OTHER, "a", "p"))
    with pytest.raises(StoreError, match=ACCOUNT):
        write(store, lambda tx: tx.link(A, OTHER, "a", "p"))


def test_a_link_taken_away_and_made_again_is_the_youngest(store: SqlStore) -> None:
    for target in ("p", "q"):
        write(store, lambda tx, t=target: tx.link(A, ACCOUNT, "a", t))
    write(store, lambda tx: tx.unlink(A, ACCOUNT, "a", "p"))
    write(store, lambda tx: tx.link(A, ACCOUNT, "a", "p"))
    assert store.read(lambda tx: tx.targets(A, "a")) == ("q", "p")
