"""Two stores over one file stand for two processes: what one acknowledges counts with the other's next step (R4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from tests.store.nouns import ACCOUNT, MASTER_KEY, Door, Lock, add, door, lock, visit, write

from locum.aws.secret import Secret
from locum.store.engine import SqlStore, open_store
from locum.store.entity import Relation
from locum.store.errors import BusyError
from locum.store.reads import BEHIND

Pair = tuple[SqlStore, SqlStore]


@pytest.fixture
def pair(path: Path) -> Iterator[Pair]:
    stores = tuple(open_store(path, MASTER_KEY, mode="serve") for _ in range(2))
    yield stores  # type: ignore[misc]
    for store in stores:
        store.close()


def test_what_the_other_changed_counts_at_once_for_every_question(pair: Pair) -> None:
    here, there = pair
    front = door("front")
    add(there, front, lock("a", front))
    write(there, lambda tx: tx.put_secret(front, "code", Secret("old")))

    def seen() -> object:
        return here.read(
            lambda tx: (
                tx.get(Door, ACCOUNT, "front").text,
                tx.get_id(Door, front.id).text,
                [one.name for one in tx.owned(Lock, front.id)],
                tx.find(Door, ACCOUNT, "back"),
                tx.targets(Relation.BOUNDARY, front.id),
                tx.sources(Relation.BOUNDARY, ACCOUNT, "arn:x"),
                tx.secret(front, "code").reveal(),
                tx.generation(ACCOUNT),
            )
        )

    assert seen() == ("", "", ["a"], None, (), (), "old", 3)
    write(there, lambda tx: tx.put(msgspec.structs.replace(tx.get(Door, ACCOUNT, "front"), text="ash")))
    write(there, lambda tx: tx.put_secret(front, "code", Secret("new")))
    write(there, lambda tx: tx.link(Relation.BOUNDARY, ACCOUNT, front.id, "arn:x"))
    write(there, lambda tx: tx.remove(tx.get(Lock, ACCOUNT, "a", owner=front.id)))
    add(there, lock("b", front), door("back"))
    assert seen() == ("ash", "ash", ["b"], door("back"), ("arn:x",), (front.id,), "new", 9)


def test_what_decides_nothing_counts_as_well(pair: Pair) -> None:
    here, there = pair
    add(there, visit("v"))
    assert here.read(lambda tx: tx.get(visit("v").__class__, ACCOUNT, "v").count) == 0
    write(there, lambda tx: tx.put(msgspec.structs.replace(visit("v"), count=1)))
    assert here.read(lambda tx: tx.get(visit("v").__class__, ACCOUNT, "v").count) == 1


def test_a_write_step_works_on_what_the_other_wrote(pair: Pair) -> None:
    here, there = pair
    add(here, door("front"))
    here.read(lambda tx: tx.get(Door, ACCOUNT, "front"))
    for store in (there, here, there, here):
        write(
            store,
            lambda tx: tx.put(
                msgspec.structs.replace(
                    tx.get(Door, ACCOUNT, "front"), number=tx.get(Door, ACCOUNT, "front").number + 1
                )
            ),
        )
    assert [store.read(lambda tx: tx.get(Door, ACCOUNT, "front").number) for store in pair] == [4, 4]


def test_a_store_that_is_far_behind_forgets_and_is_right(pair: Pair) -> None:
    here, there = pair
    add(here, door("front"))
    assert here.read(lambda tx: tx.get(Door, ACCOUNT, "front").number) == 0
    write(there, lambda tx: tx.put(msgspec.structs.replace(tx.get(Door, ACCOUNT, "front"), number=1)))
    write(there, lambda tx: [tx.link(Relation.ATTACHMENT, ACCOUNT, "a", str(n)) for n in range(BEHIND + 1)])
    assert here.read(lambda tx: tx.get(Door, ACCOUNT, "front").number) == 1


def test_two_processes_that_write_at_once_lose_nothing(pair: Pair) -> None:
    add(pair[0], door("shared"))

    def client(store: SqlStore) -> None:
        for _ in range(50):
            write(
                store,
                lambda tx: tx.put(
                    msgspec.structs.replace(
                        tx.get(Door, ACCOUNT, "shared"), number=tx.get(Door, ACCOUNT, "shared").number + 1
                    )
                ),
            )

    threads = [Thread(target=client, args=(store,)) for store in pair for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.read(lambda tx: tx.get(Door, ACCOUNT, "shared").number) for store in pair] == [200, 200]


def test_a_write_that_gets_no_turn_writes_nothing_and_the_next_one_does(path: Path) -> None:
    store = open_store(path, MASTER_KEY, mode="serve")
    store._commits._connection.execute("PRAGMA busy_timeout = 0")  # the test need not wait for five seconds
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError):
        add(store, door("front"))
    assert store.read(lambda tx: tx.find(Door, ACCOUNT, "front")) is None
    other.execute("ROLLBACK")
    other.close()
    add(store, door("front"))
    assert (store.read(lambda tx: tx.count(Door, ACCOUNT)), store.failure) == (1, None)
    store.close()
