"""Steps: each stands or falls alone, though several share a commit; none runs inside another."""

from __future__ import annotations

from threading import Barrier, Event, Thread

import msgspec
import pytest
from tests.store.nouns import ACCOUNT, AUTHOR, Door, add, door, write

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.store.engine import SqlStore
from locum.store.entity import Relation
from locum.store.errors import ClosedError, NestedError, StoreError
from locum.store.tx import Tx


class OddError(Exception):
    """What a step raises that neither we nor AWS know."""


def test_a_step_that_raises_leaves_nothing_and_its_exception_comes_back(store: SqlStore) -> None:
    front = door("front")
    error = OddError("odd")

    def step(tx: Tx) -> None:
        tx.add(front)
        tx.link(Relation.BOUNDARY, ACCOUNT, front.id, "arn:x")
        tx.put_secret(front, "code", Secret("1"))
        raise error

    with pytest.raises(OddError) as raised:
        write(store, step)
    assert raised.value is error
    left = store.read(
        lambda tx: (
            tx.find(Door, ACCOUNT, "front"),
            tx.find_id(Door, front.id),
            tx.targets(Relation.BOUNDARY, front.id),
            tx.changes(ACCOUNT),
            tx.generation(ACCOUNT),
        )
    )
    assert left == (None, None, (), (), 0)


def shared(store: SqlStore, steps: list[object]) -> list[object]:
    """Answers (or exceptions) of steps that share one commit: the first waits until all others are queued."""
    answers: list[object] = [None] * len(steps)
    running, queued = Event(), Event()

    def first(tx: Tx) -> object:
        running.set()
        queued.wait()
        return steps[0](tx)  # type: ignore[operator]

    def client(number: int, step: object) -> None:
        try:
            answers[number] = write(store, step)  # type: ignore[arg-type]
        except Exception as error:
            answers[number] = error

    threads = [Thread(target=client, args=(0, first))]
    threads[0].start()
    running.wait()
    for number, step in enumerate(steps[1:], 1):
        threads.append(Thread(target=client, args=(number, step)))
        threads[-1].start()
        while store._commits._queue.qsize() < number:
            pass
    queued.set()
    for thread in threads:
        thread.join()
    return answers


def test_a_step_of_a_shared_commit_rolls_back_alone(store: SqlStore) -> None:
    def failing(tx: Tx) -> None:
        tx.add(door("lost"))
        tx.put(msgspec.structs.replace(tx.get(Door, ACCOUNT, "one"), text="lost"))
        raise OddError

    answers = shared(store, [lambda tx: tx.add(door("one")), failing, lambda tx: tx.add(door("two"))])
    assert (answers[0], type(answers[1]), answers[2]) == (door("one"), OddError, door("two"))
    seen = store.read(lambda tx: [tx.find(Door, ACCOUNT, name) for name in ("one", "lost", "two")])
    assert seen == [door("one"), None, door("two")]
    assert [line.position for line in store.read(lambda tx: tx.changes(ACCOUNT))] == [1, 2]


def test_steps_of_a_shared_commit_see_one_another_in_order(store: SqlStore) -> None:
    def count(tx: Tx) -> Door:
        one = tx.find(Door, ACCOUNT, "one") or tx.add(door("one"))
        return tx.put(msgspec.structs.replace(one, number=one.number + 1))

    assert sorted(answer.number for answer in shared(store, [count] * 8)) == list(range(1, 9))  # type: ignore[attr-defined]


def test_a_name_taken_earlier_in_the_same_commit_is_taken(store: SqlStore) -> None:
    answers = shared(store, [lambda tx: tx.add(door("one")), lambda tx: tx.add(door("ONE", id="other"))])
    assert isinstance(answers[1], Refusal)
    assert answers[1].code == "EntityAlreadyExists"


def test_no_update_is_lost_among_eight_threads(store: SqlStore) -> None:
    add(store, door("shared"))
    barrier = Barrier(8)

    def client(number: int) -> None:
        barrier.wait()
        for turn in range(25):
            write(store, lambda tx, t=turn: tx.add(door(f"{number}-{t}")))
            write(
                store,
                lambda tx: tx.put(
                    msgspec.structs.replace(
                        tx.get(Door, ACCOUNT, "shared"), number=tx.get(Door, ACCOUNT, "shared").number + 1
                    )
                ),
            )
            assert store.read(lambda tx, t=turn: tx.find(Door, ACCOUNT, f"{number}-{t}")) is not None

    threads = [Thread(target=client, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = store.read(lambda tx: (tx.get(Door, ACCOUNT, "shared").number, tx.count(Door, ACCOUNT)))
    positions = [line.position for line in store.read(lambda tx: tx.changes(ACCOUNT))]
    assert (seen, positions) == ((200, 201), list(range(1, 402)))


def test_clients_that_put_what_they_read_elsewhere_lose_to_the_first(store: SqlStore) -> None:
    add(store, door("shared"))
    stale = store.read(lambda tx: tx.get(Door, ACCOUNT, "shared"))
    answers = shared(store, [lambda tx, n=n: tx.put(msgspec.structs.replace(stale, number=n)) for n in range(1, 5)])
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [refusal.code for refusal in refused] == ["ConcurrentModification"] * 3
    assert store.read(lambda tx: tx.get(Door, ACCOUNT, "shared").version) == 1


def test_a_step_cannot_ask_the_store(store: SqlStore) -> None:
    def nothing(tx: Tx) -> None: ...

    for outer in (store.read, store.write):
        for inner in (store.read, store.write):
            with pytest.raises(NestedError):
                outer(lambda tx, i=inner: i(nothing))
    add(store, door("after"))


def test_a_step_that_only_reads_cannot_write(store: SqlStore) -> None:
    for step in (
        lambda tx: tx.add(door("a")),
        lambda tx: tx.put(door("a")),
        lambda tx: tx.remove(door("a")),
        lambda tx: tx.link(Relation.MEMBERSHIP, ACCOUNT, "a", "b"),
        lambda tx: tx.unlink(Relation.MEMBERSHIP, ACCOUNT, "a", "b"),
        lambda tx: tx.put_secret(door("a"), "code", Secret("x")),
        lambda tx: tx.remove_secret(door("a"), "code"),
        lambda tx: tx.written_by(AUTHOR),
    ):
        with pytest.raises(StoreError, match="only reads"):
            store.read(step)


def test_a_tx_is_over_with_its_step(store: SqlStore) -> None:
    kept: list[Tx] = []
    write(store, kept.append)
    with pytest.raises(StoreError, match="over"):
        kept[0].add(door("late"))
    with pytest.raises(StoreError, match="over"):
        kept[0].count(Door, ACCOUNT)


def test_a_closed_store_refuses(store: SqlStore) -> None:
    store.close()
    for ask in (lambda: store.read(lambda tx: None), lambda: add(store, door("a"))):
        with pytest.raises(ClosedError):
            ask()
    store.close()
