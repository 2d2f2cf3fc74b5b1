"""Near misses: the Allow statements that did not apply, and every part that kept them from it.

Law: each part of a statement is asked by itself, over the same compiled statements; nothing is decided here. May raise
Exhausted, as conditions do.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from locum.policy.bound import Attached, attached
from locum.policy.compile import Statement
from locum.policy.context import Facts, Value
from locum.policy.decision import StatementRef
from locum.policy.match import fold
from locum.policy.principals import Naming
from locum.policy.question import Question


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

    @property
    def by_conditions(self) -> bool:
        """Whether nothing but conditions kept it from applying."""
        return all(miss.part == "condition" for miss in self.misses)


def nearest(question: Question, layer: str) -> list[tuple[NearMiss, Statement]]:
    """The Allow statements of a layer that did not apply, the nearest first."""
    facts = Facts(question.context, question.resource)
    found = [
        (NearMiss(StatementRef(one.source, statement.index, statement.sid, statement.line, layer), misses), statement)
        for one in of_layer(question, layer)
        for statement in one.policy.statements
        if not statement.deny and (misses := tuple(_misses(statement, question, facts)))
    ]
    found.sort(key=lambda one: (len(one[0].misses), _weight(one[0])))
    return found


def _weight(near: NearMiss) -> int:
    """A statement for another action is farther than one for another resource, and that than a condition."""
    return sum({"action": 4, "principal": 2, "resource": 2, "condition": 1}[miss.part] for miss in near.misses)


def _misses(statement: Statement, question: Question, facts: Facts) -> Iterator[Miss]:
    principal = question.principal
    if not statement.acts(fold(question.action)):
        yield Miss("action", _negated(statement.actions, statement.not_action), (question.action,))
    if not statement.covered().holds(facts):
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


def of_layer(question: Question, layer: str) -> tuple[Attached, ...]:
    """The policies of this question that speak in `layer`."""
    bound = question.bound
    if layer == "scp":
        return tuple(one for level in bound.scps or () for one in level)
    return {
        "identity": bound.identity,
        "boundary": bound.boundary or (),
        "session": bound.session or (),
        "rcp": tuple(one for level in question.rcps or () for one in level),
        "endpoint": attached(question.endpoint),
        "resource": attached(question.resource_policy),
    }.get(layer, ())
