"""Whose turn it is to write: a queue for each account, served in turn (rule D7).

Law: an account is the one that a verified signature names; nobody waits in another's queue. Of the calls under way an
account has `share` at most, so that there is always a place for somebody else. Belongs to one event loop and needs no
lock. It orders and starts calls, and knows nothing of what they do. What waits is bounded by the open connections, each
of which has one request under way (`timeouts.py`).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


class Turns:
    """Runs calls in an executor's threads, at most `places` at once."""

    def __init__(self, threads: Executor, places: int, share: int) -> None:
        self._threads = threads
        self._free = places
        self._share = share
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return sum(map(len, self._waiting.values()))

    async def run(self, account: str, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """What the call answers, after its turn has come."""
        loop = asyncio.get_running_loop()
        if not self._free or self._running[account] >= self._share or account in self._waiting:
            turn: asyncio.Future[None] = loop.create_future()
            self._waiting.setdefault(account, deque()).append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():  # the place was given and will not be used
                    self._leave(account)
                raise
        else:
            self._enter(account)
        try:
            return await loop.run_in_executor(self._threads, lambda: call(*arguments, **named))
        finally:
            self._leave(account)

    def _enter(self, account: str) -> None:
        self._free -= 1
        self._running[account] += 1

    def _leave(self, account: str) -> None:
        self._free += 1
        self._running[account] -= 1
        if not self._running[account]:
            del self._running[account]
        while self._free and self._give():
            pass

    def _give(self) -> bool:
        """Gives a free place to the first account in line that may have one, and sends it to the end of the line."""
        for account, queue in self._waiting.items():
            if self._running[account] >= self._share:
                continue
            turn = queue.popleft()
            del self._waiting[account]
            if queue:
                self._waiting[account] = queue
            if not turn.done():
                self._enter(account)
                turn.set_result(None)
            return True
        return False
