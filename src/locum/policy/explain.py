"""Why: which statement decided, which one nearly did, and the smallest change.

Law: a second path over the same compiled statements, so that deciding pays nothing for it. Every change that is
proposed has been decided again. It names policies, statements, keys and values; it holds no secret because a context
holds none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from locum.policy.bound import Attached, attached, bind
from locum.policy.compile import Policy, PolicyError, Statement, parse
from locum.policy.context import Exhausted, Facts, Value
from locum.policy.decide import LAYERS, decide, held_by_scps
from locum.policy.decision import EXPLICIT, IMPLICIT, Decision, StatementRef
from locum.policy.grammar import PolicyKind
from locum.policy.match import fold
from locum.policy.principals import Naming, Principal, PrincipalType
from locum.policy.question import Question

LAYER_NAMES = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "endpoint": "VPC endpoint policy",
}
# What the resource's own policy is called, where it has a name of its own.
OWN_NAMES = {"trust": "role trust policy", "key": "key policy"}
NEAREST = 3


class Miss(msgspec.Struct, frozen=True):
    """One part of a statement that did not match: `part` is action, resource, principal or condition; `key` and
    `operator` are those of a condition; `seen` is None when the request has no such key."""

    part: str
    wanted: tuple[str, ...]
    seen: tuple[str, ...] | None
    operator: str = ""
    key: str = ""

    def __str__(self) -> str:
        wanted = " or ".join(f"`{one}`" for one in self.wanted)
        seen = "the request has none" if self.seen is None else f"seen {', '.join(f'`{one}`' for one in self.seen)}"
        what = f"condition {self.operator} {self.key}" if self.part == "condition" else self.part
        return f"{what} wants {wanted}; {seen}"


class NearMiss(msgspec.Struct, frozen=True):
    """An Allow statement that did not apply, and every part that kept it from it."""

    ref: StatementRef
    misses: tuple[Miss, ...]


class Change(msgspec.Struct, frozen=True):
    """Statements to add, by layer, or Deny statements to take away; `verdict` is what was decided with the change."""

    add: tuple[tuple[str, str], ...]
    remove: tuple[StatementRef, ...]
    verdict: str


class Explanation(msgspec.Struct, frozen=True):
    """Why a question was decided as it was."""

    question: Question
    decision: Decision
    near: tuple[NearMiss, ...]
    change: Change | None

    @property
    def text(self) -> str:
        """The explanation for people: a few lines."""
        return "\n".join(_lines(self))

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON-ready values."""
        question, decision = self.question, self.decision
        return {
            "principal": question.principal.arn or "anonymous",
            "action": question.action,
            "resource": question.resource,
            "verdict": decision.verdict,
            "allowed": decision.allowed,
            "decided_by": list(decision.decided_by),
            "reason": decision.reason,
            "statements": [_ref(ref) for ref in decision.statements],
            "silent": list(decision.silent),
            "near_misses": [
                {"statement": _ref(one.ref), "misses": [_miss(miss) for miss in one.misses]} for one in self.near
            ],
            "change": None
            if self.change is None
            else {
                "add": [{"layer": layer, "statement": json.loads(text)} for layer, text in self.change.add],
                "remove": [_ref(ref) for ref in self.change.remove],
                "verdict": self.change.verdict,
            },
        }


def explain(question: Question) -> Explanation:
    """The explanation of what `decide` says to `question`. Never raises."""
    decision = decide(question)
    if decision.allowed:
        return Explanation(question, decision, (), None)
    if decision.verdict == EXPLICIT:
        return Explanation(question, decision, (), _without_denies(question, decision))
    try:
        near = tuple(_nearest(question, decision))
    except Exhausted:
        near = ()
    return Explanation(question, decision, near, _smallest(question))


# ---- near misses


def _nearest(question: Question, decision: Decision) -> Iterator[NearMiss]:
    facts = Facts(question.context, question.resource)
    for layer in decision.silent:
        found = [
            NearMiss(
                StatementRef(one.source, statement.index, statement.sid, statement.line, layer),
                misses,
            )
            for one in _of_layer(question, layer)
            for statement in one.policy.statements
            if not statement.deny and (misses := tuple(_misses(statement, question, facts)))
        ]
        found.sort(key=lambda near: (len(near.misses), _weight(near)))
        yield from found[:NEAREST]


def _weight(near: NearMiss) -> int:
    """A statement for another action is farther than one for another resource, and that than a condition."""
    return sum({"action": 4, "principal": 2, "resource": 2, "condition": 1}[miss.part] for miss in near.misses)


def _misses(statement: Statement, question: Question, facts: Facts) -> Iterator[Miss]:
    principal = question.principal
    if not statement.acts(fold(question.action)):
        yield Miss("action", _negated(statement.actions, statement.not_action), (question.action,))
    if not statement.is_about(question.resource, facts):
        yield Miss("resource", _negated(statement.resources, statement.not_resource), (question.resource,))
    audience = statement.audience
    if audience is not None and audience.names(principal) is Naming.NOT:
        wanted = tuple(name for names in audience.text.values() for name in names)
        yield Miss("principal", _negated(wanted, audience.negated), principal.names or None)
    for clause in statement.clauses:
        if not clause.test(facts):
            seen = facts.keys.get(fold(clause.key))
            yield Miss("condition", clause.wanted, _seen(seen), clause.operator, clause.key)


def _negated(texts: tuple[str, ...], negated: bool) -> tuple[str, ...]:
    return tuple(f"anything but {text}" for text in texts) if negated else texts


def _seen(value: Value | None) -> tuple[str, ...] | None:
    if value is None or value == ():
        return None
    return (value,) if isinstance(value, str) else value


def _of_layer(question: Question, layer: str) -> tuple[Attached, ...]:
    bound = question.bound
    if layer == "scp":
        return tuple(one for level in bound.scps or () for one in level)
    return {
        "identity": bound.identity,
        "boundary": bound.boundary or (),
        "session": bound.session or (),
        "endpoint": attached(question.endpoint),
        "resource": attached(question.resource_policy),
    }.get(layer, ())


# ---- the smallest change


def _smallest(question: Question) -> Change | None:
    """One statement for each layer that is silent, found by deciding again after each; None when none would do."""
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
    return Change(tuple(added), (), decision.verdict) if decision.allowed else None


def _statement(question: Question, layer: str) -> str:
    """The narrowest Allow for this question, as JSON."""
    statement: dict[str, Any] = {"Effect": "Allow"}
    if layer == "endpoint":
        statement["Principal"] = "*"
    if layer == "resource":
        statement["Principal"] = _named(question.principal)
    statement["Action"] = question.action
    if layer != "resource" or question.resource_policy_kind != "trust":
        statement["Resource"] = question.resource.replace("${", "${$}{")
    return json.dumps(statement)


def _named(principal: Principal) -> Any:
    if principal.type is PrincipalType.ANONYMOUS:
        return "*"
    key = {
        PrincipalType.SERVICE: "Service",
        PrincipalType.FEDERATED: "Federated",
        PrincipalType.CANONICAL_USER: "CanonicalUser",
    }.get(principal.type, "AWS")
    behind = [name for name in principal.names if ":role/" in name or ":user/" in name]
    return {key: behind[0] if behind else principal.arn}


_KINDS = {"resource": PolicyKind.RESOURCE, "trust": PolicyKind.TRUST, "key": PolicyKind.KEY}


def _with(question: Question, layer: str, statement: str) -> Question:
    """This question with one more statement in that layer. Raises PolicyError when it would be no policy."""
    kind = _KINDS[question.resource_policy_kind] if layer == "resource" else PolicyKind(layer)
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


def _without_denies(question: Question, decision: Decision) -> Change:
    """What would be decided if the Deny statements that applied were not there."""
    refs = set(decision.statements)

    def spared(policies: Sequence[Attached], layer: str) -> tuple[Attached, ...]:
        return tuple(Attached(one.source, _spared(one.policy, one.source, layer, refs), one.type) for one in policies)

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


# ---- words


def layer_name(question: Question, layer: str) -> str:
    """What people call this layer of this question."""
    if layer == "resource" and question.resource_policy_kind in OWN_NAMES:
        return OWN_NAMES[question.resource_policy_kind]
    return LAYER_NAMES.get(layer, layer)


def _lines(explanation: Explanation) -> Iterator[str]:
    question, decision = explanation.question, explanation.decision
    who = question.principal.arn or "an anonymous caller"
    may = "may" if decision.allowed else "may not"
    yield f"{decision.verdict}: {who} {may} {question.action} on {question.resource}"
    if decision.reason:
        yield f"  {decision.reason}"
    for ref in decision.statements:
        verb = "allowed" if decision.allowed else "denied"
        yield f"  {verb} by the {layer_name(question, ref.layer)}: {ref}"
    for layer in decision.silent:
        yield f"  {_silence(question, layer)}"
        for near in explanation.near:
            if near.ref.layer == layer:
                yield f"    near: {near.ref}"
                yield from (f"      {miss}" for miss in near.misses)
    yield from _change_lines(explanation)


def _silence(question: Question, layer: str) -> str:
    if layer == "scp" and held_by_scps(question):
        return "a level of the organisation has no service control policy that allows it"
    exists = bool(_of_layer(question, layer))
    name = layer_name(question, layer)
    return f"no {name} allows it" if exists or layer == "identity" else f"there is no {name} that could allow it"


def _change_lines(explanation: Explanation) -> Iterator[str]:
    change = explanation.change
    if change is None:
        if not explanation.decision.allowed:
            yield "  no statement would allow it"
        return
    if change.remove:
        yield f"  without {'these statements' if len(change.remove) > 1 else 'this statement'}: {change.verdict}"
        return
    yield "  what would allow it (decided again):"
    for layer, statement in change.add:
        yield f"    {layer_name(explanation.question, layer)}: {statement}"


def _ref(ref: StatementRef) -> dict[str, Any]:
    return {"source": ref.source, "index": ref.index, "sid": ref.sid, "line": ref.line, "layer": ref.layer}


def _miss(miss: Miss) -> dict[str, Any]:
    return {
        "part": miss.part,
        "operator": miss.operator,
        "key": miss.key,
        "wanted": list(miss.wanted),
        "seen": None if miss.seen is None else list(miss.seen),
    }
