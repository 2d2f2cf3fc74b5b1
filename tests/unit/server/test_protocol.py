"""Joining writes: what goes out, in how many pieces, and that nothing is lost or overtaken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from locum.server.protocol import Joined


class Wire:
    """A transport that notes what it is told, and a loop that turns when the test says so."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.later: list[Callable[[], object]] = []

    def write(self, octets: bytes) -> None:
        self.said.append(octets)

    def close(self) -> None:
        self.said.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.said

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"

    def call_soon(self, callback: Callable[[], object]) -> None:
        self.later.append(callback)

    def turn(self) -> None:
        for callback in self.later:
            callback()
        self.later.clear()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def joined(wire: Wire) -> Joined:
    return Joined(wire, wire)  # type: ignore[arg-type]


def test_head_and_body_go_out_as_one(wire: Wire, joined: Joined) -> None:
    joined.write(b"head")
    joined.write(b"body")
    assert wire.said == [b"headbody"]


def test_what_was_sent_already_is_not_sent_again_when_the_loop_turns(wire: Wire, joined: Joined) -> None:
    joined.write(b"head")
    joined.write(b"body")
    wire.turn()
    assert wire.said == [b"headbody"]


def test_a_head_without_a_body_goes_out_when_the_loop_turns(wire: Wire, joined: Joined) -> None:
    joined.write(b"head")
    assert wire.said == []
    wire.turn()
    assert wire.said == [b"head"]


def test_an_empty_body_sends_the_head(wire: Wire, joined: Joined) -> None:
    joined.write(b"head")
    joined.write(b"")
    assert wire.said == [b"head"]


def test_closing_sends_what_is_held_first(wire: Wire, joined: Joined) -> None:
    joined.write(b"head")
    joined.close()
    wire.turn()
    assert wire.said == [b"head", "closed"]


def test_many_answers_stay_in_their_order(wire: Wire, joined: Joined) -> None:
    for number in range(7):
        joined.write(b"%d" % number)
        if number == 4:
            wire.turn()
    wire.turn()
    assert b"".join(wire.said) == b"0123456"


def test_everything_else_is_the_transport_below(wire: Wire, joined: Joined) -> None:
    assert joined.get_extra_info("socket") == "the socket"
    assert not joined.is_closing()
    joined.close()
    assert joined.is_closing()


def test_what_is_written_to_a_connection_that_has_ended_is_dropped(wire: Wire, joined: Joined) -> None:
    joined.write(b"head")
    wire.close()
    joined.write(b"body")
    joined.write(b"more")
    wire.turn()
    assert wire.said == ["closed"]
