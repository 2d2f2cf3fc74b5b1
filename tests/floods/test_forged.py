"""Floods of requests that prove nothing, beside clients that do (rule D5): honest ones meet no error.

`LOCUM_FLOOD` says how many connections the flood has. No time is asserted: what is counted is who was answered, and how
often the server went to the trouble of a verification.
"""

from __future__ import annotations

import os
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tests.floods.clients import HEALTH, Line, forged, honest, served
from tests.journeys.served import Served

LINES, EACH = int(os.environ.get("LOCUM_FLOOD", "60")), 2
EVIL, GOOD = "127.0.0.2", "127.0.0.3"
COUNTED = re.compile(r'locum_requests_total\{operation="([^"]*)",outcome="(\w+)"\} (\d+)', re.ASCII)


def counts(server: Served) -> dict[str, int]:
    """How many answers ended how."""
    with urllib.request.urlopen(f"{server.url}/_locum/metrics", timeout=60) as page:
        found: dict[str, int] = {}
        for _, outcome, count in COUNTED.findall(page.read().decode()):
            found[outcome] = found.get(outcome, 0) + int(count)
        return found


def flood(server: Served, key_id: str = "AKIAIOSFODNN7FORGERY", each: int = EACH) -> list[bytes]:
    """The answers to a flood of forged requests."""

    def one(_: int) -> list[bytes]:
        line = Line(server, EVIL)
        answers = [line.ask(forged(line, key_id))[1] for _ in range(each)]
        line.close()
        return answers

    with ThreadPoolExecutor(LINES) as clients:
        return [answer for answers in clients.map(one, range(LINES)) for answer in answers]


def statuses(line: Line, times: int) -> set[int]:
    """How an honest client is answered so many times."""
    return {line.ask(honest(line))[0] for _ in range(times)}


def beside_honest(rate: int) -> tuple[list[bytes], dict[str, int]]:
    """The answers to a flood at a server of that rate, and how everything ended there. Honest clients ask meanwhile,
    and all of them are answered."""
    with served(source_rate=rate) as server, ThreadPoolExecutor(1) as evil:
        neighbour, other = Line(server, EVIL), Line(server, GOOD)
        assert statuses(neighbour, 1) == {200}
        under_way = evil.submit(flood, server)
        while not under_way.done():
            assert statuses(neighbour, 20) == {200}
            assert statuses(other, 20) == {200}
            late = Line(server, GOOD)
            assert statuses(late, 1) == {200}
            late.close()
        told = counts(server)
        answers = under_way.result()
    assert len(answers) == LINES * EACH
    return answers, told


def test_a_flood_is_turned_away_unverified_and_honest_clients_meet_no_error() -> None:
    answers, told = beside_honest(rate=1)
    verified = told.get("InvalidClientTokenId", 0)
    assert verified < len(answers) / 3
    assert sum(b"<Code>Throttling</Code>" in answer for answer in answers) == told["Throttling"]
    assert told["Throttling"] + verified == len(answers)


def test_control_without_a_rate_the_whole_flood_is_verified() -> None:
    answers, told = beside_honest(rate=0)
    assert told.get("InvalidClientTokenId", 0) == len(answers)


def test_naming_somebodys_key_does_not_lock_it() -> None:
    with served(source_rate=1, key_rate=1) as server:
        neighbour = Line(server, EVIL)
        assert statuses(neighbour, 1) == {200}
        assert not any(b"<GetCallerIdentityResult>" in answer for answer in flood(server, "test"))
        assert statuses(neighbour, 4) == {200}
        assert statuses(Line(server, GOOD), 4) == {200}


def test_where_too_much_failed_a_key_that_was_never_proved_there_waits() -> None:
    """The control of the test above: it is the proof that lets the neighbour through."""
    with served(source_rate=1) as server:
        flood(server, "test", 1)
        *waiting, line = [Line(server, EVIL) for _ in range(21)]
        assert line.ask(HEALTH)[0] == 200
        for one in waiting:  # right before the honest one, so that what came back meanwhile is spent again
            one.socket.sendall(forged(one))
        status, body = line.ask(honest(line))
        assert (status, b"<Code>Throttling</Code><Message>Rate exceeded</Message>" in body) == (400, True)
        for one in (line, *waiting):
            one.close()


def test_a_key_that_asks_too_often_is_told_so_and_another_is_not() -> None:
    with served(key_rate=1) as server:
        added = server.own("accounts")["Administrator"]
        line = Line(server)
        assert statuses(line, 10) == {200}
        answers = [line.ask(honest(line)) for _ in range(60)]
        assert any(b"<Code>Throttling</Code>" in body and status == 400 for status, body in answers)
        assert line.ask(honest(line, added["AccessKeyId"], added["SecretAccessKey"]))[0] == 200
        line.close()
