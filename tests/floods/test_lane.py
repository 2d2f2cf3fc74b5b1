"""Who proved nothing waits for a turn of the loop, and who is known for one of them at most (rules D5, D7): turns and
answers are counted, never the time."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import uvicorn
from tests.served import ServedHouse, request
from tests.unit.server.asgi import application, scope_of

from locum.http import Request
from locum.server.app import App
from locum.server.buckets import Rates
from locum.server.lane import BURST, Lane, Later
from locum.server.limits import Limits
from locum.server.timeouts import Connections, Timed, loop
from locum.sigv4 import claimed_key_id

FLOOD = 60


def at_once() -> float:
    """A clock for which no turn takes time."""
    return 0.0


async def turns_of(*asked: Callable[[], Awaitable[None]], names: str) -> list[str]:
    """Who was called in each turn of the loop, until all were."""
    called: list[str] = []

    async def one(name: str, turn: Callable[[], Awaitable[None]]) -> None:
        await turn()
        called.append(name)

    tasks = [asyncio.ensure_future(one(*each)) for each in zip(names, asked, strict=True)]
    seen = []
    while len(called) < len(names):
        before = len(called)
        await asyncio.sleep(0)
        seen.append("".join(called[before:]))
    await asyncio.gather(*tasks)
    return [turn for turn in seen if turn]


def test_alone_one_has_this_very_turn() -> None:
    async def alone() -> tuple[bool, bool, bool]:
        lane = Lane(at_once)
        before = lane.free
        await lane.turn("a")
        during = lane.free
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return before, during, lane.free

    assert asyncio.run(alone()) == (True, False, True)


def test_each_turn_is_one_callers() -> None:
    async def many() -> list[str]:
        lane = Lane(at_once)
        turns = await turns_of(*(lambda: lane.turn("x") for _ in "abcde"), names="abcde")
        assert (lane.waiting(), lane.free) == (0, True)
        return turns

    assert asyncio.run(many()) == ["a", "b", "c", "d", "e"]


def test_addresses_that_wait_are_called_round_and_round() -> None:
    async def many() -> list[str]:
        lane = Lane(at_once)
        return await turns_of(*(lambda name=name: lane.turn(name) for name in "aaaabbc"), names="aaaabbc")

    assert "".join(asyncio.run(many())) == "aabcaba"


def test_long_turns_leave_the_loop_to_others_and_short_ones_do_not() -> None:
    """A turn that takes as long as a burst is followed by as much time for everybody else, counted in turns."""

    async def between(step: float) -> int:
        ticks = itertools.count()
        lane, called = Lane(lambda: next(ticks) * step), 0

        async def one() -> None:
            nonlocal called
            await lane.turn("x")
            called += 1

        tasks = [asyncio.ensure_future(one()) for _ in range(8)]
        idle = 0
        while called < len(tasks):
            before = called
            await asyncio.sleep(0)
            idle += called == before
        await asyncio.gather(*tasks)
        return idle

    assert asyncio.run(between(BURST / 100)) <= 2
    assert asyncio.run(between(BURST * 2)) > 20


def test_who_left_costs_nobody_a_turn() -> None:
    async def leaving() -> int:
        lane, done = Lane(at_once), []
        tasks = [asyncio.ensure_future(lane.turn("x")) for _ in range(5)]
        await asyncio.sleep(0)
        for task in tasks[1:4]:
            task.cancel()
        tasks[4].add_done_callback(done.append)
        turns = 0
        while not done:
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(leaving()) <= 4


def test_who_is_told_later_is_told_in_order_and_one_in_a_turn() -> None:
    async def later() -> list[str]:
        room = Later(0.0)
        return await turns_of(*(room.turn for _ in "abcd"), names="abcd")

    assert asyncio.run(later()) == ["a", "b", "c", "d"]


def test_who_comes_when_the_last_was_told_is_told_as_well() -> None:
    async def twice() -> int:
        room = Later(0.001)
        for _ in range(3):
            await room.turn()
        return 3

    assert asyncio.run(twice()) == 3


async def answered(app: App, asked: list[tuple[str, Request, str]], *, late: int = 0) -> str:
    """Who was answered, a letter each, in the order of the answers. With each request comes its address.

    The bodies of the first so many are `late`: they come all at once, when all of these are awaited, and the other
    requests come behind them."""
    done: list[str] = []
    awaited, come = itertools.count(1), asyncio.Event()

    async def one(letter: str, asking: Request, address: str, *, is_late: bool) -> None:
        async def receive() -> Any:
            if is_late:
                if next(awaited) == late:
                    come.set()
                await come.wait()
            return {"type": "http.request", "body": asking.body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                done.append(letter)

        if late and not is_late:
            await come.wait()
            await asyncio.sleep(0)  # behind the bodies
        await app(scope_of(asking, client=(address, 1)), receive, send)

    await asyncio.gather(*(one(*each, is_late=at < late) for at, each in enumerate(asked)))
    return "".join(done)


@pytest.fixture
def served() -> Iterator[ServedHouse]:
    house = ServedHouse()
    yield house
    house.close()


def order(served: ServedHouse, rate: int, *, late: bool = False) -> str:
    """The order of answers to many that prove nothing, to `k`, who was known before, and `n`, who is new; both come
    last. With `late` the bodies of the many come after their heads, all at once."""
    served.house.rates = Rates(rate, 0)
    app = application(served)
    who = served.admin.signed(request("sts:GetCallerIdentity"), "sts")
    forged = Request(who.method, who.path, who.query, who.headers, who.body + b"x")
    flood = [("f", forged, "192.0.2.2")] * FLOOD

    async def asked() -> str:
        await answered(app, [("k", who, "192.0.2.1")])
        both = [("n", who, "192.0.2.3"), ("k", who, "192.0.2.1")]
        return await answered(app, [*flood, *both], late=FLOOD if late else 0)

    return asyncio.run(asked())


def test_beside_a_flood_who_is_known_is_answered_at_once_and_who_is_new_before_most(served: ServedHouse) -> None:
    found = order(served, 1000)
    assert found.index("k") <= 2
    assert found.index("n") <= 4
    assert len(found) == FLOOD + 2


def test_a_flood_whose_bodies_are_late_waits_for_its_turn_once_more(served: ServedHouse) -> None:
    found = order(served, 1000, late=True)
    assert max(found.index("k"), found.index("n")) < FLOOD / 4
    assert len(found) == FLOOD + 2


def test_who_waited_for_something_has_lost_the_turn() -> None:
    async def twice() -> tuple[bool, bool, bool]:
        lane = Lane(at_once)
        first = await lane.turn("a")
        before = lane.lasts(first)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        after = lane.lasts(first)
        await lane.turn("b")
        return before, after, lane.lasts(first)

    assert asyncio.run(twice()) == (True, False, False)


def test_control_without_the_lane_late_bodies_are_all_read_first(served: ServedHouse) -> None:
    """The control."""
    assert order(served, 0, late=True) == "f" * FLOOD + "nk"


def test_control_without_the_lane_both_wait_for_the_whole_flood(served: ServedHouse) -> None:
    """The control."""
    assert order(served, 0) == "f" * FLOOD + "nk"


def test_the_claimed_key_is_the_carrier_s_and_nothing_else_is() -> None:
    full = b"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-east-1/sts/aws4_request, SignedHeaders=host"
    assert claimed_key_id([(b"host", b"x"), (b"authorization", full)]) == "AKIAIOSFODNN7EXAMPLE"
    for name, value in ((b"x-authorization", full), (b"authorization", b"Bearer x"), (b"authorization", b"\xff" * 9)):
        assert claimed_key_id([(name, value)]) == ""


def left_behind(connection: type[Timed]) -> int:
    """How many connections of this kind are for the collector alone to find, after ten came and went."""
    connections = Connections(64)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def come_and_go() -> int:
        config = uvicorn.Config(app, lifespan="off", log_config=None)
        config.load()
        state = uvicorn.server.ServerState()

        def made() -> Timed:
            return connection(config=config, server_state=state, app_state={}, open=connections)

        server = await asyncio.get_running_loop().create_server(made, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        for _ in range(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            writer.close()
            await writer.wait_closed()
        while len(connections):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        found = sum(isinstance(one, connection) for one in gc.get_objects())
        server.close()
        return found

    gc.collect()
    gc.disable()
    try:
        return loop(Limits())().run_until_complete(come_and_go())
    finally:
        gc.enable()


def test_a_connection_that_ended_leaves_nothing_for_the_collector() -> None:
    """A flood of connections would else make the collector's pauses everybody's."""
    assert left_behind(Timed) == 0


class Tied(Timed):
    """A connection that refers to itself, as uvicorn's do."""

    def connection_made(self, transport: Any) -> None:
        self.itself = self
        super().connection_made(transport)


def test_control_one_that_refers_to_itself_does() -> None:
    """The control."""
    assert left_behind(Tied) == 10
