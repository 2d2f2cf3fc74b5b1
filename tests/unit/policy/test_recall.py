"""Kept answers: what they depend on, and how many there are."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.policy.asking import ask

from locum.policy import Attached, Context, PolicyKind, Question, bind, decide, parse, recall
from locum.policy.recall import RECALLED, VALUES

BUCKET = "arn:aws:s3:::b/k"


def limited(**fields: Any) -> Question:
    """A question whose decision is made anew each time: another layer has a say."""
    return ask(**{"resource": BUCKET, "identity": "allow s3:* on *", "boundary": "allow s3:Get* on *", **fields})


def but(question: Question, **changes: Any) -> Question:
    return msgspec.structs.replace(question, **changes)


def test_an_answer_is_kept() -> None:
    question = limited()
    assert recall(question) is recall(question)
    assert recall(question) == decide(question)
    assert decide(question) is not decide(question)


def test_a_key_that_no_statement_reads_does_not_matter() -> None:
    question = limited(context={"aws:CurrentTime": "2026-01-15T12:00:00Z"})
    assert recall(question) is recall(but(question, context={"aws:UserAgent": "x"}))


@pytest.mark.parametrize(
    "fields",
    [
        {"identity": {"allow": "s3:*", "if": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}},
        {"identity": {"allow": "s3:*", "if": {"StringEquals": {"s3:prefix": "${aws:PrincipalTag/team}"}}}},
        {"identity": {"allow": "s3:*", "on": "arn:aws:s3:::${aws:PrincipalTag/team}"}, "resource": "arn:aws:s3:::red"},
        {"boundary": {"allow": "s3:*", "if": {"Null": {"aws:PrincipalTag/TEAM": "false"}}}},
        {"session": {"allow": "s3:*", "if": {"ForAnyValue:StringLike": {"aws:principaltag/team": "r*"}}}},
        {"scps": [{"allow": "s3:*", "if": {"StringLike": {"aws:PrincipalTag/team": "r*"}}}]},
        {"rcps": [{"deny": "s3:*", "if": {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}}]},
        {"endpoint": {"allow": "s3:*", "if": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}},
        {
            "resource_policy": {"deny": "s3:*", "to": "*", "if": {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}},
        },
    ],
)  # fmt: skip
def test_a_key_that_a_statement_reads_is_part_of_the_question(fields: dict[str, Any]) -> None:
    question = limited(**fields)
    question = but(question, rcps=None if question.rcps is None else tuple(question.rcps))
    red = but(question, context={"aws:PrincipalTag/team": "red", "s3:prefix": "red"})
    other = but(question, context={"s3:prefix": "red"})
    for _ in range(2):
        assert recall(red).allowed
        assert not recall(other).allowed
    assert len(question.bound.recalled) == 1


def test_a_new_policy_of_the_resource_is_asked() -> None:
    text = '{"Statement": {"Effect": "%s", "Principal": "*", "Action": "s3:*", "Resource": "*"}}'
    allow, deny = (Attached("own", parse(text % effect, PolicyKind.RESOURCE)) for effect in ("Allow", "Deny"))
    question = limited()
    assert recall(but(question, resource_policy=allow)).allowed
    assert recall(but(question, resource_policy=deny)).verdict == "explicitDeny"


def test_what_binds_the_caller_anew_is_asked_anew() -> None:
    question = limited()
    assert recall(question).allowed
    assert not recall(but(question, bound=bind())).allowed


def test_answers_do_not_grow_without_end() -> None:
    question = limited(identity={"allow": "s3:*", "if": {"StringEquals": {"k": "v"}}})
    for number in range(RECALLED + 10):
        recall(but(question, resource=f"arn:aws:s3:::{number}"))
    assert len(question.bound.recalled) <= RECALLED
    for number in range(VALUES + 10):
        recall(but(question, context={"k": str(number)}))
        assert all(len(one.answers) <= VALUES for one in question.bound.recalled.values())
    assert all(len(one.answers) <= VALUES for one in question.bound.recalled.values())


def test_what_cannot_be_a_key_is_decided_anew() -> None:
    question = limited(rcps=[[]])
    listed = but(question, rcps=[[]])
    assert recall(listed) == decide(listed)
    values = but(limited(identity={"allow": "s3:*", "if": {"StringEquals": {"k": "v"}}}), context={"k": ["v"]})
    assert recall(values).allowed


TWO = {
    "allow": "s3:*",
    "if": {"StringEquals": {"aws:PrincipalTag/a": "x"}, "StringNotEquals": {"aws:PrincipalTag/b": "y"}},
}


def test_contexts_with_other_names_do_not_share_answers() -> None:
    question = limited(identity=TWO)
    contexts: list[dict[str, Any]] = [
        {},
        {"aws:PrincipalTag/a": "x"},
        {"aws:PrincipalTag/b": "x"},
        {"aws:PrincipalTag/a": "x", "aws:PrincipalTag/b": "y"},
        {"aws:PrincipalTag/b": "y", "aws:PrincipalTag/a": "x"},
        {"aws:PrincipalTag/b": "x", "aws:PrincipalTag/a": "y"},
        {"AWS:principaltag/A": "x", "aws:PrincipalTag/a": "z"},
    ]
    for context in contexts * 2:
        asked = but(question, context=context)
        assert recall(asked) == decide(asked) == recall(but(asked, context=Context(context)))


def test_an_absent_key_is_no_key_without_a_value() -> None:
    question = limited(identity={"allow": "s3:*", "if": {"Null": {"k": "true"}}})
    for context, allowed in (({"other": "1"}, True), ({"k": ""}, False), ({"k": ()}, True), ({}, True)):
        assert recall(but(question, context=context)).allowed is allowed
