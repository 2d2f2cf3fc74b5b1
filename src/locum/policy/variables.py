"""Policy variables: pattern text with `${key}` in it, and what becomes of it in one request.

Law: text is cut into pieces once, when the policy is compiled; a variable is a piece of its own and turns into
*literal* text when a request is there. One pass: what a value holds is never read again (security P1).
Rules 4.1 to 4.7 of docs/spec/policy.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from locum.policy.match import ARN_FIELDS, Piece, Pieces, Wild, fold, joined

Values: TypeAlias = Mapping[str, "str | tuple[str, ...]"]

# `${key}` or `${key, 'default'}`; the key may hold anything but the characters that end it, the default anything but
# the quote that ends it (rule 4.5).
_VARIABLE = re.compile(r"\$\{ *([^${}',]+?) *(?:, *'([^']*)' *)?\}", re.ASCII)
_SPECIAL = re.compile(r"[*?$]", re.ASCII)
# `${*}`, `${?}`, `${$}`: the characters themselves (rule 4.4).
_LITERALS = ("${*}", "${?}", "${$}")


class Variable(msgspec.Struct, frozen=True):
    """A variable: the folded name of its key, and the default for a request without that key."""

    key: str
    default: str | None = None


Template: TypeAlias = tuple[Piece | Variable, ...]


def template(text: str, *, variables: bool, wildcards: bool, resource: bool = False) -> Template:
    """The pieces of one text of a policy.

    `variables`: the policy's version has them (rule 4.1). `wildcards`: `*` and `?` are special. `resource`: the text
    is a `Resource` pattern, where variables stand only behind the fifth colon and a wildcard of an earlier field takes
    no colon, unless it is a run at the end of its field (rules 3.4 and 4.2).
    """
    pieces: list[Piece | Variable] = []
    at, colons = 0, 0
    for found in _SPECIAL.finditer(text):
        if found.start() < at:
            continue  # inside a variable
        between = text[at : found.start()]
        pieces.append(between)
        colons += between.count(":")
        at = found.start()
        in_field = resource and colons < ARN_FIELDS - 1
        piece, end = _special(text, at, variables=variables and not in_field, wildcards=wildcards, in_field=in_field)
        pieces.append(piece)
        at = end
    pieces.append(text[at:])
    return _tight(pieces)


def _special(text: str, at: int, *, variables: bool, wildcards: bool, in_field: bool) -> tuple[Piece | Variable, int]:
    """The piece that begins with the special character at `at`, and where it ends."""
    if text[at] != "$":
        return _wildcard(text, at, in_field=in_field) if wildcards else text[at], at + 1
    if variables:
        if text[at : at + 4] in _LITERALS:
            return text[at + 2], at + 4
        found = _VARIABLE.match(text, at)
        if found:
            return Variable(fold(found[1]), found[2]), found.end()
    return "$", at + 1


def _wildcard(text: str, at: int, *, in_field: bool) -> Wild:
    if text[at] == "?":
        return Wild.FIELD_ONE if in_field else Wild.ONE
    ends_field = at + 1 == len(text) or text[at + 1] == ":"
    return Wild.FIELD_RUN if in_field and not ends_field else Wild.RUN


def _tight(pieces: list[Piece | Variable]) -> Template:
    result: list[Piece | Variable] = []
    part: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Variable):
            result.extend(joined(part))
            result.append(piece)
            part = []
        else:
            part.append(piece)
    result.extend(joined(part))
    return tuple(result)


def has_variable(pieces: Template) -> bool:
    """Whether these pieces differ from request to request."""
    return any(isinstance(piece, Variable) for piece in pieces)


def reads(pieces: Template) -> frozenset[str]:
    """The folded names of the keys that these pieces ask for."""
    return frozenset(piece.key for piece in pieces if isinstance(piece, Variable))


def names(text: str) -> tuple[str, ...]:
    """The keys of the variables in a text, as it spells them; those that have a default too."""
    return tuple(found[1] for found in _VARIABLE.finditer(text) if found[0] not in _LITERALS)


def fixed(pieces: Template) -> Pieces:
    """These pieces, which hold no variable. Raises ValueError when they do."""
    if any(isinstance(piece, Variable) for piece in pieces):
        raise ValueError("pieces with a variable are not fixed")
    return tuple(piece for piece in pieces if not isinstance(piece, Variable))


def filled(pieces: Template, values: Values) -> Pieces | None:
    """These pieces with each variable's text put in, or None when a key is absent and has no default (rule 4.6).

    A key with several values cannot be a variable and counts as absent without default (rule 4.3).
    """
    result: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Variable):
            value = values.get(piece.key)
            if value is None or value == ():
                value = piece.default
            if not isinstance(value, str):
                return None
            result.append(value)
        else:
            result.append(piece)
    return tuple(result)
