"""What was used when, in memory: the `Activity` of `locum dev`.

Law: bounded (rule D8); forgets the oldest beyond its limit, which reports then show as never used.
"""

from __future__ import annotations

from collections import OrderedDict

from locum.call import Use


class Remembered:
    """The last use of at most `limit` subjects."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._last: OrderedDict[str, Use] = OrderedDict()

    def used(self, subject: str, use: Use) -> None:
        """Notes a use."""
        self._last[subject] = use
        self._last.move_to_end(subject)
        while len(self._last) > self._limit:
            self._last.popitem(last=False)

    def last_used(self, subject: str) -> Use | None:
        """The last use, or None."""
        return self._last.get(subject)
