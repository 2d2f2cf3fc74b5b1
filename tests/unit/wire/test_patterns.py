"""The patterns of the models mean what Java means by them, and none of them backtracks its way to a halt."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import Any

import pytest

from locum.aws import shapes
from locum.wire.patterns import compiled

PATTERNS = sorted(
    {one.pattern for name in ("iam", "sts") for one in shapes.service(name).shapes.values() if one.pattern}
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_of_the_models_compiles(pattern: str) -> None:
    assert isinstance(compiled(pattern), re.Pattern)


def test_categories_are_unicodes_own_for_every_code_point() -> None:
    tag_key = compiled(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    wrong = [
        hex(number)
        for number in range(sys.maxunicode + 1)
        if not 0xD800 <= number <= 0xDFFF
        and bool(tag_key.fullmatch(chr(number)))
        != (unicodedata.category(chr(number))[0] in "LZN" or chr(number) in "_.:/=+-@")
    ]
    assert wrong == []


@pytest.mark.parametrize("text", ["аlice", "alice\n", "١٢", "alice\u2028", "e\u0301"])  # noqa: RUF001
def test_a_name_takes_ascii_letters_only(text: str) -> None:
    assert compiled(r"[\w+=,.@-]+").fullmatch(text) is None


def test_a_closing_dollar_does_not_forgive_a_newline() -> None:
    assert compiled(r"^[a-zA-Z0-9:_.-]+$").fullmatch("ab\n") is None


def test_a_five_digit_escape_is_four_digits_and_a_character() -> None:
    arn = next(pattern for pattern in PATTERNS if "u10000" in pattern)
    assert compiled(arn).fullmatch("arn:é中") is not None
    assert compiled(arn).fullmatch("\U0001f600") is None


@pytest.mark.parametrize("pattern", [r"\p{Lu}+", r"[\p{L}\w]+", r"a\b", r"[a&&[b]]", r"[a[b]]", r"(a)\1"])
def test_an_unknown_idiom_is_refused_when_it_is_compiled(pattern: str) -> None:
    with pytest.raises(ValueError):
        compiled(pattern)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_can_match_one_text_in_many_ways(pattern: str) -> None:
    assert ambiguous(compiled(pattern).pattern) is None


@pytest.mark.parametrize("pattern", ["(a*)*", "(a+)+b", "[a-z]+[a-c]+", "x*y?x*", "(x|xx*)*"])
def test_the_check_for_ambiguity_finds_the_known_traps(pattern: str) -> None:
    assert ambiguous(pattern) is not None


@pytest.mark.parametrize("pattern", ["(ab*)*", "a*ba*", "[a-c]*[d-f]*", "a{1,9}b*"])
def test_the_check_for_ambiguity_lets_pass_what_is_linear(pattern: str) -> None:
    assert ambiguous(pattern) is None


def ambiguous(pattern: str) -> str | None:
    """Where an unbounded repeat meets another one with nothing between that only one of them can take."""
    loops: list[tuple[bool, set[int]]] = []  # whether a literal outside the loop before stands in front; its characters
    problem: list[str] = []

    def walk(items: Any, before: int | None) -> int | None:
        for kind, value in items:
            name = str(kind)
            if name == "LITERAL":
                before = value
            elif name in ("MAX_REPEAT", "MIN_REPEAT"):
                least, most, body = value
                if most <= 64:
                    after = walk(body, before)
                    before = after if least > 0 else before
                    continue
                own = characters(body)
                inner = [one for one in walked(body) if one[0] > 64]
                first = body[0] if len(body) else None
                while first is not None and str(first[0]) == "SUBPATTERN":
                    first = first[1][3][0]
                if inner:
                    # A loop in a loop: each turn must begin with a character that the inner loop cannot take.
                    if str(first[0]) != "LITERAL" or any(first[1] in taken for _, taken in inner):
                        problem.append(f"a loop in a loop at {own!r:.40}")
                elif loops and before not in (None, *()) and before in loops[-1][1]:
                    problem.append("two loops, and what stands between them fits into the first")
                elif loops and before is None and own & loops[-1][1]:
                    problem.append("two loops side by side share characters")
                loops.append((before is not None, own))
                before = None
            elif name == "SUBPATTERN":
                before = walk(value[3], before)
            elif name == "BRANCH":
                for one in value[1]:
                    walk(one, before)
                    loops.clear()
        return before

    walk(re._parser.parse(pattern, re.ASCII), None)  # type: ignore[attr-defined]
    return problem[0] if problem else None


def walked(items: Any) -> list[tuple[int, set[int]]]:
    """Every repeat inside, with its upper bound and its characters."""
    found = []
    for kind, value in items:
        if str(kind) in ("MAX_REPEAT", "MIN_REPEAT"):
            found.append((int(value[1]), characters(value[2])))
            found += walked(value[2])
        elif str(kind) == "SUBPATTERN":
            found += walked(value[3])
        elif str(kind) == "BRANCH":
            found += [one for branch in value[1] for one in walked(branch)]
    return found


def characters(items: Any) -> set[int]:
    """The characters below U+0100 that a sequence can take."""
    found: set[int] = set()
    for kind, value in items:
        match str(kind):
            case "LITERAL":
                found.add(value)
            case "RANGE":
                found |= set(range(value[0], min(value[1], 0xFF) + 1))
            case "IN":
                found |= characters(value)
            case "CATEGORY":
                word = {"CATEGORY_WORD": r"\w", "CATEGORY_DIGIT": r"\d"}[str(value)]
                found |= {number for number in range(256) if re.fullmatch(word, chr(number), re.ASCII)}
            case "SUBPATTERN":
                found |= characters(value[3])
            case "BRANCH":
                found |= set().union(*map(characters, value[1]))
            case "MAX_REPEAT" | "MIN_REPEAT":
                found |= characters(value[2])
    return found
