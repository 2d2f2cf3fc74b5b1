"""A step that reads sees one state, whatever is written meanwhile. These tests try to show it two."""

from __future__ import annotations

import os
import random
from threading import Event, Thread

import msgspec
import pytest
from tests.store.nouns import ACCOUNT, Door, Lock, add, door, lock, write

from locum.store.engine import SqlStore
from locum.store.entity import Relation
from locum.store.tx import Tx

LEFT, RIGHT = door("left"), door("right")


def both(store: SqlStore, number: int) -> None:
    """Sets both doors to a number, in one step."""

    def step(tx: Tx) -> None:
        for name in ("left", "right"):
            tx.put(msgspec.structs.replace(tx.get(Door, ACCOUNT, name), number=number))

    write(store, step)


def elsewhere(action: object, *arguments: object) -> None:
    """Runs it in another thread and waits for it."""
    thread = Thread(target=action, args=arguments)  # type: ignore[arg-type]
    thread.start()
    thread.join()


def test_a_commit_between_two_answers_makes_the_step_run_again(store: SqlStore) -> None:
    add(store, LEFT, RIGHT)
    store.read(lambda tx: tx.get(Door, ACCOUNT, "left"))  # now it is kept, and reading it opens nothing
    runs: list[int] = []

    def step(tx: Tx) -> tuple[int, int]:
        runs.append(1)
        left = tx.get(Door, ACCOUNT, "left").number
        if len(runs) == 1:
            elsewhere(both, store, 1)
        return left, tx.get_id(Door, RIGHT.id).number

    assert (store.read(step), len(runs)) == ((1, 1), 2)


def test_two_steps_do_see_two_states(store: SqlStore) -> None:
    """The control: without one step around them, the same two questions are answered from different states."""
    add(store, LEFT, RIGHT)
    left = store.read(lambda tx: tx.get(Door, ACCOUNT, "left").number)
    elsewhere(both, store, 1)
    assert (left, store.read(lambda tx: tx.get(Door, ACCOUNT, "right").number)) == (0, 1)


def test_an_exception_from_between_two_states_does_not_come_out(store: SqlStore) -> None:
    add(store, LEFT, RIGHT)
    store.read(lambda tx: (tx.get(Door, ACCOUNT, "left"), tx.get(Door, ACCOUNT, "right")))
    runs: list[int] = []

    def step(tx: Tx) -> int:
        left = tx.get(Door, ACCOUNT, "left").number
        runs.append(left)
        if len(runs) == 1:
            elsewhere(both, store, 1)
        if tx.get(Door, ACCOUNT, "right").number != left:
            raise AssertionError("two states")
        return left

    assert (store.read(step), len(runs)) == (1, 2)


def test_a_step_that_is_always_disturbed_is_answered_all_the_same(store: SqlStore) -> None:
    add(store, LEFT, RIGHT)
    runs: list[int] = []

    def step(tx: Tx) -> tuple[int, int]:
        runs.append(1)
        if len(runs) <= 3:
            elsewhere(both, store, len(runs))
        return tx.get(Door, ACCOUNT, "left").number, tx.get(Door, ACCOUNT, "right").number

    assert (store.read(step), len(runs)) == ((3, 3), 4)


def test_a_step_whose_answers_are_kept_asks_no_table(store: SqlStore) -> None:
    add(store, LEFT, lock("a", LEFT))

    def step(tx: Tx) -> object:
        return (
            tx.get(Door, ACCOUNT, "left"),
            tx.find(Door, ACCOUNT, "nobody"),
            tx.owned(Lock, LEFT.id),
            tx.targets(Relation.BOUNDARY, LEFT.id),
            tx.sources(Relation.BOUNDARY, ACCOUNT, "arn:x"),
            tx.generation(ACCOUNT),
        )

    asked: list[str] = []
    store.read(step)
    for connection in [store._connection, *(reader.connection for reader in getattr(store._readers, "_free", []))]:
        connection.set_trace_callback(asked.append)
    store.read(step)
    assert [text for text in asked if text != "PRAGMA data_version"] == []
    store.read(lambda tx: tx.find(Door, ACCOUNT, "somebody"))
    assert any("SELECT" in text for text in asked)  # the trace does see what is asked


@pytest.mark.parametrize("seed", [int(os.environ.get("LOCUM_SEED") or random.randrange(1 << 32))], ids=["random"])
def test_no_reader_ever_sees_half_a_change(store: SqlStore, seed: int) -> None:
    """Writers keep the two doors equal, their locks as many as the number says, and links as many as locks."""
    add(store, LEFT, RIGHT)
    done = Event()
    halves: list[object] = []
    states: set[int] = set()

    def grow(tx: Tx) -> None:
        left = tx.get(Door, ACCOUNT, "left")
        number = left.number + 1 if left.number < 5 else 0
        for one in (left, tx.get_id(Door, RIGHT.id)):
            tx.put(msgspec.structs.replace(one, number=number))
        if number:
            made = tx.add(lock(str(number), LEFT, number=number))
            tx.link(Relation.ATTACHMENT, ACCOUNT, made.id, "arn:x")
        else:
            for one in tx.owned(Lock, LEFT.id):
                tx.remove(one)

    def look(seed: int) -> None:
        chance = random.Random(seed)
        questions = [
            lambda tx: tx.get(Door, ACCOUNT, "left").number,
            lambda tx: tx.get_id(Door, RIGHT.id).number,
            lambda tx: tx.get(Door, ACCOUNT, "RIGHT").number,
            lambda tx: len(tx.owned(Lock, LEFT.id)),
            lambda tx: len(tx.sources(Relation.ATTACHMENT, ACCOUNT, "arn:x")),
            lambda tx: tx.count(Lock, ACCOUNT, owner=LEFT.id),
            lambda tx: len(tx.page(Lock, ACCOUNT, owner=None).items),
            lambda tx: next(n for n in range(5, -1, -1) if n == 0 or tx.find(Lock, ACCOUNT, str(n), owner=LEFT.id)),
        ]
        while not done.is_set():
            asked = chance.sample(questions, 4)
            answers = store.read(lambda tx, a=asked: [question(tx) for question in a])
            states.add(answers[0])
            if len(set(answers)) != 1:
                halves.append(answers)

    print(f"seed {seed}")
    readers = [Thread(target=look, args=(seed + number,)) for number in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(120):
        write(store, grow)
    done.set()
    for reader in readers:
        reader.join()
    assert halves == []
    assert len(states) > 1  # the readers did see the writers move
