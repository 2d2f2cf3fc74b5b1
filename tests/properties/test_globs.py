"""Theorems about globs: they mean what a naive matcher says, and no pattern makes them slow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from locum.policy import match
from locum.policy.match import Pieces, Wild, arn_matcher, compiled, fold, glob, joined, matches, reaches
from locum.policy.variables import fixed, template

many = settings(max_examples=200, deadline=None)
texts = st.text("ab:/*?", max_size=12)
patterns = st.text("ab:/*?", max_size=8)
pieces = st.lists(st.one_of(st.sampled_from(list(Wild)), st.text("ab:", min_size=1, max_size=2)), max_size=6)


def naive(pattern: tuple[Any, ...], text: str) -> bool:
    """The definition: try everything. Exponential, so only for short texts."""
    if not pattern:
        return text == ""
    first, rest = pattern[0], pattern[1:]
    if isinstance(first, str):
        return text.startswith(first) and naive(rest, text[len(first) :])
    inside = first in (Wild.FIELD_RUN, Wild.FIELD_ONE)
    if first in (Wild.ONE, Wild.FIELD_ONE):
        return bool(text) and not (inside and text[0] == ":") and naive(rest, text[1:])
    longest = len(text.split(":")[0]) if inside else len(text)
    return any(naive(rest, text[size:]) for size in range(longest + 1))


@many
@given(patterns, texts)
def test_a_glob_means_what_the_naive_matcher_says(pattern: str, text: str) -> None:
    assert compiled(glob(pattern))(text) is naive(glob(pattern), text)


@many
@given(pieces, texts)
def test_every_matcher_agrees_with_the_naive_one(parts: list[Any], text: str) -> None:
    expected = naive(tuple(parts), text)
    assert reaches(joined(parts), text) is expected
    assert compiled(tuple(parts))(text) is expected
    assert matches(tuple(parts), text) is expected


@many
@given(texts)
def test_a_text_without_wildcards_matches_itself_alone(text: str) -> None:
    literal: Pieces = (text,)
    assert compiled(literal)(text)
    assert not compiled(literal)(text + "a")


@many
@given(st.lists(patterns, min_size=6, max_size=6), st.lists(st.text("ab", max_size=3), min_size=6, max_size=6))
def test_an_arn_matches_when_each_field_does(fields: list[str], values: list[str]) -> None:
    fields = [field.replace(":", "") for field in fields]
    expected = all(compiled(glob(field))(value) for field, value in zip(fields, values, strict=True))
    assert arn_matcher(glob(":".join(fields)))(":".join(values)) is expected


@many
@given(st.text(max_size=8), st.text(max_size=8))
def test_folding_never_makes_a_foreign_letter_an_ascii_one(first: str, second: str) -> None:
    same = fold(first) == fold(second)
    assert not same or first.isascii() == second.isascii()


@many
@given(st.text("ab*?:/", max_size=10), st.text("ab:/", max_size=16))
def test_a_resource_pattern_never_matches_more_than_its_plain_glob(pattern: str, text: str) -> None:
    if compiled(fixed(template(pattern, variables=False, wildcards=True, resource=True)))(text):
        assert compiled(glob(pattern))(text)


def lines_run(function: Callable[..., object], *arguments: object, of: str = match.__file__) -> int:
    """How many lines of the matcher run: a count of steps that no clock disturbs. `of` is the matcher's file."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        if frame.f_code.co_filename != of:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


HOSTILE = ("*a" * 25 + "b", "a*" * 25 + "?b", "*?" * 25 + "b", "a?*" * 25 + "b", "*" * 50 + "b", "*aa" * 25 + "?")


def test_a_hostile_glob_takes_steps_in_proportion_to_the_text() -> None:
    for pattern in HOSTILE:
        short, long = ("a" * size for size in (1024, 4096))
        few = lines_run(compiled(glob(pattern)), short)
        steps = lines_run(compiled(glob(pattern)), long)
        assert steps <= 4 * few + 100, pattern
        assert steps <= 40 * (len(pattern) + 4096), pattern


def test_a_hostile_arn_glob_takes_steps_in_proportion_to_the_text() -> None:
    pattern = glob("arn:aws:s3:::" + "*a" * 25 + "?b")
    few, steps = (lines_run(arn_matcher(pattern), "arn:aws:s3:::" + "a" * size) for size in (1024, 4096))
    assert steps <= 4 * few + 100


def test_a_hostile_resource_pattern_takes_steps_in_proportion_to_the_text() -> None:
    pieces = fixed(template("arn:*a*a*a:s3::*a?:" + "*a" * 25 + "?b", variables=True, wildcards=True, resource=True))
    few, steps = (lines_run(compiled(pieces), "arn:aaaa:s3::aaaa:" + "a" * size) for size in (1024, 4096))
    assert steps <= 4 * few + 100


def test_control_a_matcher_that_tries_everything_does_not() -> None:
    """What a translation to `.*` does inside a regular expression, where no step can be counted."""
    pattern = glob("*a" * 3 + "b")
    few, steps = (lines_run(naive, pattern, "a" * size, of=__file__) for size in (8, 32))
    assert steps > 16 * few
    few, steps = (lines_run(compiled(pattern), "a" * size) for size in (8, 32))
    assert steps <= 4 * few + 100
