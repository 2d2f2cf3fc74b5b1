"""A count is that of the rows, whoever changed them and however their steps ended; one that is known costs nothing."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from tests.store.nouns import ACCOUNT, MASTER_KEY, Door, Lock, add, door, lock, write

from locum.aws.faults import Refusal
from locum.store.engine import SqlStore, open_store
from locum.store.tx import Tx

STEPS = int(os.environ.get("LOCUM_FUZZ", "400"))


class OddError(Exception):
    """What ends a step that must leave nothing."""


def counted(tx: Tx, owners: list[str]) -> list[int]:
    return [
        tx.count(Door, ACCOUNT),
        tx.count(Lock, ACCOUNT),
        tx.count(Lock, ACCOUNT, owner=None),
        *(tx.count(Lock, ACCOUNT, owner=owner) for owner in owners),
    ]


def listed(tx: Tx, owners: list[str]) -> list[int]:
    every = tx.page(Lock, ACCOUNT, owner=None, limit=10_000).items
    of = [len(tx.page(Lock, ACCOUNT, owner=owner, limit=10_000).items) for owner in ("", *owners)]
    return [len(tx.page(Door, ACCOUNT, limit=10_000).items), of[0], len(every), *of[1:]]


def test_counts_are_those_of_the_rows_after_any_steps_of_two_processes(path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    stores = [open_store(path, MASTER_KEY, mode="serve") for _ in range(2)]
    front, back = door("front"), door("back")
    owners = [front.id, back.id]
    add(stores[0], front, back)

    def some(tx: Tx) -> None:
        for _ in range(chance.randrange(1, 4)):
            owner = chance.choice([front, back])
            name = f"l{chance.randrange(6)}"
            found = tx.find_id(Lock, lock(name, owner).id)
            if found is None:
                tx.add(lock(name, owner))
            elif chance.random() < 0.3 and tx.find(Lock, ACCOUNT, "moved", owner=back.id) is None:
                tx.put(msgspec.structs.replace(found, owner=back.id, name="moved"))
            else:
                tx.remove(found)
            if chance.random() < 0.5:
                assert counted(tx, owners) == listed(tx, owners)
        if chance.random() < 0.25:
            raise OddError

    for _ in range(STEPS):
        store = chance.choice(stores)
        with suppress(OddError):
            write(store, some)
        for one in stores:
            if chance.random() < 0.7:
                assert one.read(lambda tx: counted(tx, owners)) == one.read(lambda tx: listed(tx, owners))
    for store in stores:
        store.close()


@pytest.mark.parametrize("taken", [False, True])
def test_one_more_costs_the_same_whatever_is_there(store: SqlStore, taken: bool) -> None:
    """Counted in instructions of SQLite's machine, which are the same on every computer."""
    instructions = 0

    def tick() -> int:
        nonlocal instructions
        instructions += 1
        return 0

    def step(number: int) -> int:
        """The instructions of a step that counts and adds, or is refused for its name."""
        nonlocal instructions

        def counts_and_adds(tx: Tx) -> None:
            tx.count(Door, ACCOUNT)
            tx.add(door("d0" if taken else f"d{number}"))

        instructions = 0
        try:
            write(store, counts_and_adds)
        except Refusal:
            assert taken
        return instructions

    store._commits._connection.set_progress_handler(tick, 1)
    spent: dict[int, int] = {}
    for size in (10, 2_000):
        present = store.read(lambda tx: tx.count(Door, ACCOUNT))
        add(store, *(door(f"d{number}") for number in range(present, size)))
        step(size)  # the first may count
        spent[size] = step(size + 1)
    assert 0 < spent[2_000] < spent[10] * 1.5
