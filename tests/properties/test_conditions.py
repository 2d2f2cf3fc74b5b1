"""Theorems about conditions and variables. Each test is one, over texts that are likely to meet.

LOCUM_EXAMPLES sets how many examples each theorem is tried on.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from locum.policy.conditions import OPERATORS, clause
from locum.policy.context import Facts, Value
from locum.policy.resources import covered

many = settings(max_examples=int(os.environ.get("LOCUM_EXAMPLES", "60")), deadline=None)

# Each negated operator and the one that it negates.
PAIRS = sorted(
    (name, positive)
    for name, kind in OPERATORS.items()
    if kind.negated
    for positive in [name.replace("Not", "", 1)]
    if positive in OPERATORS
)
TEXTS = (
    "red", "Red", "r*", "?ed", "", "10", "10.0", "many", "2026-01-15T12:00:00Z", "1768478400", "soon", "true",
    "10.1.2.3", "10.0.0.0/8", "2001:db8::1", "arn:aws:sns:us-east-1:111122223333:x", "arn:aws:sns:*:111122223333:x",
)  # fmt: skip
WANTED = (*TEXTS, "${aws:username}", "r${*}d", "${aws:PrincipalTag/none, 'red'}")
wanted_values = st.lists(st.sampled_from(WANTED), min_size=1, max_size=3, unique=True).map(tuple)
present = st.one_of(st.sampled_from(TEXTS), st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3).map(tuple))


def holds(operator: str, wanted: tuple[str, ...], value: Value) -> bool:
    return clause(operator, "k", wanted, variables=True).test(Facts({"k": value, "aws:username": "red"}, "*"))


def test_every_negated_operator_has_its_opposite() -> None:
    assert {name for name, _ in PAIRS} == {name for name, kind in OPERATORS.items() if kind.negated}


@pytest.mark.parametrize(("negated", "positive"), PAIRS)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
@many
@given(wanted=wanted_values, value=present)
def test_a_negated_operator_is_the_complement_on_present_keys(
    negated: str, positive: str, suffix: str, wanted: tuple[str, ...], value: Value
) -> None:
    assert holds(negated + suffix, wanted, value) is not holds(positive + suffix, wanted, value)


@pytest.mark.parametrize(("negated", "positive"), PAIRS)
@many
@given(wanted=wanted_values, value=present)
def test_any_value_negated_is_the_complement_of_all_values_on_present_keys(
    negated: str, positive: str, wanted: tuple[str, ...], value: Value
) -> None:
    assert holds(f"ForAnyValue:{negated}", wanted, value) is not holds(f"ForAllValues:{positive}", wanted, value)
    assert holds(f"ForAllValues:{negated}", wanted, value) is not holds(f"ForAnyValue:{positive}", wanted, value)


pieces = st.text("ab*?/", max_size=4)
substituted = st.text("ab*?/:${}", min_size=1, max_size=4)
seen = st.text("ab*?/", max_size=8)
ARN = "arn:aws:s3:::"


@many
@given(before=pieces, value=substituted, after=pieces, other=seen)
def test_substitution_never_widens_a_resource(before: str, value: str, after: str, other: str) -> None:
    """What `${…}` covers is covered with `*` in its place, holds the value's text, and follows it in no wildcard."""
    pattern = covered((f"{ARN}{before}${{aws:username}}{after}",), negated=False, variables=True)
    for name in (other, f"{before}{value}{after}", f"{before}{other}{after}", f"{before}{value}{other}"):
        if not pattern.holds(Facts({"aws:username": value}, ARN + name)):
            continue
        assert value in name
        for wider in ("*", value) if "$" not in value else ("*",):
            assert covered((f"{ARN}{before}{wider}{after}",), negated=False, variables=False).holds(
                Facts({}, ARN + name)
            )


@many
@given(before=pieces, value=substituted, after=pieces, other=seen)
def test_substitution_never_widens_a_condition(before: str, value: str, after: str, other: str) -> None:
    like = clause("StringLike", "k", (f"{before}${{aws:username}}{after}",), variables=True).test
    for text in (other, f"{before}{value}{after}", f"{before}{other}{after}", f"{before}{value}{other}"):
        if like(Facts({"k": text, "aws:username": value}, "*")):
            assert value in text
            assert clause("StringLike", "k", (f"{before}*{after}",), variables=False).test(Facts({"k": text}, "*"))


@many
@given(before=pieces, value=substituted, after=pieces)
def test_a_substituted_value_is_itself_and_no_pattern(before: str, value: str, after: str) -> None:
    assume("*" not in before + after and "?" not in before + after)
    like = clause("StringLike", "k", (f"{before}${{aws:username}}{after}",), variables=True).test
    itself = f"{before}{value}{after}"
    assert like(Facts({"k": itself, "aws:username": value}, "*"))
    for other in (itself.replace("*", "x"), itself.replace("?", "x"), f"{itself}x"):
        assert like(Facts({"k": other, "aws:username": value}, "*")) is (other == itself)
