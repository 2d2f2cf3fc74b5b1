"""CPU time of small things, and the loop that stands for the machine.

Law: CPU time of this process, never the clock on the wall; the smallest of several rounds, because everything that
disturbs a measurement makes it larger.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from time import process_time
from typing import TypeVar

Asked = TypeVar("Asked")
Name = TypeVar("Name")

ROUNDS = 7
AT_LEAST = 0.03  # seconds of CPU a round takes


def each(call: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """Microseconds of CPU that one call takes."""
    call()
    count = 1
    while (spent := _spent(call, count)) < AT_LEAST:
        count = max(count * 2, int(count * AT_LEAST / spent) if spent > 0.001 else 0)
    return min(_spent(call, count) for _ in range(rounds)) / count * 1e6


def side_by_side(
    call: Callable[[Asked], object], lists: Mapping[Name, Sequence[Asked]], *, rounds: int = ROUNDS
) -> dict[Name, float]:
    """Microseconds of CPU that `call` takes for a question of each list. Each question is asked once a round, and the
    lists take turns, so that their ratios hold while the machine is busy with something else; the first is warm."""
    best = dict.fromkeys(lists, float("inf"))
    for _ in range(rounds + 1):
        for name, questions in lists.items():
            start = process_time()
            for question in questions:
                call(question)
            best[name] = min(best[name], process_time() - start)
    return {name: spent / len(lists[name]) * 1e6 for name, spent in best.items()}


def once(call: Callable[[], object]) -> float:
    """Seconds of CPU of a single call: for what can be done only once."""
    start = process_time()
    call()
    return process_time() - start


@functools.cache
def calibration() -> float:
    """Microseconds that one calibration loop takes: a hundred dictionary look-ups, additions and slices of text."""
    held = {number: str(number) for number in range(100)}

    def loop() -> int:
        total = 0
        for number in range(100):
            total += len(held[number][:1]) + number
        return total

    return each(loop)


def _spent(call: Callable[[], object], count: int) -> float:
    start = process_time()
    for _ in range(count):
        call()
    return process_time() - start
