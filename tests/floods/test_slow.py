"""Clients that take their time, or never finish: they are ended, and honest ones beside them are answered (rule D2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.floods.clients import HEAD, HEALTH, PATIENCE, SLOW, Line, honest, open_now, served
from tests.journeys import tls
from tests.journeys.served import Served


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A server that waits a second for a head, and two for the next request."""
    with served(head_seconds=1, idle_seconds=2, connections=SLOW + 64) as server:
        yield server


@pytest.fixture(scope="module")
def patient() -> Iterator[Served]:
    """The control: a server that waits."""
    with served(head_seconds=600, idle_seconds=600, connections=SLOW + 64) as server:
        yield server


UNFINISHED = [b"", b"P", HEAD, b"\r\n\r\n", HEAD + b"Content-Length: 9\r\nX: ", b"GET /_locum/health"]


def test_a_head_that_does_not_come_ends_the_connection(hasty: Served) -> None:
    ending = [Line(hasty, sent=sent) for sent in UNFINISHED]
    assert [line.ended() for line in ending] == [True] * len(UNFINISHED)


def test_control_a_server_that_waits_keeps_every_one_of_them_for_as_long(hasty: Served, patient: Served) -> None:
    waiting, ending = ([Line(server, sent=sent) for sent in UNFINISHED] for server in (patient, hasty))
    assert all(line.ended() for line in ending)
    assert open_now(waiting) == len(UNFINISHED)
    for line in waiting:
        line.close()


def test_one_octet_now_and_then_is_not_a_head(hasty: Served, patient: Served) -> None:
    """The octets do not stop before the connection ends, however late that is on a busy machine."""
    for server, octets, kept in ((hasty, 8 * PATIENCE, False), (patient, 10, True)):
        line = Line(server, sent=HEAD + b"X: ")
        assert fed(line, octets) is kept
        line.close()


def fed(line: Line, octets: int) -> bool:
    """Whether a connection outlives so many octets, one each eighth of a second."""
    for _ in range(octets):
        if line.ended(0.125):
            return False
        try:
            line.socket.sendall(b"x")
        except ConnectionError:
            return False
    return True


def test_a_connection_without_a_next_request_ends(hasty: Served, patient: Served) -> None:
    ending, waiting = ([Line(server) for _ in range(3)] for server in (hasty, patient))
    for lines in (ending, waiting):
        for line, begun in zip(lines, (b"", b"\r\n", b"G"), strict=True):
            assert line.ask(HEALTH)[0] == 200
            line.socket.sendall(begun)
    assert all(line.ended() for line in ending)
    assert open_now(waiting) == 3
    for line in waiting:
        line.close()


def test_a_body_that_stands_still_ends_the_connection(hasty: Served) -> None:
    """The control: where an octet a second is enough a body may take its time, and is answered when it comes."""
    bodies = (b"Content-Length: 100\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    with served(body_rate=1) as modest:
        slow = Line(modest)
        asked = honest(slow)
        slow.socket.sendall(asked[:-30])
        lines = [Line(hasty, sent=HEAD + body) for body in bodies]
        assert [line.ended() for line in lines] == [True, True]
        assert slow.ask(asked[-30:])[0] == 200
        slow.close()


def test_many_slow_clients_are_ended_and_an_honest_one_is_answered_meanwhile(hasty: Served, patient: Served) -> None:
    """`LOCUM_SLOW` says how many."""
    counts = []
    for server in (hasty, patient):
        slow = [Line(server, sent=HEAD + b"X: x") for _ in range(SLOW)]
        for _ in range(20):
            line = Line(server)
            assert line.ask(honest(line))[0] == 200
            line.close()
        if server is hasty:
            assert all(line.ended() for line in slow)
        counts.append(open_now(slow))
        for line in slow:
            line.close()
    assert counts == [0, SLOW]


def test_a_full_house_ends_whoever_proved_nothing_and_keeps_whoever_did() -> None:
    with served(connections=16) as server:
        known = Line(server)
        assert known.ask(honest(known))[0] == 200
        slow = [Line(server, sent=HEAD) for _ in range(64)]
        late = Line(server)
        assert late.ask(honest(late))[0] == 200
        assert open_now(slow) <= 14
        assert open_now([known]) == 1
        assert known.ask(honest(known))[0] == 200
        for line in (known, late, *slow):
            line.close()


def test_a_head_without_measure_is_cut_off(hasty: Served) -> None:
    line = Line(hasty, sent=HEAD + b"X: " + b"x" * 70_000)
    assert line.read()[0] == 400
    assert line.ended(PATIENCE)


def test_a_trailer_is_no_header(hasty: Served) -> None:
    line = Line(hasty)
    plain = honest(line).partition(b"\r\n\r\n")[0].split(b"\r\n")
    head = [part for part in plain if not part.startswith(b"content-length")]
    body = b"2b\r\nAction=GetCallerIdentity&Version=2011-06-15\r\n"
    chunked = b"\r\n".join([*head, b"transfer-encoding: chunked"]) + b"\r\n\r\n"
    line.socket.sendall(chunked)
    assert line.ask(body + b"0\r\nX-Amz-Evil: 1\r\nHost: evil\r\n\r\n")[0] == 200

    moved = [part for part in head if not part.startswith(b"authorization")]
    signature = next(part for part in head if part.startswith(b"authorization"))
    line.socket.sendall(b"\r\n".join([*moved, b"transfer-encoding: chunked"]) + b"\r\n\r\n")
    status, answer = line.ask(body + b"0\r\n" + signature + b"\r\n\r\n")
    assert (status, b"MissingAuthenticationToken" in answer) == (403, True)
    line.close()


def test_a_client_that_waits_to_be_asked_for_a_refused_body_cannot_send_anything_as_that_body(hasty: Served) -> None:
    line = Line(hasty, sent=HEAD + b"Expect: 100-continue\r\nContent-Length: 10000000\r\n\r\n")
    assert line.read()[0] == 413
    assert line.ended(PATIENCE)


def test_requests_sent_at_once_are_answered_one_after_another(hasty: Served) -> None:
    line = Line(hasty)
    asked = honest(line)
    assert line.ask(asked)[0] == 200
    line.socket.sendall(asked * 20 + HEALTH + asked[:-5])
    assert [line.read()[0] for _ in range(21)] == [200] * 21
    assert line.ask(asked[-5:])[0] == 200
    line.close()


def test_a_handshake_that_does_not_come_ends_the_connection(tmp_path: Path) -> None:
    ended = []
    certificate, key = tls.make(tmp_path)
    for name, seconds in (("hasty", 1), ("patient", 600)):
        arguments = ("--data-dir", str(tmp_path / name), "--port", "0", "--head-seconds", str(seconds))
        with Served("serve", *arguments, "--tls-cert", str(certificate), "--tls-key", str(key)) as server:
            lines = [Line(server, sent=sent) for sent in (b"", b"\x16\x03\x01\x02")]
            ended.append([line.ended(20 if seconds == 1 else 1.5) for line in lines])
    assert ended == [[True, True], [False, False]]
