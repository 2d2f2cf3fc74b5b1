"""`Secret`: a text that must never be printed, logged or sent by accident.

Law: the one type in which secrets travel (rule K14). Its repr, str and format say the same fixed word, JSON and
MessagePack encoders refuse it, it cannot be pickled or copied into another form, and it compares in constant time.
Whoever needs the text says so with `reveal()`, which is easy to search for.
"""

from __future__ import annotations

import hmac
from typing import Any, NoReturn

SHOWN = "Secret(…)"


class Secret:
    """A text whose content is shown by `reveal()` alone. Not a `str`: a function that wants text does not take it."""

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself, for the one place that signs with it or hands it to its owner."""
        return self._text

    def __repr__(self) -> str:
        return SHOWN

    def __format__(self, specification: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())  # SECRET

    __hash__ = None  # type: ignore[assignment]  # a secret is nobody's key

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
