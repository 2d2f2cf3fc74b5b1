"""Bodies beyond all measure (rule D1): cut at the cap, and memory stays what it was."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from tests.floods.clients import HEAD, Line, honest, resident, served
from tests.journeys.served import Served

from locum.aws.faults import Refusal
from locum.server import front
from locum.server.caps import LARGEST

GIB = 1 << 30
PIECE = b"x" * 65_536
CHUNK = b"10000\r\n" + PIECE + b"\r\n"
FLAT = 8 << 20


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as started:
        line = Line(started)
        for _ in range(100):
            line.ask(honest(line))
        line.close()
        yield started


def pour(line: Line, piece: bytes, octets: int) -> int:
    """Sends pieces until so many octets are gone or the server has had enough; how many were sent."""
    sent = 0
    try:
        while sent < octets:
            line.socket.sendall(piece)
            sent += len(piece)
    except ConnectionError:
        pass
    return sent


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (f"Content-Length: {GIB}\r\n\r\n".encode(), PIECE),
        (b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
        (b"Transfer-Encoding: chunked\r\n\r\n1", b";x=" + PIECE),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x: " + PIECE + b"\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\nx: ", PIECE),
        (b"X: ", PIECE),
    ],
    ids=["declared", "chunked", "extensions", "trailers", "one trailer", "one header"],
)
def test_a_gibibyte_is_cut_off_and_memory_stays_flat(server: Served, head: bytes, piece: bytes) -> None:
    before = resident(server.process.pid)
    for _ in range(4):
        line = Line(server, sent=HEAD + head)
        assert pour(line, piece, GIB) < GIB / 16
        line.close()
    assert resident(server.process.pid) - before < FLAT
    line = Line(server)
    assert line.ask(honest(line))[0] == 200
    line.close()


def test_the_refusal_is_readable_before_the_rest_is_sent(server: Served) -> None:
    line = Line(server, sent=HEAD + f"Content-Length: {GIB}\r\n\r\n".encode() + PIECE)
    status, body = line.read()
    assert (status, b"RequestEntityTooLarge" in body) == (413, True)
    line.close()


def test_a_refused_body_that_comes_to_its_end_leaves_the_connection_usable(server: Served) -> None:
    line = Line(server, sent=HEAD + f"Content-Length: {LARGEST + 1}\r\n\r\n".encode())
    assert line.read()[0] == 413
    line.socket.sendall(b"x" * (LARGEST + 1))
    assert line.ask(honest(line))[0] == 200
    line.close()


def test_what_is_compressed_stays_so(server: Served) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    before = resident(server.process.pid)
    line = Line(server)
    status, _ = line.ask(HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb)
    assert status in (400, 403, 413)
    assert resident(server.process.pid) - before < FLAT
    line.close()


class Endless:
    """A client that sends 32 MiB, piece by piece."""

    def __init__(self) -> None:
        self.left = 512

    async def __call__(self) -> dict[str, Any]:
        self.left -= 1
        return {"type": "http.request", "body": bytes(65_536), "more_body": self.left > 0}


def most_held(cap: int) -> int:
    """The most memory that reading such a body takes."""
    tracemalloc.start()
    try:
        asyncio.run(front.read_body(Endless(), cap, None))
    except Refusal:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def test_the_cap_counts_while_reading() -> None:
    assert most_held(LARGEST) < 4 * LARGEST


def test_control_without_a_cap_to_the_very_end_everything_is_held() -> None:
    assert most_held(GIB) > 32 << 20
