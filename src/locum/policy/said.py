"""What statements say to a question: which of them apply, and whom their Allow names.

Law: the action is settled already (the index answered it); here are the resource, the conditions and the audience.
These functions are most of a decision's microseconds, so they are loops where comprehensions would read shorter.
"""

from __future__ import annotations

from collections.abc import Sequence

from locum.policy.bound import Attached, Row, Rows
from locum.policy.conditions import Test
from locum.policy.context import Facts
from locum.policy.decision import StatementRef
from locum.policy.principals import Naming
from locum.policy.question import Question

_NOT, _ITSELF = Naming.NOT, Naming.ITSELF


def meets(tests: Sequence[Test], facts: Facts) -> bool:
    """Whether all these conditions hold."""
    for test in tests:  # noqa: SIM110 - a generator would cost more than the tests
        if not test(facts):
            return False
    return True


def applies(row: Row, facts: Facts) -> bool:
    """Whether this statement applies to the resource under these facts; its action already does."""
    starts, ends, covers, tests, _ = row
    resource = facts.resource
    return (
        (not starts or resource.startswith(starts))
        and (resource.endswith(ends, len(starts)) if ends else ends is not None or len(resource) == len(starts))
        and (covers is None or covers(resource))
        and (tests is None or meets(tests, facts))
    )


def first(rows: Rows, facts: Facts) -> StatementRef | None:
    """The first of these statements that applies, or None."""
    resource = facts.resource
    for starts, ends, covers, tests, alone in rows:
        if (
            (not starts or resource.startswith(starts))
            and (resource.endswith(ends, len(starts)) if ends else ends is not None or len(resource) == len(starts))
            and (covers is None or covers(resource))
            and (tests is None or meets(tests, facts))
        ):
            return alone.statements[0]
    return None


def granted(
    policies: Sequence[Attached], question: Question, facts: Facts, *, layer: str
) -> tuple[Naming, StatementRef | None]:
    """How closely the Allow statements that apply name the caller, and the one that does it most closely."""
    best, ref = _NOT, None
    for policy in policies:
        for audience, row in policy.part(question.action, layer).allows:
            if audience is None:
                continue
            naming = _ITSELF if audience.open else audience.names(question.principal)
            if naming > best and applies(row, facts):
                best, ref = naming, row[-1].statements[0]
                if best is _ITSELF:
                    return best, ref
    return best, ref
