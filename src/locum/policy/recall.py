"""Decisions once more: `decide`, for those who ask the same again and again.

Law: an answer is kept under everything that it depends on: the caller, action, resource and its owner, the policies of
the resource's side as the objects they are, and the values of those condition keys that a statement about this action
may look at. It is kept at the caller's Bound, which its owner makes anew with each generation of the account, so that
no answer outlives a change. Nobody's answers are kept unless asked through here, and each Bound keeps a bounded number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from operator import itemgetter

from locum.policy.bound import Kept, Reads, attached
from locum.policy.context import Context, Value
from locum.policy.decide import decide
from locum.policy.decision import Decision
from locum.policy.match import fold
from locum.policy.question import Question

# Questions whose answers one Bound keeps before it starts over, and values of condition keys for each of them.
RECALLED, VALUES = 256, 64

# Sets of condition keys that are read together, kept for everybody.
SHARED = 1024


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
        keys = context.keys if isinstance(context, Context) else context
        names, values_of = found.reads.last
        if names != (spelled := tuple(keys)):
            values_of = _spelled(found.reads, spelled)
        values = values_of(keys)
        decision = found.answers.get(values)
    except TypeError:
        return decide(question)
    if decision is None:
        decision = decide(question)
        if len(found.answers) >= VALUES:
            found.answers.clear()
        found.answers[values] = decision
    return decision


def _spelled(reads: Reads, names: tuple[str, ...]) -> Callable[[Mapping[str, Value]], object]:
    """What takes the values of these keys out of a context with these names; of two spellings the later one counts.

    What it takes tells every two contexts apart: of one key its value, of several a tuple, with None for an absent one.
    """
    by_folded = {fold(name): name for name in names}
    spellings = [by_folded.get(key) for key in reads.keys]
    values_of = partial(_some, spellings) if None in spellings else itemgetter(*spellings)
    reads.last = names, values_of
    return values_of


def _some(spellings: Sequence[str | None], context: Mapping[str, Value]) -> tuple[Value | None, ...]:
    """The values of a context that does not have all these keys. Always a tuple that holds None, as no value does."""
    return tuple(None if name is None else context[name] for name in spellings)


def _learned(question: Question, asked: tuple[object, ...]) -> Kept:
    """What is kept about `question` from now on. Raises TypeError when a part of it can change where it stands."""
    hash(asked)
    reads = _reads(question)
    found = Kept(asked, _shared(reads), None if reads else decide(question))
    kept = question.bound.recalled
    if len(kept) >= RECALLED:
        kept.clear()
    kept[question.resource, question.action] = found
    return found


@lru_cache(maxsize=SHARED)
def _shared(keys: tuple[str, ...]) -> Reads:
    """One for all answers that depend on the same keys: requests spell them alike, whoever makes them."""
    return Reads(keys, ((), _nothing))


def _nothing(context: Mapping[str, Value]) -> object:
    """The values in a context without any key."""
    return None


def _reads(question: Question) -> tuple[str, ...]:
    """The folded names of the condition keys that a statement about this action may look at."""
    action = question.action
    parts = [one.part(action, "resource") for one in attached(question.resource_policy)]
    parts += [one.part(action, "endpoint") for one in attached(question.endpoint)]
    parts += [one.part(action, "rcp") for level in question.rcps or () for one in level]
    return tuple(sorted(question.bound.lot(action).reads.union(*(one.reads for one in parts))))
