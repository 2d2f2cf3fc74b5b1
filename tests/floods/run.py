"""Figures for the record: how honest clients fare beside slow ones, forgers and an account that takes everything.

`python -m tests.floods.run` prints one table. Nothing is asserted: times are this machine's, at this moment. Each line
stands beside the quiet one of the same run and beside the same load with the limit turned off. `LOCUM_SLOW`,
`LOCUM_FLOOD` and `LOCUM_SECONDS` say how much and how long.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from tests.floods.clients import HEAD, SLOW, Line, forged, honest, resident, served, spent, wire
from tests.journeys.raw import Raw, Signing
from tests.journeys.served import Served

FORGERS = int(os.environ.get("LOCUM_FLOOD", "20"))
SECONDS = float(os.environ.get("LOCUM_SECONDS", "3"))
EVIL = "127.0.0.2"
Ask = Callable[[Line, int], bytes]


def who(line: Line, number: int) -> bytes:
    """A question who one is."""
    return honest(line)


def user(key_id: str = "test", secret: str = "test", prefix: str = "u") -> Ask:
    """A new user, which waits for a commit."""

    def ask(line: Line, number: int) -> bytes:
        name = f"{prefix}{number}-{line.socket.getsockname()[1]}"
        body = f"Action=CreateUser&Version=2010-05-08&UserName={name}".encode()
        return wire(Signing(line.host, key_id=key_id, secret=secret, service="iam").header(Raw(body=body)))

    return ask


def line_of_figures(name: str, server: Served, ask: Ask) -> None:
    """Asks for some seconds at 100 a second at most, and prints how that went."""
    line, times, errors, number = Line(server), [], 0, 0
    before, memory = spent(server.process.pid), resident(server.process.pid)
    began = time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        octets = ask(line, number)
        number += 1
        at = time.perf_counter()
        errors += line.ask(octets)[0] != 200
        times.append(time.perf_counter() - at)
        time.sleep(max(0.0, 0.01 - times[-1]))
    cpu = spent(server.process.pid) - before
    grown = (resident(server.process.pid) - memory) / 2**20
    times.sort()
    middle, most = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    print(f"{name:44} {number:6} {errors:6} {middle:9.2f} {most:9.2f} {cpu:8.2f} {grown:+8.1f}")
    line.close()


@contextmanager
def beside(work: Callable[[Event], object], times: int) -> Iterator[None]:
    """So many of these clients at work meanwhile."""
    stop = Event()
    with ThreadPoolExecutor(times) as clients:
        under_way = [clients.submit(work, stop) for _ in range(times)]
        try:
            yield
        finally:
            stop.set()
        for one in under_way:
            one.result()


def asking(server: Served, source: str, ask: Ask) -> Callable[[Event], object]:
    """Somebody who asks without a pause."""

    def work(stop: Event) -> None:
        line, number = Line(server, source), 0
        while not stop.is_set():
            line.ask(ask(line, number))
            number += 1
        line.close()

    return work


def dripping(server: Served) -> Callable[[Event], object]:
    """Many who send an octet a second and come again when they are thrown out."""

    def work(stop: Event) -> None:
        lines = [Line(server, EVIL, sent=HEAD + b"X: ") for _ in range(SLOW)]
        while not stop.wait(1.0):
            for at, line in enumerate(lines):
                try:
                    line.socket.sendall(b"x")
                except ConnectionError:
                    lines[at] = Line(server, EVIL, sent=HEAD + b"X: ")
        for line in lines:
            line.close()

    return work


def main() -> None:
    """Prints the table."""
    print(f"{'load':44} {'asked':>6} {'errors':>6} {'p50 ms':>9} {'p99 ms':>9} {'CPU s':>8} {'RSS MiB':>8}")
    with served(source_rate=200) as server:
        line_of_figures("quiet", server, who)
        with beside(dripping(server), 1):
            line_of_figures(f"{SLOW} slow connections", server, who)
        with beside(asking(server, EVIL, lambda line, _: forged(line)), FORGERS):
            line_of_figures(f"{FORGERS} forgers", server, who)
        line_of_figures("quiet, writes", server, user())
        other = server.own("accounts")["Administrator"]
        greedy = user(other["AccessKeyId"], other["SecretAccessKey"], "greedy")
        with beside(asking(server, EVIL, greedy), FORGERS):
            line_of_figures(f"writes beside {FORGERS} greedy of another account", server, user())
    with served(source_rate=0, head_seconds=600) as server:
        with beside(dripping(server), 1):
            line_of_figures(f"control: {SLOW} slow, no timeout", server, who)
        with beside(asking(server, EVIL, lambda line, _: forged(line)), FORGERS):
            line_of_figures(f"control: {FORGERS} forgers, no buckets", server, who)


if __name__ == "__main__":
    main()
