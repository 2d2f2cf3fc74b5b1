"""One account with most of the writes, another with a few, through the whole server (rule D7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.served import Client, ServedHouse, request
from tests.unit.server.asgi import application, scope_of

from locum.server.app import OTHERS, WRITERS, App

MANY, FEW = 4 * WRITERS, 5


@pytest.fixture
def served() -> Iterator[ServedHouse]:
    house = ServedHouse()
    yield house
    house.close()


async def order(app: App, asked: list[tuple[str, Any]]) -> str:
    """Who was answered, one letter each, in the order of the answers; all must succeed."""
    done: list[str] = []

    async def one(letter: str, asking: Any) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": asking.body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                assert message["status"] == 200
                done.append(letter)

        await app(scope_of(asking), receive, send)

    await asyncio.gather(*(one(*each) for each in asked))
    return "".join(done)


def writes(letter: str, client: Client, count: int) -> list[tuple[str, Any]]:
    """So many new users, asked for by this client."""
    return [
        (letter, client.signed(request("iam:CreateUser", {"UserName": f"{letter}{number}"}), "iam"))
        for number in range(count)
    ]


def served_before(served: ServedHouse, few: Client) -> int:
    """How many were answered before the last of the few, who came when everybody else was in line."""
    asked = writes("a", served.admin, MANY) + writes("b", few, FEW)
    return asyncio.run(order(application(served), asked)).rindex("b")


def test_another_account_finds_a_place_at_once(served: ServedHouse) -> None:
    assert served_before(served, served.other_admin) <= WRITERS + OTHERS + FEW


def test_control_somebody_of_the_same_account_waits_in_its_line(served: ServedHouse) -> None:
    """The control: it is the account that counts."""
    assert served_before(served, served.root) > MANY - WRITERS - OTHERS


def test_who_is_refused_never_waits_in_any_line(served: ServedHouse) -> None:
    nobody = served.user("nobody")
    asked = writes("a", served.admin, MANY)
    refused = nobody.signed(request("iam:CreateUser", {"UserName": "x"}), "iam")

    async def both() -> str:
        app, sent = application(served), []

        async def receive() -> Any:
            return {"type": "http.request", "body": refused.body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message.get("status"))

        others = asyncio.ensure_future(order(app, asked))
        await asyncio.sleep(0)
        await app(scope_of(refused), receive, send)
        assert sent[0] == 403
        assert not others.done()
        return await others

    assert asyncio.run(both()) == "a" * MANY
