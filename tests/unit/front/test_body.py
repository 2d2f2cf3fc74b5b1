"""The body is read up to its cap and not a piece further (rule D1)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from tests.unit.front.test_check import scope

from locum.aws.faults import Refusal
from locum.server import front


class Client:
    """A client that sends these pieces and counts how many were asked for."""

    def __init__(self, pieces: Iterable[bytes], *, leaves: bool = False) -> None:
        self._pieces = list(pieces)
        self._leaves = leaves
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if self.asked > len(self._pieces):
            return {"type": "http.disconnect"}
        last = self.asked == len(self._pieces) and not self._leaves
        return {"type": "http.request", "body": self._pieces[self.asked - 1], "more_body": not last}


def read(client: Client, cap: int, declared: int | None = None) -> bytes:
    return asyncio.run(front.read_body(client, cap, declared))


def refusal_of(client: Client, cap: int, declared: int | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(client, cap, declared)
    return caught.value


@pytest.mark.parametrize("pieces", [[b""], [b"abc"], [b"a", b"", b"bc"]])
def test_the_pieces_are_put_together(pieces: list[bytes]) -> None:
    assert read(Client(pieces), 3) == b"".join(pieces)


def test_a_body_of_exactly_the_cap_is_read() -> None:
    assert len(read(Client([b"x" * 100]), 100, 100)) == 100


def test_a_larger_one_is_cut_at_the_piece_that_passes_the_cap() -> None:
    client = Client([b"x" * 60] * 1000)
    refusal = refusal_of(client, 100)
    assert (refusal.code, refusal.status) == ("RequestEntityTooLarge", 413)
    assert client.asked == 2


def test_one_that_says_it_is_larger_is_not_read_at_all() -> None:
    client = Client([b"x"])
    assert refusal_of(client, 100, 2**30).code == "RequestEntityTooLarge"
    assert client.asked == 0


def test_a_client_that_leaves_early_is_refused() -> None:
    assert refusal_of(Client([b"x", b"y"], leaves=True), 100).code == "InvalidRequest"


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ([], None),
        ([(b"content-length", b"012")], 12),
        ([(b"Content-Length", b"0")], 0),
        ([(b"content-length", b"x")], None),
    ],
)
def test_the_declared_length_is_a_whole_number_or_none(headers: list[tuple[bytes, bytes]], length: int | None) -> None:
    assert front.declared_length(scope(*headers)) == length
