"""Decisions once more: `decide`, for those who ask the same again and again.

Law: an answer is kept under everything that it depends on: the caller, action, resource and its owner, the policies of
the resource's side as the objects they are, and the values of those condition keys that a statement about this action
may look at. It is kept at the caller's Bound, which its owner makes anew with each generation of the account, so that
no answer outlives a change. Nobody's answers are kept unless asked through here, and each Bound keeps a bounded number.
"""

from __future__ import annotations

from locum.policy.bound import Answers, Key, attached
from locum.policy.context import Context, folded
from locum.policy.decide import decide
from locum.policy.decision import Decision
from locum.policy.question import Question

# Questions whose answers one Bound keeps before it starts over, and values of condition keys for each of them.
RECALLED, VALUES = 256, 64


def recall(question: Question) -> Decision:
    """What `decide` says to `question`, kept from the last time when nothing that it depends on has changed.

    What cannot be a key, such as RCPs in a list, is decided anew each time.
    """
    key = (
        question.resource,
        question.action,
        question.principal,
        question.resource_account,
        question.resource_policy,
        question.resource_policy_kind,
        question.rcps,
        question.endpoint,
    )
    kept = question.bound.recalled
    try:
        found = kept.get(key)
        if found is None:
            found = _learned(question, kept, key)
        if isinstance(found, Decision):
            return found
        reads, answers = found
        context = question.context
        keys = context.keys if isinstance(context, Context) else folded(context)
        values = tuple(map(keys.get, reads))
        decision = answers.get(values)
    except TypeError:
        return decide(question)
    if decision is None:
        decision = decide(question)
        if len(answers) >= VALUES:
            answers.clear()
        answers[values] = decision
    return decision


def _learned(question: Question, kept: dict[Key, Decision | Answers], key: Key) -> Decision | Answers:
    """What is kept under `key` from now on: the answer itself when it depends on no condition key."""
    reads = _reads(question)
    if len(kept) >= RECALLED:
        kept.clear()
    found = kept[key] = (reads, {}) if reads else decide(question)
    return found


def _reads(question: Question) -> tuple[str, ...]:
    """The folded names of the condition keys that a statement about this action may look at."""
    action = question.action
    parts = [one.part(action, "resource") for one in attached(question.resource_policy)]
    parts += [one.part(action, "endpoint") for one in attached(question.endpoint)]
    parts += [one.part(action, "rcp") for level in question.rcps or () for one in level]
    return tuple(question.bound.lot(action).reads.union(*(one.reads for one in parts)))
