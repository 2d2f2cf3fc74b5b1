"""Decisions once more: `decide`, for those who ask the same again and again.

Law: an answer is kept under everything that it depends on: the caller, action, resource and its owner, the policies of
the resource's side as the objects they are, and the values of those condition keys that a statement about this action
may look at. It is kept at the caller's Bound, which its owner makes anew with each generation of the account, so that
no answer outlives a change. Nobody's answers are kept unless asked through here, and each Bound keeps a bounded number.
"""

from __future__ import annotations

from locum.policy.bound import Kept, attached
from locum.policy.context import Context
from locum.policy.decide import decide
from locum.policy.decision import Decision
from locum.policy.match import fold
from locum.policy.question import Question

# Questions whose answers one Bound keeps before it starts over, and values of condition keys for each of them.
RECALLED, VALUES = 256, 64


def recall(question: Question) -> Decision:
    """What `decide` says to `question`, kept from the last time when nothing that it depends on has changed.

    One answer is kept for an action on a resource, beside all else that was asked with it. What can change where it
    stands, such as RCPs in a list, is decided anew each time.
    """
    asked = (
        question.principal,
        question.resource_account,
        question.resource_policy,
        question.resource_policy_kind,
        question.rcps,
        question.endpoint,
    )
    try:
        found = question.bound.recalled.get((question.resource, question.action))
        if found is None or found.asked != asked:
            found = _learned(question, asked)
        if found.always is not None:
            return found.always
        context = question.context
        if isinstance(context, Context):
            values = tuple(map(context.keys.get, found.reads))
        else:
            names = tuple(context)
            if names != found.names:
                _spell(found, names)
            values = tuple(map(context.get, found.spelled))
        decision = found.answers.get(values)
    except TypeError:
        return decide(question)
    if decision is None:
        decision = decide(question)
        if len(found.answers) >= VALUES:
            found.answers.clear()
        found.answers[values] = decision
    return decision


def _spell(found: Kept, names: tuple[str, ...]) -> None:
    """Note how a context with these names spells the keys that are read; of two spellings the later one counts."""
    spelled = {fold(name): name for name in names}
    found.spelled = tuple(spelled.get(name, name) for name in found.reads)
    found.names = names


def _learned(question: Question, asked: tuple[object, ...]) -> Kept:
    """What is kept about `question` from now on. Raises TypeError when a part of it can change where it stands."""
    hash(asked)
    reads = _reads(question)
    found = Kept(asked, reads, None if reads else decide(question))
    kept = question.bound.recalled
    if len(kept) >= RECALLED:
        kept.clear()
    kept[question.resource, question.action] = found
    return found


def _reads(question: Question) -> tuple[str, ...]:
    """The folded names of the condition keys that a statement about this action may look at."""
    action = question.action
    parts = [one.part(action, "resource") for one in attached(question.resource_policy)]
    parts += [one.part(action, "endpoint") for one in attached(question.endpoint)]
    parts += [one.part(action, "rcp") for level in question.rcps or () for one in level]
    return tuple(question.bound.lot(action).reads.union(*(one.reads for one in parts)))
