"""Every denied case: what the explanation proposes is true, and it says so where nothing can be proposed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from locum.policy import Attached, Explanation, PolicyKind, PrincipalType, Question, bind, decide, explain, parse
from locum.policy.bound import attached
from locum.policy.casefile import read_json
from locum.policy.cases import run
from locum.policy.supply import with_supplied

CASES = Path(__file__).parents[2] / "cases" / "policy"
DENIED = [
    (f"{result.id} {number}", question)
    for path in sorted(CASES.glob("*.json"))
    for result in run(read_json(path.read_bytes()))
    if result.case is not None
    for number, question in enumerate(result.case.questions)
    if not decide(question).allowed
]
EXPLAINED = [(name, explain(question)) for name, question in DENIED]
KINDS = {"resource": PolicyKind.RESOURCE, "trust": PolicyKind.TRUST, "key": PolicyKind.KEY}
each = pytest.mark.parametrize("explanation", [one for _, one in EXPLAINED], ids=[name for name, _ in EXPLAINED])


def added(question: Question, layer: str, statement: dict[str, Any]) -> Question:
    """The question with one more statement, put there by the test's own hands."""
    of_role = layer == "resource" and "Resource" not in statement
    kind = PolicyKind.TRUST if of_role else PolicyKind.RESOURCE if layer == "resource" else PolicyKind(layer)
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = Attached("added", parse(text, kind))
    if layer in ("resource", "endpoint"):
        field = "resource_policy" if layer == "resource" else layer
        return msgspec.structs.replace(question, **{field: (*attached(getattr(question, field)), policy)})
    bound = question.bound
    return msgspec.structs.replace(
        question,
        bound=bind(
            (*bound.identity, policy) if layer == "identity" else bound.identity,
            (*(bound.boundary or ()), policy) if layer == "boundary" else bound.boundary,
            (*(bound.session or ()), policy) if layer == "session" else bound.session,
            [(*level, policy) for level in bound.scps or ()] if layer == "scp" else bound.scps,
        ),
    )


def could_be_granted(question: Question) -> bool:
    """Whether the widest statements of identity and resource allow it, whatever else there is."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    kind = PrincipalType.FEDERATED
    principal = {"Federated": question.principal.arn} if question.principal.type is kind else "*"
    of_role = question.own_kind == "trust"
    own = {"Effect": "Allow", "Principal": principal, "Action": question.action}
    wide = added(question, "identity", everything)
    return decide(added(wide, "resource", own if of_role else {**own, "Resource": "*"})).allowed


@each
def test_the_statements_to_add_allow_the_call(explanation: Explanation) -> None:
    change = explanation.change
    if change is None or not change.add:
        return
    question = explanation.question
    for layer, text in change.add:
        assert not decide(question).allowed, "a statement too many"
        question = added(question, layer, json.loads(text))
    assert decide(question).allowed
    if change.instead:
        assert decide(added(explanation.question, "resource", json.loads(change.instead))).allowed


@each
def test_a_call_that_identity_or_resource_statements_can_allow_gets_them(explanation: Explanation) -> None:
    if could_be_granted(explanation.question):
        change = explanation.change
        assert change is not None
        assert change.add
        assert change.alone
        assert set(dict(change.add)) <= {"identity", "resource"} or change.instead
        assert "what would allow it" in explanation.text


@each
def test_where_no_identity_or_resource_statement_can_the_text_says_so(explanation: Explanation) -> None:
    said = [
        sentence
        for sentence in (
            "no identity or resource statement alone would allow it",
            "no statement that is added would allow it; without",
            "no statement would allow it",
        )
        if sentence in explanation.text
    ]
    assert bool(said) is not could_be_granted(explanation.question), explanation.text


@each
def test_the_layer_that_denies_is_named(explanation: Explanation) -> None:
    names = {
        "identity": "identity-based policy",
        "boundary": "permissions boundary",
        "session": "session policy",
        "scp": "service control policy",
        "rcp": "resource control policy",
        "endpoint": "VPC endpoint policy",
        "resource": {"trust": "role trust policy", "key": "key policy"}.get(
            explanation.question.own_kind, "resource-based policy"
        ),
    }
    for layer in explanation.decision.decided_by:
        assert layer == "service" or names[layer] in explanation.text


@each
def test_a_call_that_is_proposed_is_allowed_by_policies_as_they_are(explanation: Explanation) -> None:
    if explanation.call is not None:
        question = explanation.question
        context = with_supplied(question.context, explanation.call)
        assert decide(msgspec.structs.replace(question, context=context)).allowed
        assert "policies as they are allow it to who calls " in explanation.text


def test_there_are_denials_of_every_kind_to_explain() -> None:
    assert len(DENIED) >= 200
    assert sum(one.call is not None for _, one in EXPLAINED) >= 10
    layers = {layer for _, one in EXPLAINED for layer in one.decision.decided_by}
    assert layers >= {"identity", "resource", "boundary", "session", "scp", "rcp", "endpoint", "service"}
