"""The smallest change: how to call instead, which statement would allow a call, or what would be without a Deny.

Law: every change that is proposed has been decided again, and its verdict is part of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from locum.policy.bound import Attached, attached, bind
from locum.policy.compile import Policy, PolicyError, parse
from locum.policy.decide import LAYERS, decide
from locum.policy.decision import IMPLICIT, Decision, StatementRef
from locum.policy.grammar import PolicyKind
from locum.policy.principals import Principal, PrincipalType
from locum.policy.question import Question


class Change(msgspec.Struct, frozen=True):
    """Statements to add, by layer, or Deny statements to take away; `verdict` is what was decided with the change.

    `instead` is a statement of the resource's policy that names the caller and does by itself what `add` does together;
    `alone` says whether statements of the caller's and the resource's policies suffice at all.
    """

    add: tuple[tuple[str, str], ...]
    remove: tuple[StatementRef, ...]
    verdict: str
    instead: str = ""
    alone: bool = False


def smallest(question: Question) -> Change | None:
    """One statement for each layer that is silent, found by deciding again after each; None when none would do."""
    before = question
    added: list[tuple[str, str]] = []
    decision = decide(question)
    while decision.verdict == IMPLICIT and decision.silent and len(added) < len(LAYERS):
        layer = decision.silent[0]
        if layer in {name for name, _ in added}:
            return None
        text = _statement(question, layer)
        try:
            question = _with(question, layer, text)
        except PolicyError:
            return None
        added.append((layer, text))
        decision = decide(question)
    if not decision.allowed:
        return None
    if {layer for layer, _ in added} <= OWN_LAYERS:
        return Change(tuple(added), (), decision.verdict, alone=True)
    instead = _naming_the_caller(before)
    return Change(tuple(added), (), decision.verdict, instead=instead, alone=bool(instead))


# Where a statement grants; every other layer only limits.
OWN_LAYERS = {"identity", "resource"}


def _naming_the_caller(question: Question) -> str:
    """The statement of the resource's policy that allows a caller whatever limits it, or "" (rule 7.10)."""
    try:
        text = _statement(question, "resource", exactly=True)
        allowed = decide(_with(question, "resource", text)).allowed
    except PolicyError:
        return ""
    return text if allowed else ""


def _statement(question: Question, layer: str, *, exactly: bool = False) -> str:
    """The narrowest Allow for this question, as JSON; `exactly` names a session itself and not its role."""
    statement: dict[str, Any] = {"Effect": "Allow"}
    if layer == "endpoint":
        statement["Principal"] = "*"
    if layer == "resource":
        statement["Principal"] = _named(question.principal, exactly=exactly)
    statement["Action"] = question.action
    if layer != "resource" or question.own_kind != "trust":
        statement["Resource"] = question.resource.replace("${", "${$}{")
    return json.dumps(statement)


def _named(principal: Principal, *, exactly: bool) -> Any:
    if principal.type is PrincipalType.ANONYMOUS:
        return "*"
    key = {
        PrincipalType.SERVICE: "Service",
        PrincipalType.FEDERATED: "Federated",
        PrincipalType.CANONICAL_USER: "CanonicalUser",
    }.get(principal.type, "AWS")
    behind = [name for name in principal.names if ":role/" in name or ":user/" in name]
    return {key: behind[0] if behind and not exactly else principal.arn}


_KINDS = {"resource": PolicyKind.RESOURCE, "trust": PolicyKind.TRUST, "key": PolicyKind.KEY}


def _with(question: Question, layer: str, statement: str) -> Question:
    """This question with one more statement in that layer. Raises PolicyError when it would be no policy."""
    kind = _KINDS[question.own_kind] if layer == "resource" else PolicyKind(layer)
    one = Attached("the statement to add", parse(f'{{"Version": "2012-10-17", "Statement": {statement}}}', kind))
    if layer == "resource":
        return msgspec.structs.replace(question, resource_policy=(*attached(question.resource_policy), one))
    if layer == "endpoint":
        return msgspec.structs.replace(question, endpoint=(*attached(question.endpoint), one))
    bound = question.bound
    sides: dict[str, Any] = {
        "identity": bound.identity,
        "boundary": bound.boundary,
        "session": bound.session,
        "scps": bound.scps,
    }
    if layer == "scp":
        sides["scps"] = tuple((*level, one) for level in bound.scps or ())
    else:
        sides[layer] = (*(sides[layer] or ()), one)
    return msgspec.structs.replace(question, bound=bind(**sides))


def without_denies(question: Question, decision: Decision) -> Change:
    """What would be decided if the Deny statements that applied were not there."""
    refs = set(decision.statements)

    def spared(policies: Sequence[Attached], layer: str) -> tuple[Attached, ...]:
        return tuple(Attached(one.source, _spared(one.policy, one.source, layer, refs), one.id) for one in policies)

    bound = question.bound
    without = msgspec.structs.replace(
        question,
        bound=bind(
            spared(bound.identity, "identity"),
            None if bound.boundary is None else spared(bound.boundary, "boundary"),
            None if bound.session is None else spared(bound.session, "session"),
            None if bound.scps is None else tuple(spared(level, "scp") for level in bound.scps),
        ),
        resource_policy=None
        if question.resource_policy is None
        else spared(attached(question.resource_policy), "resource"),
        endpoint=None if question.endpoint is None else spared(attached(question.endpoint), "endpoint"),
        rcps=None if question.rcps is None else tuple(spared(level, "rcp") for level in question.rcps),
    )
    return Change((), decision.statements, decide(without).verdict)


def _spared(policy: Policy, source: str, layer: str, refs: set[StatementRef]) -> Policy:
    kept = tuple(
        one for one in policy.statements if StatementRef(source, one.index, one.sid, one.line, layer) not in refs
    )
    return Policy(policy.kind, policy.text, policy.version, policy.id, kept)
