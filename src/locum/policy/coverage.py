"""Statement coverage of policy tests: which statements ever decided a scenario.

Law: two policies with the same text in the same layer are one policy, wherever they are written; a statement counts
when a decision names it. It asks nothing again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from locum.policy.bound import Attached, attached
from locum.policy.cases import Case, Result
from locum.policy.decide import decide
from locum.policy.decision import StatementRef
from locum.policy.question import Question


class Coverage(msgspec.Struct, frozen=True):
    """How many statements there are, how many decided, and those that never did with a scenario they stand in."""

    total: int
    deciding: int
    silent: tuple[tuple[str, StatementRef], ...]


def covered(results: Iterable[Result]) -> Coverage:
    """The coverage of these results."""
    places: dict[tuple[str, str, int], tuple[str, StatementRef]] = {}
    decided: set[tuple[str, str, int]] = set()
    for result in results:
        if result.case is None:
            continue
        for layer, one in _policies(result.case):
            for statement in one.policy.statements:
                ref = StatementRef(one.source, statement.index, statement.sid, statement.line, layer)
                places.setdefault((layer, one.policy.text, statement.index), (result.id, ref))
        decided |= _deciding(result.case)
    silent = tuple(place for key, place in places.items() if key not in decided)
    return Coverage(len(places), len(places) - len(silent), silent)


def _deciding(case: Case) -> set[tuple[str, str, int]]:
    found = set()
    for question in case.questions:
        texts = {(layer, one.source): one.policy.text for layer, one in layers(question)}
        for ref in decide(question).statements:
            found.add((ref.layer, texts[ref.layer, ref.source], ref.index))
    return found


def _policies(case: Case) -> Iterator[tuple[str, Attached]]:
    for question in case.questions:
        yield from layers(question)


def layers(question: Question) -> Iterator[tuple[str, Attached]]:
    """Every policy of a question with the layer it speaks in."""
    bound = question.bound
    for layer, policies in (
        ("identity", bound.identity),
        ("boundary", bound.boundary or ()),
        ("session", bound.session or ()),
        ("scp", tuple(one for level in bound.scps or () for one in level)),
        ("rcp", tuple(one for level in question.rcps or () for one in level)),
        ("endpoint", attached(question.endpoint)),
        ("resource", attached(question.resource_policy)),
    ):
        for one in policies:
            yield layer, one
