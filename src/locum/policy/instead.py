"""How to call instead: condition keys to bring along, with which policies as they are allow the same call.

Law: only keys that a caller chooses (`supply`), and only what has been decided again. The number of ways that are tried
is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice, product
from typing import TypeAlias

import msgspec

from locum.policy.compile import Statement
from locum.policy.conditions import Clause
from locum.policy.context import Facts, Value
from locum.policy.decide import decide
from locum.policy.decision import Decision, StatementRef
from locum.policy.near import NearMiss, of_layer
from locum.policy.question import Question
from locum.policy.supply import Supplied, breaking, can_supply, meeting, with_supplied

# Ways to call that are tried before it is said that there is none.
TRIED = 64

Way: TypeAlias = Sequence[tuple[tuple[str, "Value | None"], ...]]
"""For each condition that must change, the keys and values to try."""


def supplying(question: Question, silent: Sequence[Sequence[tuple[NearMiss, Statement]]]) -> Supplied | None:
    """Keys with which one near miss of each silent layer applies, so that the call is allowed; or None."""
    facts = Facts(question.context, question.resource)
    ways: list[list[Way]] = [
        [
            [tuple(meeting(clause, facts.keys)) for clause in statement.clauses if not clause.test(facts)]
            for near, statement in found
            if near.by_conditions and all(can_supply(miss.key) for miss in near.misses)
        ]
        for found in silent
    ]
    return _first_allowed(question, ways) if ways else None


def avoiding(question: Question, decision: Decision) -> Supplied | None:
    """Keys with which no Deny applies and the call is allowed, or None."""
    facts = Facts(question.context, question.resource)
    ways: list[list[Way]] = [
        [[tuple(breaking(clause, facts.keys))] for clause in _clauses(question, ref) if can_supply(clause.key)]
        for ref in decision.statements
    ]
    return _first_allowed(question, ways)


def _clauses(question: Question, ref: StatementRef) -> tuple[Clause, ...]:
    """The conditions of the statement that stands at `ref`."""
    return tuple(
        clause
        for one in of_layer(question, ref.layer)
        for statement in one.policy.statements
        if (one.source, statement.index, statement.line) == (ref.source, ref.index, ref.line)
        for clause in statement.clauses
    )


def _first_allowed(question: Question, ways: Sequence[Sequence[Way]]) -> Supplied | None:
    """The first choice of values, one way of each list, with which the question is allowed."""
    choices = chain.from_iterable(product(*chain.from_iterable(way)) for way in product(*ways))
    for choice in islice(choices, TRIED):
        supplied = dict(choice)
        other = msgspec.structs.replace(question, context=with_supplied(question.context, supplied))
        if decide(other).allowed:
            return supplied
    return None
