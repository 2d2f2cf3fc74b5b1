"""The latest refusals, kept so that somebody can ask why.

Law: bounded (rule D8), in memory, newest last; holds questions and decisions, never a secret. Deciding pays nothing
for explaining: the explanation is worked out when it is asked for (performance, "what makes decisions fast").
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import msgspec

from locum.policy import Decision, Question


class Denial(msgspec.Struct, frozen=True):
    """One refused request: what was asked, and what was decided. `account` is the caller's."""

    request_id: str
    account: str
    sentence: str
    question: Question
    decision: Decision


class Denials:
    """The last `limit` denials, by request id."""

    def __init__(self, limit: int = 512) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Denial] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, denial: Denial) -> None:
        """Remembers a denial and forgets the oldest beyond the limit."""
        with self._lock:
            self._kept[denial.request_id] = denial
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)

    def find(self, request_id: str) -> Denial | None:
        """The denial of that request, if it is still remembered."""
        return self._kept.get(request_id)

    def latest(self) -> Denial | None:
        """The newest one."""
        with self._lock:
            return next(reversed(self._kept.values()), None)
