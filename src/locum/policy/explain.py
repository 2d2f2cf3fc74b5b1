"""Why: which statement decided, which one nearly did, how to call instead, and the smallest change.

Law: a second path over the same compiled statements, so that deciding pays nothing for it. Everything that is proposed
has been decided again. Where a call can meet what a policy asks for, that comes before any wider statement, and a
statement that would not ask for it says so. It names policies, statements, keys and values; it holds no secret because
a context holds none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from locum.policy.change import Change, smallest, without_denies
from locum.policy.context import Exhausted, Value
from locum.policy.decide import decide, held_by_scps
from locum.policy.decision import EXPLICIT, Decision, StatementRef
from locum.policy.instead import avoiding, supplying
from locum.policy.near import Miss, NearMiss, nearest, of_layer
from locum.policy.question import Question
from locum.policy.supply import Supplied, words

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


class Explanation(msgspec.Struct, frozen=True):
    """Why a question was decided as it was. `call` are condition keys with which the same call is allowed as policies
    are."""

    question: Question
    decision: Decision
    near: tuple[NearMiss, ...]
    change: Change | None
    call: Supplied | None = None

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
            "call": None
            if self.call is None
            else {"words": words(self.call), "keys": {key: _plain(value) for key, value in self.call.items()}},
            "change": None
            if self.change is None
            else {
                "add": [{"layer": layer, "statement": json.loads(text)} for layer, text in self.change.add],
                "instead": json.loads(self.change.instead or "null"),
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
        return Explanation(question, decision, (), without_denies(question, decision), avoiding(question, decision))
    try:
        near = {layer: nearest(question, layer) for layer in decision.silent}
        call = supplying(question, list(near.values()))
    except Exhausted:
        near, call = {}, None
    nearer = tuple(one for found in near.values() for one, _ in found[:NEAREST])
    return Explanation(question, decision, nearer, smallest(question), call)


# ---- words


def layer_name(question: Question, layer: str) -> str:
    """What people call this layer of this question."""
    if layer == "resource" and question.own_kind in OWN_NAMES:
        return OWN_NAMES[question.own_kind]
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
    exists = bool(of_layer(question, layer))
    name = layer_name(question, layer)
    return f"no {name} allows it" if exists or layer == "identity" else f"there is no {name} that could allow it"


def _change_lines(explanation: Explanation) -> Iterator[str]:
    change, call, question = explanation.change, explanation.call, explanation.question
    if call is not None:
        yield f"  policies as they are allow it to who calls {words(call)} (decided again)"
    if change is None:
        if not explanation.decision.allowed:
            yield "  no statement would allow it"
        return
    if change.remove:
        these = "these statements" if len(change.remove) > 1 else "this statement"
        yield f"  no statement that is added would allow it; without {these}: {change.verdict}"
        return
    if not change.alone:
        yield "  no identity or resource statement alone would allow it"
    yield f"  {'or else, ' if call is not None else ''}what would allow it (decided again):"
    for layer, statement in change.add:
        yield f"    {layer_name(question, layer)}: {statement}"
        for near in explanation.near:
            if near.ref.layer == layer and near.by_conditions:
                keys = ", ".join(f"`{miss.key}`" for miss in near.misses)
                yield f"      which does not ask for {keys}, as {near.ref} does"
    if change.instead:
        yield f"    or alone, past the caller's limits, {layer_name(question, 'resource')}: {change.instead}"


def _plain(value: Value | None) -> Any:
    return list(value) if isinstance(value, tuple) else value


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
