"""An honest client that asks so many times a second, whatever the answers do.

Law: an open loop: a request is due at its time and its latency counts from there, so that a server that stands still
is not asked less. What it sends is signed before it is due. One thread, so that its own waiting is small.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable

from tests.floods.clients import Line

Ask = Callable[[Line, int], bytes]
PATIENCE = 10.0  # seconds


class Figures:
    """What it saw: latencies in seconds, and how many answers were no success."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.errors = 0

    def at(self, share: float) -> float:
        """The latency in milliseconds that this share of the answers did not exceed."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def paced(
    line: Callable[[], Line], ask: Ask, *, seconds: float, rate: float = 100, fresh: bool = False, lines: int = 8
) -> Figures:
    """Asks `rate` times a second for so long, over some connections or, with `fresh`, over a new one each time, whose
    making is in the latency."""
    figures = Figures()
    pattern = line()
    free = [] if fresh else [pattern, *(line() for _ in range(lines - 1))]
    busy: dict[int, tuple[Line, float]] = {}

    def take(seconds: float) -> None:
        for number in select.select([*busy], (), (), seconds)[0]:
            one, due = busy.pop(number)
            try:
                figures.errors += one.read()[0] != 200
                figures.times.append(time.perf_counter() - due)
            except (OSError, ConnectionError):
                figures.errors += 1
                one.close()
                free.extend([] if fresh else [line()])
                continue
            if fresh:
                one.close()
            else:
                free.append(one)

    begin = time.perf_counter() + 0.05
    for number in range(int(seconds * rate)):
        due = begin + number / rate
        octets = ask(pattern, number)
        if busy:
            take(0)
        while (left := due - time.perf_counter()) > 0:
            if busy:
                take(max(0.0, left - 0.0003))
            elif left > 0.0003:
                time.sleep(left - 0.0003)
        one = line() if fresh or not free else free.pop()
        one.socket.sendall(octets)
        busy[one.socket.fileno()] = (one, due)
    until = time.perf_counter() + PATIENCE
    while busy and time.perf_counter() < until:
        take(0.1)
    figures.errors += len(busy)
    for one in (*free, *(one for one, _ in busy.values())):
        one.close()
    return figures
