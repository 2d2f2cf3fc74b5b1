"""Whose turn it is to write (rule D7): the order of service is counted, never the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from locum.server.turns import Turns


class ByHand(Executor):
    """Threads that finish a call when the test says so, in the order in which they were given."""

    def __init__(self) -> None:
        self.given: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.given.append((future, lambda: call(*arguments, **named)))
        return future

    def finish(self, at: int = 0) -> None:
        """Lets the call at this place end."""
        future, call = self.given.pop(at)
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)


async def settled() -> None:
    """Lets the loop turn until nothing is left to do but to wait."""
    for _ in range(8):
        await asyncio.sleep(0)


async def served(*asked: str, places: int = 4, share: int = 3, queue: Callable[[str], str] = str) -> list[str]:
    """The accounts in the order in which they were served. `queue` says in whose turn an account waits."""
    by_hand = ByHand()
    turns, order = Turns(by_hand, places, share), []
    tasks = [asyncio.ensure_future(turns.run(queue(one), order.append, one)) for one in asked]
    await settled()
    while by_hand.given:
        assert len(by_hand.given) <= places
        by_hand.finish()
        await settled()
    await asyncio.gather(*tasks)
    assert turns.waiting() == 0
    return order


MANY = ["a"] * 95 + ["b"] * 5


def test_an_account_with_most_of_the_load_does_not_starve_another() -> None:
    order = asyncio.run(served(*MANY))
    assert order.index("b") <= 4
    assert [at for at, one in enumerate(order) if one == "b"][-1] <= 16
    assert sorted(order) == sorted(MANY)


def test_control_in_one_queue_it_does() -> None:
    """The control."""
    order = asyncio.run(served(*MANY, queue=lambda _: "all"))
    assert order == MANY


def test_accounts_that_wait_are_served_round_and_round() -> None:
    order = asyncio.run(served(*"aaaabbbbcccc", places=1, share=1))
    assert "".join(order) == "a" + "abcabcabc" + "bc"  # the first found a free place


def test_alone_an_account_has_its_share_and_one_place_stays_free() -> None:
    async def under_way() -> tuple[int, int]:
        by_hand = ByHand()
        turns = Turns(by_hand, 4, 3)
        tasks = [asyncio.ensure_future(turns.run("a", str)) for _ in range(10)]
        await settled()
        alone = len(by_hand.given)
        tasks.append(asyncio.ensure_future(turns.run("b", str)))
        await settled()
        both = len(by_hand.given)
        while by_hand.given:
            by_hand.finish()
            await settled()
        await asyncio.gather(*tasks)
        return alone, both

    assert asyncio.run(under_way()) == (3, 4)


def test_what_a_call_raises_is_raised_and_gives_its_place_back() -> None:
    async def twice() -> str:
        by_hand = ByHand()
        turns = Turns(by_hand, 1, 1)
        first = asyncio.ensure_future(turns.run("a", lambda: 1 // 0))
        second = asyncio.ensure_future(turns.run("a", lambda: "done"))
        await settled()
        by_hand.finish()
        with pytest.raises(ZeroDivisionError):
            await first
        await settled()
        by_hand.finish()
        return await second

    assert asyncio.run(twice()) == "done"


def test_who_leaves_while_waiting_leaves_the_others_their_places() -> None:
    async def leaving() -> str:
        by_hand = ByHand()
        turns = Turns(by_hand, 1, 1)
        tasks = [asyncio.ensure_future(turns.run("a", str, number)) for number in range(4)]
        await settled()
        tasks[1].cancel()
        await settled()
        by_hand.finish()
        tasks[2].cancel()
        await settled()
        by_hand.finish()
        await settled()
        while by_hand.given:
            by_hand.finish()
            await settled()
        assert turns.waiting() == 0
        return await tasks[3]

    assert asyncio.run(leaving()) == "3"
