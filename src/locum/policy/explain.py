"""Why: which statement decided, which one nearly did, and the smallest change.

Law: a second path over the same compiled statements, so that deciding pays nothing for it. Every change that is
proposed has been decided again. It names policies, statements, keys and values; it holds no secret because a context
holds none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from locum.policy.bound import Attached, attached
from locum.policy.change import Change, smallest, without_denies
from locum.policy.compile import Statement
from locum.policy.context import Exhausted, Facts, Value
from locum.policy.decide import decide, held_by_scps
from locum.policy.decision import EXPLICIT, Decision, StatementRef
from locum.policy.match import fold
from locum.policy.principals import Naming
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
        return Explanation(question, decision, (), without_denies(question, decision))
    try:
        near = tuple(_nearest(question, decision))
    except Exhausted:
        near = ()
    return Explanation(question, decision, near, smallest(question))


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
