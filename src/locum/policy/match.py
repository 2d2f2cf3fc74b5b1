"""Globs and ARNs: does this text match that pattern, in time linear in the text for each character of the pattern.

Law: no backtracking, no `fnmatch` (brackets would be classes), no hand-made `.*` (security P3). A pattern is a tuple
of pieces: literal text, or one of four wildcards. Text that comes out of a variable is literal by construction,
because it enters as a literal piece and never as pattern text (security P1). Only ASCII `*` and `?` are special.
A matcher is a `partial` over its pieces, not a closure: one that was not used for long is then a few lines of memory to
fetch instead of twenty, which is what a decision among many principals waits for.
Rules 3.1 to 3.5 of docs/spec/policy.md. It knows no policy, no principal and no context.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from typing import TypeAlias


class Wild(Enum):
    """The wildcards. `RUN` and `ONE` take any character, `FIELD_RUN` and `FIELD_ONE` any but a colon."""

    RUN = "*"
    ONE = "?"
    FIELD_RUN = "*:"
    FIELD_ONE = "?:"


Piece: TypeAlias = str | Wild
Pieces: TypeAlias = tuple[Piece, ...]
Matcher: TypeAlias = Callable[[str], bool]

# The first five fields of an ARN hold no colon of their own; the sixth may.
ARN_FIELDS = 6

# Up to so many places of a character are marked one by one.
_FEW = 24
_ZEROS = b"0" * 256

_SPECIAL = re.compile(r"([*?])", re.ASCII)
_WILDCARDS: dict[str, Piece] = {"*": Wild.RUN, "?": Wild.ONE}

_LATIN_1_LOWER = {
    code: chr(code).lower() for code in range(256) if len(chr(code).lower()) == 1 and ord(chr(code).lower()) < 256
}


def fold(text: str) -> str:
    """This text with ASCII and Latin-1 letters in lower case.

    Nothing else folds: U+212A (Kelvin) is not `k`, so that no name from outside becomes another one (security P12).
    """
    return text.lower() if text.isascii() else text.translate(_LATIN_1_LOWER)


def joined(pieces: Iterable[Piece]) -> Pieces:
    """These pieces with neighbouring literals made one, empty literals dropped and repeated runs made one."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if isinstance(piece, str):
            if isinstance(last, str):
                result[-1] = last + piece
            elif piece:
                result.append(piece)
        elif piece is last and piece in (Wild.RUN, Wild.FIELD_RUN):
            continue
        else:
            result.append(piece)
    return tuple(result)


def glob(text: str) -> Pieces:
    """The pieces of a plain glob: `*` is any run, also an empty one, `?` exactly one character."""
    return joined(_WILDCARDS.get(part, part) for part in _SPECIAL.split(text))


def compiled(pieces: Pieces) -> Matcher:
    """The matcher for these pieces, chosen by their shape: exact, prefix, literals in order, or the general one."""
    pieces = joined(pieces)
    if not pieces:
        return "".__eq__
    if len(pieces) == 1 and isinstance(pieces[0], str):
        return pieces[0].__eq__
    if pieces == (Wild.RUN,):
        return _anything
    if any(piece in (Wild.ONE, Wild.FIELD_RUN, Wild.FIELD_ONE) for piece in pieces):
        return partial(reaches, pieces)
    head = pieces[0] if isinstance(pieces[0], str) else ""
    tail = pieces[-1] if isinstance(pieces[-1], str) else ""
    inner = tuple(piece for piece in pieces[bool(head) : len(pieces) - bool(tail)] if isinstance(piece, str))
    if inner:
        return partial(_in_order, head, inner, tail)
    if tail:
        return partial(_between, head, tail)
    return partial(_starts, head)


def matches(pieces: Pieces, text: str) -> bool:
    """Whether `text` as a whole matches these pieces, which are used once (after a variable was put in)."""
    return fits(pieces, text) and compiled(pieces)(text)


def fits(pieces: Pieces, text: str) -> bool:
    """Whether the literals of these pieces are not longer than `text`.

    Asked before anything is joined, so that a long value put in many times costs nothing (security D4).
    """
    return sum(len(piece) for piece in pieces if isinstance(piece, str)) <= len(text)


def _anything(text: str) -> bool:
    return True


def _starts(head: str, text: str) -> bool:
    return text.startswith(head)


def _between(head: str, tail: str, text: str) -> bool:
    return text.startswith(head) and text.endswith(tail, len(head))


def _in_order(head: str, inner: tuple[str, ...], tail: str, text: str) -> bool:
    """Whether the literals between runs are there: the earliest place of each leaves the most room for the rest."""
    at, end = len(head), len(text) - len(tail)
    if at > end or not text.startswith(head) or not text.endswith(tail):
        return False
    for literal in inner:
        at = text.find(literal, at, end)
        if at < 0:
            return False
        at += len(literal)
    return True


def reaches(pieces: Pieces, text: str) -> bool:
    """Whether `text` matches, by the set of places where the pattern can stand, one bit a place.

    Each character of the pattern is one or two operations on an integer of len(text) bits: no path is tried twice,
    whatever the pattern. A run fills all higher places; a run inside a field is carried up to the next colon by one
    addition.
    """
    length = len(text)
    everywhere = (1 << (length + 1)) - 1
    places: dict[str, int] = {}
    inside = everywhere >> 1 & ~_places(text, ":")
    at = 1
    for piece in pieces:
        if piece is Wild.RUN:
            at = everywhere & -(at & -at)
        elif piece is Wild.ONE:
            at = at << 1 & everywhere
        elif piece is Wild.FIELD_RUN:
            at |= ((at & inside) + inside) ^ inside
        elif piece is Wild.FIELD_ONE:
            at = (at & inside) << 1
        else:
            for character in piece:
                mask = places.get(character)
                if mask is None:
                    mask = places[character] = _places(text, character)
                at = (at & mask) << 1
                if not at:
                    return False
        if not at:
            return False
    return bool(at >> length)


def _places(text: str, character: str) -> int:
    """The places of `character` in `text`, one bit each."""
    mask, at = 0, text.find(character)
    if at >= 0 and text.count(character) > _FEW:
        # Many places: one conversion of a binary numeral costs less than that many shifts.
        return int(_numeral(text[::-1], character), 2)
    while at >= 0:
        mask |= 1 << at
        at = text.find(character, at + 1)
    return mask


def _numeral(text: str, character: str) -> str | bytes:
    """`text` with 1 for `character` and 0 for every other."""
    if not text.isascii():
        return "".join("1" if one == character else "0" for one in text)
    code = ord(character)
    return text.encode("ascii").translate(_ZEROS[:code] + b"1" + _ZEROS[code + 1 :])


def arn_pieces(pieces: Pieces) -> tuple[Pieces, ...] | None:
    """The six fields of an ARN pattern, each by itself, or None when there are fewer (ARN operators, rule 5.8)."""
    fields: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, str) and len(fields) < ARN_FIELDS:
            first, *rest = piece.split(":", ARN_FIELDS - len(fields))
            fields[-1].append(first)
            fields.extend([part] for part in rest)
        else:
            fields[-1].append(piece)
    return tuple(joined(field) for field in fields) if len(fields) == ARN_FIELDS else None


def arn_matcher(pieces: Pieces) -> Matcher:
    """The matcher of an ARN operator: no wildcard leaves its field (rule 5.8); fewer than six fields match nothing."""
    fields = arn_pieces(pieces)
    if fields is None:
        return _nothing
    if all(isinstance(piece, str) for field in fields for piece in field):
        return ":".join("".join(str(piece) for piece in field) for field in fields).__eq__
    return partial(_by_field, tuple(compiled(field) for field in fields))


def _by_field(tests: tuple[Matcher, ...], text: str) -> bool:
    parts = text.split(":", ARN_FIELDS - 1)
    return len(parts) == ARN_FIELDS and all(one(part) for one, part in zip(tests, parts, strict=True))


def _nothing(text: str) -> bool:
    return False


def one_of(exact: frozenset[str], prefixes: tuple[str, ...], others: tuple[Matcher, ...]) -> Matcher:
    """One matcher for many: exact texts, then beginnings, then the rest."""
    if not prefixes and not others:
        return next(iter(exact)).__eq__ if len(exact) == 1 else exact.__contains__
    if not exact and not prefixes and len(others) == 1:
        return others[0]
    return partial(_one_of, exact, prefixes, others)


def _one_of(exact: frozenset[str], prefixes: tuple[str, ...], others: tuple[Matcher, ...], text: str) -> bool:
    return text in exact or text.startswith(prefixes) or any(one(text) for one in others)


def complement(test: Matcher) -> Matcher:
    """The matcher of all that `test` does not match."""
    return partial(_not, test)


def _not(test: Matcher, text: str) -> bool:
    return not test(text)


def nothing(text: str) -> bool:
    """The matcher of no text at all."""
    return False
