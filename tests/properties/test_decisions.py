"""Theorems about decisions. Each test is one, over random policies of a small vocabulary.

LOCUM_EXAMPLES sets how many examples each theorem is tried on.
"""

from __future__ import annotations

import os

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.policies import (
    ACTIONS,
    CALLERS,
    RESOURCES,
    attach,
    boundaries,
    bounds,
    contexts,
    identities,
    levels,
    own_policies,
    policies,
    questions,
    sessions,
    statements,
)

from locum.policy import Attached, Bound, Context, Policy, PolicyKind, PrincipalType, Question, bind, decide, explain
from locum.policy.bound import attached

many = settings(max_examples=int(os.environ.get("LOCUM_EXAMPLES", "40")), deadline=None)
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
FREE = ("sts:GetCallerIdentity",)


def asked(question: Question, **changes: object) -> bool:
    return decide(msgspec.structs.replace(question, **changes)).allowed


def rebound(bound: Bound, **sides: object) -> Bound:
    old = {"identity": bound.identity, "boundary": bound.boundary, "session": bound.session, "scps": bound.scps}
    return bind(**{**old, **sides})  # type: ignore[arg-type]


@many
@given(st.sampled_from(CALLERS), st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), contexts)
def test_nothing_is_allowed_by_default(caller, action, resource, context):  # type: ignore[no-untyped-def]
    question = Question(caller, action, resource, "111122223333", context, bind())
    decision = decide(question)
    root_at_home = caller.type is PrincipalType.ROOT and caller.account == "111122223333" and action != "sts:AssumeRole"
    assert decision.allowed is root_at_home


@many
@given(questions())
def test_a_decision_says_who_decided(question: Question) -> None:
    decision = decide(question)
    assert decision.decided_by
    assert decision.allowed is (decision.verdict == "allowed")
    assert decision.verdict != "explicitDeny" or decision.statements
    assert decision.verdict != "implicitDeny" or decision.silent or decision.reason
    assert {ref.layer for ref in decision.statements} <= {*decision.decided_by, "boundary", "session", "identity"}


@many
@given(questions())
def test_an_explicit_deny_wins(question: Question) -> None:
    deny = attach(PolicyKind.IDENTITY, {"Effect": "Deny", "Action": "*", "Resource": "*"})
    bound = rebound(question.bound, identity=(*question.bound.identity, deny))
    assert decide(msgspec.structs.replace(question, bound=bound)).verdict == "explicitDeny"


@many
@given(questions(), policies(PolicyKind.IDENTITY, effects=("Deny",)))
def test_another_deny_never_allows(question: Question, deny: Attached) -> None:
    if asked(question, bound=rebound(question.bound, identity=(*question.bound.identity, deny))):
        assert decide(question).allowed


@many
@given(questions(), policies(PolicyKind.IDENTITY, effects=("Allow",)))
def test_another_allow_never_denies(question: Question, allow: Attached) -> None:
    if decide(question).allowed:
        assert asked(question, bound=rebound(question.bound, identity=(*question.bound.identity, allow)))


@many
@given(questions(), sessions, st.integers(0, 2))
def test_a_session_policy_never_adds(question: Question, session: list[Attached] | None, layers: int) -> None:
    if question.principal.type is PrincipalType.FEDERATED_USER:
        return  # without one it has no permissions at all: rule 7.11
    without = rebound(question.bound, session=None)
    if asked(question, bound=rebound(question.bound, session=session)):
        assert asked(question, bound=without)


@many
@given(questions(), boundaries)
def test_a_boundary_never_adds(question: Question, boundary: Attached | None) -> None:
    if asked(question, bound=rebound(question.bound, boundary=boundary)):
        assert asked(question, bound=rebound(question.bound, boundary=None))


@many
@given(questions(), levels)
def test_service_control_policies_never_add(question: Question, scps: list[list[Attached]] | None) -> None:
    if asked(question, bound=rebound(question.bound, scps=scps)):
        assert asked(question, bound=rebound(question.bound, scps=None))


@many
@given(questions())
def test_resource_control_policies_and_endpoints_never_add(question: Question) -> None:
    if decide(question).allowed:
        assert asked(question, rcps=None)
        assert asked(question, endpoint=None)


@many
@given(questions(), own_policies)
def test_an_identity_policy_alone_never_crosses_accounts(question: Question, own: Attached | None) -> None:
    bound = bind([attach(PolicyKind.IDENTITY, EVERYTHING)])
    there = msgspec.structs.replace(question, resource_account="999900001111", resource_policy=None, bound=bound)
    assert not decide(there).allowed


def _turned(policy: Policy) -> Policy:
    """The same statements, backwards and twice."""
    return Policy(policy.kind, policy.text, policy.version, policy.id, (*policy.statements[::-1], *policy.statements))


@many
@given(questions())
def test_order_and_repetition_of_statements_do_not_matter(question: Question) -> None:
    def turn(policies: tuple[Attached, ...] | None) -> tuple[Attached, ...] | None:
        return None if policies is None else tuple(Attached(one.source, _turned(one.policy)) for one in policies[::-1])

    bound = question.bound
    turned = bind(
        turn(bound.identity) or (),
        turn(bound.boundary),
        turn(bound.session),
        None if bound.scps is None else [turn(level) or () for level in bound.scps],
    )
    own = None if question.resource_policy is None else turn(attached(question.resource_policy))
    again = decide(msgspec.structs.replace(question, bound=turned, resource_policy=own))
    assert (again.verdict, again.decided_by) == (decide(question).verdict, decide(question).decided_by)


@many
@given(questions())
def test_the_case_of_actions_and_keys_does_not_matter(question: Question) -> None:
    context = {key.swapcase(): value for key, value in dict(question.context).items()}  # type: ignore[call-overload]
    other = msgspec.structs.replace(question, action=question.action.upper(), context=context)
    assert decide(other).verdict == decide(question).verdict


@many
@given(questions())
def test_a_context_made_once_decides_like_its_mapping(question: Question) -> None:
    other = msgspec.structs.replace(question, context=Context(dict(question.context)))  # type: ignore[call-overload]
    assert decide(other) == decide(question)


@many
@given(questions())
def test_asking_again_answers_the_same(question: Question) -> None:
    assert decide(question) == decide(question)


@many
@given(questions())
def test_what_an_explanation_proposes_was_decided_again(question: Question) -> None:
    explanation = explain(question)
    assert explanation.decision == decide(question)
    assert explanation.text.startswith(explanation.decision.verdict)
    assert explanation.to_dict()["allowed"] is explanation.decision.allowed
    change = explanation.change
    if change is not None and change.add:
        assert change.verdict == "allowed"


@many
@given(questions(bounds), statements(effects=("Deny",), named=True))
def test_a_deny_of_the_resource_never_allows(question: Question, deny: dict[str, object]) -> None:
    own = (*attached(question.resource_policy), attach(PolicyKind.RESOURCE, deny))
    if asked(question, resource_policy=own):
        assert decide(question).allowed


@many
@given(questions(), identities)
def test_the_caller_of_a_service_has_no_policies_that_matter(question: Question, identity: list[Attached]) -> None:
    service = next(caller for caller in CALLERS if caller.type is PrincipalType.SERVICE)
    denies = bind([one for one in identity if not any(statement.deny for statement in one.policy.statements)])
    first = msgspec.structs.replace(question, principal=service, bound=denies)
    second = msgspec.structs.replace(question, principal=service, bound=bind())
    assert decide(first).verdict == decide(second).verdict
