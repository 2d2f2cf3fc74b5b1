"""The context of one request: what condition keys are worth.

Law: names are compared without case (rule 5.2), values are text, a key has one value or a tuple of them, an empty
tuple is an absent key (rule 5.12). What the server derived can not be replaced by what came from outside (security
P9). What is no value is refused when a Context is made, so that no decision meets it. Nothing is read from the
environment or a clock: every value comes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from locum.policy.match import fold

Value: TypeAlias = "str | tuple[str, ...]"

# Characters of policy text that one decision may compare with sets of values and with long values (rule 7.23,
# security D4): ten policies of full size against the tag keys of a request, or against 2,048 characters, stay below it.
BUDGET = 400_000


class Exhausted(Exception):
    """One decision would compare more than BUDGET characters: the answer is a denial (rule 7.23)."""


class Context:
    """The condition keys of one request, by folded name. Frozen once made; make it once a request.

    `derived` is what the server knows, `outside` what the request brought. Where both name a key, in any spelling,
    `derived` wins. Within one mapping the later spelling of a name wins. Raises TypeError for a name that is no text
    and for a value that is neither a text nor a tuple of texts.
    """

    __slots__ = ("keys",)

    def __init__(self, derived: Mapping[str, Value], outside: Mapping[str, Value] | None = None) -> None:
        self.keys = folded(require_values(derived))
        if outside is not None:
            self.keys = folded(require_values(outside)) | self.keys

    def find(self, name: str) -> Value | None:
        """What key `name` is worth, in any spelling, or None when it is absent or empty."""
        value = self.keys.get(fold(name))
        return None if value == () else value

    def __repr__(self) -> str:
        return f"Context({len(self.keys)} keys)"


def require_values(values: Any) -> Mapping[str, Value]:
    """These keys, if every name is a text and every value a text or a tuple of texts. Raises TypeError.

    The message names the key and the type of what was seen, never the value: it may be a secret.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"a context of type `{type(values).__name__}`; a mapping from keys to values would be right")
    kinds = set(map(type, values.values()))
    several = [one for one in values.values() if type(one) is tuple] if tuple in kinds else ()
    if kinds <= {str, tuple} and all({str}.issuperset(map(type, one)) for one in (values, *several)):
        return values  # nearly always
    for name, value in values.items():
        if not isinstance(name, str):
            raise TypeError(f"a context key of type `{type(name).__name__}`; a text would be right")
        for one in value if isinstance(value, tuple) else (value,):
            if not isinstance(one, str):
                seen = f"`{type(one).__name__}`" + (" in a tuple" if one is not value else "")
                raise TypeError(f"context key `{name}` is of type {seen}; a text or a tuple of texts would be right")
    return values


def folded(values: Mapping[str, Value]) -> dict[str, Value]:
    """These keys by their folded names; of two spellings the later one counts."""
    # `fold`, without a call for the names that are ASCII, which nearly all are
    return {name.lower() if name.isascii() else fold(name): value for name, value in values.items()}


class Facts:
    """What the tests of a statement are asked with: the keys, the resource, and what is left of the budget.

    The names of the keys are folded when the first test asks: most decisions ask none.
    """

    __slots__ = ("_context", "_keys", "left", "resource")

    def __init__(self, context: Mapping[str, Value] | Context, resource: str) -> None:
        self._context = context
        self._keys: dict[str, Value] | None = None
        self.resource = resource
        self.left = BUDGET

    @property
    def keys(self) -> dict[str, Value]:
        """What the condition keys are worth, by folded name."""
        keys = self._keys
        if keys is None:
            context = self._context
            self._keys = keys = context.keys if isinstance(context, Context) else folded(context)
        return keys

    def spend(self, characters: int) -> None:
        """Take `characters` from the budget. Raises Exhausted when nothing is left."""
        self.left -= characters
        if self.left < 0:
            raise Exhausted
