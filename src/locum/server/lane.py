"""The lane of those who have proved nothing: one of their requests in each turn of the event loop.

Law: rules D5 and D7, before an account is known. Whoever is known goes past the lane and waits for one of its requests
at most; alone in it nobody waits at all. Addresses that wait are served round and round, so that the many of one are no
wall before the one of another. Belongs to one event loop and needs no lock. Orders requests and refuses none; what
waits is bounded by the open connections, each of which has one request under way (`timeouts.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

#: so long may turns of the lane follow on each other, in seconds, before as much time is left to everybody else
BURST = 0.001


class Lane:
    """Who waits for a turn of the loop, by address. `seconds` tells time that never goes back."""

    __slots__ = ("_began", "_number", "_seconds", "_spent", "_taken", "_waiting")

    def __init__(self, seconds: Callable[[], float] = perf_counter) -> None:
        self._seconds = seconds
        self._began = self._spent = 0.0  # when the turn under way began, and what those before it took
        self._taken = False
        self._number = 0  # of the turn under way, or of the last one
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def free(self) -> bool:
        """Whether this turn of the loop is nobody's yet."""
        return not self._taken

    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    async def turn(self, address: str) -> int:
        """Returns in a turn of the loop that is the caller's alone, with its number."""
        loop = asyncio.get_running_loop()
        if self._taken:
            called: asyncio.Future[None] = loop.create_future()
            self._waiting.setdefault(address, deque()).append(called)
            await called
        else:
            self._begin(loop)
        return self._number

    def lasts(self, number: int) -> bool:
        """Whether the turn of that number is under way. Who waited for something since has lost it."""
        return self._taken and self._number == number

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._taken = True
        self._number += 1
        self._began = self._seconds()
        loop.call_soon(self._end, loop)

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends a turn. Those who have proved nothing leave half of the time to everybody else."""
        self._number += 1  # nobody's
        self._spent += self._seconds() - self._began
        if self._spent < BURST:
            self._next(loop)
        else:
            spent, self._spent = self._spent, 0.0
            loop.call_later(spent, self._next, loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Calls the first of the address that is first in line, and sends the address to the end of the line."""
        while self._waiting:
            address, queue = next(iter(self._waiting.items()))
            called = queue.popleft()
            del self._waiting[address]
            if queue:
                self._waiting[address] = queue
            if not called.done():
                called.set_result(None)
                self._begin(loop)
                return
        self._taken = False


class Later:
    """Who is told something after a while, the same for all: in the order of their coming, one in each turn of the
    loop, and with one timer for all of them."""

    __slots__ = ("_seconds", "_waiting")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()

    async def turn(self) -> None:
        """Returns after so many seconds, or a little later when there are many."""
        loop = asyncio.get_running_loop()
        called: asyncio.Future[None] = loop.create_future()
        self._waiting.append((loop.time() + self._seconds, called))
        if len(self._waiting) == 1:
            loop.call_later(self._seconds, self._next)
        await called

    def _next(self) -> None:
        """Calls the first one, if it is time, and looks again in the next turn or when it is time."""
        loop = asyncio.get_running_loop()
        left = self._waiting[0][0] - loop.time()
        if left <= 0:
            called = self._waiting.popleft()[1]
            if not called.done():
                called.set_result(None)
            if not self._waiting:
                return
            left = self._waiting[0][0] - loop.time()
        if left <= 0:
            loop.call_soon(self._next)
        else:
            loop.call_later(left, self._next)
