"""What each layer contributes to a decision, and which condition keys nobody supplied.

Law: a second path over the same compiled statements, beside `explain`; nothing is decided here. May not raise: a
question that is too long to be answered has no contributions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from locum.policy.bound import Attached
from locum.policy.compile import Statement
from locum.policy.context import Exhausted, Facts
from locum.policy.decide import held_by_scps, reaches
from locum.policy.decision import ALLOWED, EXPLICIT, IMPLICIT, Decision, StatementRef, Verdict
from locum.policy.match import fold
from locum.policy.near import of_layer
from locum.policy.principals import Naming
from locum.policy.question import Question
from locum.policy.said import applies
from locum.policy.variables import names

# Layers whose statements AWS's simulator shows, and in which it looks for missing keys.
SHOWN = ("identity", "boundary", "resource")


class Contribution(msgspec.Struct, frozen=True):
    """The statements of some policies that apply to a question: those that deny, and those that allow."""

    denies: tuple[StatementRef, ...] = ()
    allows: tuple[StatementRef, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What these policies would say alone."""
        return EXPLICIT if self.denies else ALLOWED if self.allows else IMPLICIT


def contribution(question: Question, layer: str) -> Contribution:
    """What the policies of `layer` contribute."""
    return _of(question, of_layer(question, layer), layer)


def allowed_by_scps(question: Question) -> bool:
    """Whether every level of service control policies allows this, or none holds the caller."""
    levels = question.bound.scps
    if levels is None or not held_by_scps(question):
        return True
    return all(_of(question, level, "scp").verdict == ALLOWED for level in levels)


def matched(question: Question, decision: Decision) -> tuple[StatementRef, ...]:
    """The statements that an answer shows: every Deny that applied; else, when it is allowed, every Allow of identity
    and resource policies that did. Those of service control policies are not shown, nor any other beside them."""
    if not allowed_by_scps(question):
        return ()
    if decision.verdict == EXPLICIT:
        return tuple(ref for ref in decision.statements if ref.layer in SHOWN)
    if not decision.allowed:
        return ()
    return tuple(ref for layer in ("resource", "identity") for ref in contribution(question, layer).allows)


def missing(question: Question, decision: Decision) -> tuple[str, ...]:
    """The keys, as policies spell them, whose absence kept a statement from applying to what is denied for want of an
    Allow."""
    if decision.verdict != IMPLICIT or not allowed_by_scps(question):
        return ()
    facts = Facts(question.context, question.resource)
    found: dict[str, str] = {}
    try:
        for layer in SHOWN:
            for policy in of_layer(question, layer):
                for statement in policy.policy.statements:
                    for name in _wanting(statement, question, facts):
                        found.setdefault(fold(name), name)
    except Exhausted:
        return ()
    return tuple(found.values())


def keys_of_statement(statement: Statement) -> Iterator[str]:
    """The condition keys that a statement refers to, as it spells them: its conditions' and its variables'."""
    for clause in statement.clauses:
        yield clause.key
        if statement.variables and len(clause.reads) > 1:
            yield from (name for text in clause.wanted for name in names(text))
    if statement.variables:
        yield from (name for text in statement.resources for name in names(text))


def _of(question: Question, policies: Sequence[Attached], layer: str) -> Contribution:
    facts = Facts(question.context, question.resource)
    principal = question.principal
    denies: list[StatementRef] = []
    allows: list[StatementRef] = []
    try:
        for policy in policies:
            part = policy.part(question.action, layer)
            denies += [
                row[-1].statements[0]
                for who, row in part.denies
                if (who is None or reaches(who, question)) and applies(row, facts)
            ]
            allows += [
                row[-1].statements[0]
                for who, row in part.allows
                if (who is None or who.names(principal) is not Naming.NOT) and applies(row, facts)
            ]
    except Exhausted:
        return Contribution()
    return Contribution(tuple(denies), tuple(allows))


def _wanting(statement: Statement, question: Question, facts: Facts) -> Iterator[str]:
    """The absent keys that keep this statement, which is about this action and caller, from applying."""
    if not statement.clauses and not (statement.variables and any("${" in text for text in statement.resources)):
        return
    if not statement.acts(fold(question.action)):
        return
    audience = statement.audience
    if audience is not None and audience.names(question.principal) is Naming.NOT:
        return
    covered = statement.covered()
    absent = covered.reads - {key for key, value in facts.keys.items() if value != ()}
    if not covered.holds(facts):
        if absent:
            yield from _spelled(statement.resources, absent)
        return
    for clause in statement.clauses:
        if clause.test(facts):
            continue
        absent = clause.reads - {key for key, value in facts.keys.items() if value != ()}
        if fold(clause.key) in absent:
            yield clause.key
        yield from _spelled(clause.wanted, absent)


def _spelled(texts: Sequence[str], folded: frozenset[str]) -> Iterator[str]:
    return (name for text in texts for name in names(text) if fold(name) in folded)
