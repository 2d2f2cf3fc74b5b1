"""Entities: found by name and id, added once, put against the version they were made from, removed with their own."""

from __future__ import annotations

import msgspec
import pytest
from tests.store.nouns import ACCOUNT, OTHER, Door, Lock, add, door, lock, visit, write

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.store.engine import SqlStore
from locum.store.entity import Entity, Relation
from locum.store.errors import StoreError
from locum.store.tx import Tx


def found(store: SqlStore, name: str) -> Door | None:
    return store.read(lambda tx: tx.find(Door, ACCOUNT, name))


def test_an_added_entity_is_found_by_name_and_by_id(store: SqlStore) -> None:
    front = door("Front", text="oak", path="/house/")
    add(store, front)
    assert store.read(lambda tx: (tx.find(Door, ACCOUNT, "Front"), tx.find_id(Door, front.id))) == (front, front)


def test_a_name_is_found_without_regard_to_case_and_answered_as_stored(store: SqlStore) -> None:
    add(store, door("Front"))
    assert [store.read(lambda tx, n=n: tx.get(Door, ACCOUNT, n).name) for n in ("front", "FRONT")] == ["Front"] * 2


def test_a_missing_name_is_none_or_refused_in_the_kinds_own_words(store: SqlStore) -> None:
    assert found(store, "Back") is None
    with pytest.raises(Refusal) as refused:
        store.read(lambda tx: tx.get(Door, ACCOUNT, "Back"))
    assert (refused.value.code, refused.value.message) == (
        "NoSuchEntity",
        "The door with name Back cannot be found.",
    )


def test_what_was_missing_is_found_once_it_was_added(store: SqlStore) -> None:
    before = found(store, "Front"), store.read(lambda tx: tx.owned(Lock, "ADOR-1111-Front"))
    add(store, door("Front"), lock("a", door("Front")))
    after = found(store, "Front"), store.read(lambda tx: tx.owned(Lock, "ADOR-1111-Front"))
    assert (before, after) == ((None, ()), (door("Front"), (lock("a", door("Front")),)))


def test_an_id_that_is_not_there_is_none_or_an_error_of_the_store(store: SqlStore) -> None:
    assert store.read(lambda tx: tx.find_id(Door, "ADOR")) is None
    with pytest.raises(StoreError, match="`ADOR`"):
        store.read(lambda tx: tx.get_id(Door, "ADOR"))


def test_a_name_is_taken_once_whatever_its_case(store: SqlStore) -> None:
    add(store, door("Front"))
    with pytest.raises(Refusal) as refused:
        add(store, door("FRONT"))
    assert (refused.value.code, refused.value.message) == (
        "EntityAlreadyExists",
        "Door with name FRONT already exists.",
    )


def test_one_name_may_stand_in_two_accounts_for_two_kinds_and_two_owners(store: SqlStore) -> None:
    front, back = door("front"), door("back")
    add(store, front, back, door("front", account=OTHER), visit("front"), lock("front", front), lock("front", back))
    assert store.read(lambda tx: tx.get(Lock, ACCOUNT, "FRONT", owner=back.id)) == lock("front", back)
    assert store.read(lambda tx: tx.find(Lock, ACCOUNT, "front")) is None


def test_one_id_may_stand_for_two_kinds(store: SqlStore) -> None:
    front = door("front")
    add(store, front, lock("front", front, id=front.id))
    write(store, lambda tx: tx.link(Relation.ATTACHMENT, ACCOUNT, front.id, "arn:x"))
    write(store, lambda tx: tx.remove(tx.get_id(Lock, front.id)))
    seen = store.read(lambda tx: (tx.find_id(Door, front.id), tx.targets(Relation.ATTACHMENT, front.id)))
    assert seen == (front, ("arn:x",))


def test_a_put_counts_and_is_seen(store: SqlStore) -> None:
    add(store, door("front"))
    put = write(store, lambda tx: tx.put(msgspec.structs.replace(tx.get(Door, ACCOUNT, "front"), text="ash")))
    assert (put.version, put.text) == (1, "ash")
    assert store.read(lambda tx: (tx.get(Door, ACCOUNT, "front"), tx.get_id(Door, put.id))) == (put, put)


def test_a_put_of_an_older_version_is_refused(store: SqlStore) -> None:
    first = door("front")
    add(store, first)
    write(store, lambda tx: tx.put(msgspec.structs.replace(first, text="ash")))
    with pytest.raises(Refusal) as refused:
        write(store, lambda tx: tx.put(msgspec.structs.replace(first, text="elm")))
    assert (refused.value.code, found(store, "front").text) == ("ConcurrentModification", "ash")  # type: ignore[union-attr]


def test_a_put_of_what_is_not_there_is_refused(store: SqlStore) -> None:
    with pytest.raises(Refusal, match="multiple requests"):
        write(store, lambda tx: tx.put(door("front")))


def test_a_put_may_rename_and_the_old_name_is_free(store: SqlStore) -> None:
    front = door("front")
    add(store, front)
    assert found(store, "porch") is None
    write(store, lambda tx: tx.put(msgspec.structs.replace(front, name="Porch")))
    assert (found(store, "front"), found(store, "porch").id) == (None, front.id)  # type: ignore[union-attr]
    add(store, door("front", id="another"))


def test_a_put_may_change_the_case_of_its_own_name_but_not_take_anothers(store: SqlStore) -> None:
    front = door("front")
    add(store, front, door("back"))
    again = write(store, lambda tx: tx.put(msgspec.structs.replace(front, name="FRONT")))
    with pytest.raises(Refusal, match="Door with name Back already exists."):
        write(store, lambda tx: tx.put(msgspec.structs.replace(again, name="Back")))


def test_an_entity_does_not_move_to_another_account(store: SqlStore) -> None:
    add(store, door("front"))
    with pytest.raises(StoreError, match=OTHER):
        write(store, lambda tx: tx.put(msgspec.structs.replace(door("front"), account=OTHER)))


def test_a_removed_entity_is_gone_with_its_secrets_and_its_links(store: SqlStore) -> None:
    front, other = door("front"), door("other")
    add(store, front, other)
    write(store, lambda tx: tx.put_secret(front, "code", Secret("4711")))
    write(store, lambda tx: tx.link(Relation.ATTACHMENT, ACCOUNT, front.id, "arn:x"))
    write(store, lambda tx: tx.link(Relation.MEMBERSHIP, ACCOUNT, other.id, front.id))

    def seen() -> object:
        return store.read(
            lambda tx: (
                tx.find(Door, ACCOUNT, "front"),
                tx.find_id(Door, front.id),
                tx.sources(Relation.ATTACHMENT, ACCOUNT, "arn:x"),
                tx.targets(Relation.ATTACHMENT, front.id),
                tx.targets(Relation.MEMBERSHIP, other.id),
            )
        )

    assert seen() == (front, front, (front.id,), ("arn:x",), (front.id,))
    write(store, lambda tx: tx.remove(front))
    assert seen() == (None, None, (), (), ())
    add(store, front)
    with pytest.raises(StoreError, match="no `code`"):
        store.read(lambda tx: tx.secret(front, "code"))


def test_what_is_gone_is_not_removed_again(store: SqlStore) -> None:
    with pytest.raises(Refusal, match="multiple requests"):
        write(store, lambda tx: tx.remove(door("front")))


def test_what_is_owned_is_listed_by_name_without_case(store: SqlStore) -> None:
    front = door("front")
    add(store, front, *(lock(name, front) for name in ("c", "B", "a")), lock("z", door("back")))
    assert [one.name for one in store.read(lambda tx: tx.owned(Lock, front.id))] == ["a", "B", "c"]


def test_owned_follows_every_change(store: SqlStore) -> None:
    front = door("front")
    one = lock("one", front)
    add(store, front)

    def numbers() -> list[int]:
        return [each.number for each in store.read(lambda tx: tx.owned(Lock, front.id))]

    seen = [numbers()]
    add(store, one)
    seen.append(numbers())
    one = write(store, lambda tx: tx.put(msgspec.structs.replace(one, number=7)))
    seen.append(numbers())
    write(store, lambda tx: tx.remove(one))
    assert [*seen, numbers()] == [[], [0], [7], []]


def test_owned_by_nobody_is_not_a_question(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="`owned`"):
        store.read(lambda tx: tx.owned(Door, ""))


def test_a_write_step_sees_what_it_wrote(store: SqlStore) -> None:
    front = door("front")

    def step(tx: Tx) -> object:
        assert tx.find(Door, ACCOUNT, "front") is None
        tx.add(front)
        tx.link(Relation.BOUNDARY, ACCOUNT, front.id, "arn:x")
        return (
            tx.find(Door, ACCOUNT, "front"),
            tx.targets(Relation.BOUNDARY, front.id),
            tx.count(Door, ACCOUNT),
            tx.generation(ACCOUNT),
        )

    assert write(store, step) == (front, ("arn:x",), 1, 2)


def test_a_secret_is_no_field(store: SqlStore) -> None:
    class Bad(Entity, frozen=True, kw_only=True):
        kind = "bad"
        missing = exists = "{name}"
        word: object = None

    front = door("front")
    bad = Bad(id="b", account=ACCOUNT, name="b", created=front.created, word=Secret("swordfish"))
    with pytest.raises(StoreError, match="`bad` cannot be stored") as refused:
        add(store, bad)
    assert "swordfish" not in str(refused.value)
