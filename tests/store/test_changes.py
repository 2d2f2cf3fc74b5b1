"""The change log and generations: one line a change, in the same transaction, without what must not be in it."""

from __future__ import annotations

import msgspec
import pytest
from tests.store.nouns import ACCOUNT, AUTHOR, OTHER, Door, add, door, lock, visit, write

from locum.aws.secret import Secret
from locum.store.engine import SqlStore
from locum.store.entity import Relation
from locum.store.errors import StoreError
from locum.store.tx import Tx


def test_every_change_is_one_line_that_says_who_what_before_and_after(store: SqlStore) -> None:
    front = door("front")
    add(store, front)
    put = write(store, lambda tx: tx.put(msgspec.structs.replace(front, text="ash")))
    write(store, lambda tx: tx.link(Relation.BOUNDARY, ACCOUNT, front.id, "arn:x"))
    write(store, lambda tx: tx.remove(put))
    log = store.read(lambda tx: tx.changes(ACCOUNT))
    assert [(line.position, line.verb, line.kind, line.key) for line in log] == [
        (1, "add", "door", front.id),
        (2, "put", "door", front.id),
        (3, "link", "boundary", front.id),
        (4, "unlink", "boundary", front.id),
        (5, "remove", "door", front.id),
    ]
    assert {line.author for line in log} == {AUTHOR}
    assert (log[0].before, log[0].after) == (None, msgspec.to_builtins(front))
    assert (log[1].before, log[1].after) == (log[0].after, msgspec.to_builtins(put))
    assert (log[2].before, log[2].after) == (None, {"target": "arn:x"})
    assert (log[4].before, log[4].after) == (log[1].after, None)


def test_the_log_is_read_by_account_and_from_behind_a_position(store: SqlStore) -> None:
    add(store, door("a"), door("a", account=OTHER), door("b"), door("c"))
    seen = store.read(lambda tx: tx.changes(ACCOUNT, after=1, limit=1))
    assert [(line.position, line.account) for line in seen] == [(3, ACCOUNT)]


def test_unlogged_fields_and_secrets_are_stored_but_in_no_line(store: SqlStore) -> None:
    front = door("front")
    one = lock("one", front, bitting="unlogged-canary", number=3)
    add(store, front, one)
    write(store, lambda tx: tx.put(msgspec.structs.replace(one, number=4)))
    write(store, lambda tx: tx.put_secret(front, "code", Secret("secret-canary")))
    text = repr(store.read(lambda tx: tx.changes(ACCOUNT)))
    assert store.read(lambda tx: tx.get_id(type(one), one.id)).bitting == "unlogged-canary"
    assert "'number': 4" in text  # the log does tell what may be told
    assert "canary" not in text


def test_a_kind_cannot_hide_what_names_it(store: SqlStore) -> None:
    class Hidden(Door, frozen=True, kw_only=True):
        kind = "hidden"
        unlogged = frozenset({"name"})

    with pytest.raises(StoreError, match="`hidden` keeps `name` out of the log"):
        add(store, Hidden(id="h", account=ACCOUNT, name="h", created=AUTHOR.at))


def test_the_generation_is_the_position_of_the_last_change_that_decides(store: SqlStore) -> None:
    def generations() -> tuple[int, int]:
        return store.read(lambda tx: (tx.generation(ACCOUNT), tx.generation(OTHER)))

    seen = [generations()]
    for step in (
        lambda tx: tx.add(door("a")),
        lambda tx: tx.add(visit("v")),
        lambda tx: tx.link(Relation.MEMBERSHIP, ACCOUNT, "a", "b"),
        lambda tx: tx.add(door("a", account=OTHER)),
        lambda tx: tx.put_secret(visit("v"), "code", Secret("x")),
        lambda tx: tx.put_secret(door("a"), "code", Secret("x")),
    ):
        write(store, step)
        seen.append(generations())
    assert seen == [(0, 0), (1, 0), (1, 0), (3, 0), (3, 4), (3, 4), (6, 4)]


def test_a_write_without_an_author_is_refused(store: SqlStore) -> None:
    for step in (
        lambda tx: tx.add(door("a")),
        lambda tx: tx.put(door("a")),
        lambda tx: tx.remove(door("a")),
        lambda tx: tx.link(Relation.MEMBERSHIP, ACCOUNT, "a", "b"),
        lambda tx: tx.unlink(Relation.MEMBERSHIP, ACCOUNT, "a", "b"),
        lambda tx: tx.put_secret(door("a"), "code", Secret("x")),
        lambda tx: tx.remove_secret(door("a"), "code"),
    ):
        with pytest.raises(StoreError, match="needs an author"):
            store.write(step)


def test_what_is_derived_is_kept_until_the_generation_rises(store: SqlStore) -> None:
    made: list[int] = []

    def derived() -> object:
        def make() -> int:
            made.append(1)
            return len(made)

        return store.read(lambda tx: tx.derived(ACCOUNT, ("bound", "a"), make))

    seen = [derived(), derived()]
    add(store, visit("v"), door("a", account=OTHER))
    seen.append(derived())
    add(store, door("a"))
    assert [*seen, derived(), derived()] == [1, 1, 1, 2, 2]


def test_what_is_derived_inside_a_step_that_changed_something_is_never_kept(store: SqlStore) -> None:
    def step(tx: Tx) -> object:
        before = tx.derived(ACCOUNT, "k", lambda: "before")
        tx.add(door("a"))
        return before, tx.derived(ACCOUNT, "k", lambda: "during")

    assert write(store, step) == ("before", "during")
    assert store.read(lambda tx: tx.derived(ACCOUNT, "k", lambda: "after")) == "after"
