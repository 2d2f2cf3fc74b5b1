"""Refusals leave nothing behind: for the collector, whose pauses are everybody's, nor in the log (rules D7, D8)."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.floods.clients import Line, forged, honest, served
from tests.served import ServedHouse, request
from tests.unit.server.asgi import application, scope_of

from locum.aws.faults import Refusal
from locum.http import Request

MANY = 20


@pytest.fixture
def house() -> Iterator[ServedHouse]:
    made = ServedHouse()
    yield made
    made.close()


def refusals_left(call: Callable[[], object]) -> int:
    """How many refusals only the collector would find, after so many calls."""
    gc.collect()
    gc.disable()
    try:
        before = _refusals()  # others may be held for good
        for _ in range(MANY):
            call()
        return _refusals() - before
    finally:
        gc.enable()


def _refusals() -> int:
    return sum(isinstance(one, Refusal) for one in gc.get_objects())


def test_a_refused_call_leaves_nothing_for_the_collector(house: ServedHouse) -> None:
    app = application(house)
    right = house.admin.signed(request("sts:GetCallerIdentity"), "sts")
    refused = [
        Request(right.method, right.path, right.query, right.headers, right.body + b"x"),
        Request(right.method, right.path, right.query, right.headers[:1], right.body),
        house.admin.signed(request("iam:GetRole", {"RoleName": "nobody"}), "iam"),
    ]
    statuses: list[int] = []

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    async def ask(asking: Request) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": asking.body, "more_body": False}

        await app(scope_of(asking), receive, send)

    with asyncio.Runner() as runner:
        assert refusals_left(lambda: [runner.run(ask(asking)) for asking in refused]) == 0
    assert {*statuses} - {0} == {400, 403, 404}


def test_control_a_refusal_that_its_own_frame_holds_is_left() -> None:
    def hold() -> None:
        held: Refusal | None = None
        try:
            raise Refusal("AccessDenied", "no")
        except Refusal as caught:
            held = caught
        assert held is not None

    assert refusals_left(hold) == MANY


def test_who_sends_on_and_on_unanswered_is_cut_off_and_nobody_else_is() -> None:
    with served() as server:
        line, new, other = Line(server), Line(server), Line(server)
        asked = honest(line)
        for count in (3, 60):
            line.socket.sendall(asked * count)
            assert [line.read()[0] for _ in range(count)] == [200] * count
        new.socket.sendall(asked * 40)
        assert new.ended()
        line.socket.sendall(asked * 100)
        assert line.ended()
        assert other.ask(asked)[0] == 200


def test_who_leaves_before_the_answers_to_several_requests_is_no_fault_in_the_log() -> None:
    with served() as server:
        lines = [Line(server) for _ in range(MANY)]
        for line in lines:
            line.socket.sendall(forged(line) * 2)
            line.close()
        assert Line(server).ask(honest(Line(server)))[0] == 200
        assert "Exception" not in server.errors()
