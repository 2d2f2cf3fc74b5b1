"""What the engine answers.

Law: frozen values; a Decision names the statements that determined it. Nothing here decides.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Verdict: TypeAlias = Literal["allowed", "explicitDeny", "implicitDeny"]

ALLOWED: Verdict = "allowed"
EXPLICIT: Verdict = "explicitDeny"
IMPLICIT: Verdict = "implicitDeny"


class StatementRef(msgspec.Struct, frozen=True, gc=False):
    """Where a statement stands: what its policy is called, its place from 0, its sid or "", its line from 1, and the
    layer it spoke in."""

    source: str
    index: int
    sid: str
    line: int
    layer: str = ""

    def __str__(self) -> str:
        sid = f" `{self.sid}`" if self.sid else ""
        return f"statement {self.index + 1}{sid} of {self.source}, line {self.line}"


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer: `decided_by` are the layers that decided, in AWS's order; `statements` those that determined it;
    `silent` the layers whose missing Allow denied it. `reason` names a rule that no statement stands for."""

    verdict: Verdict
    allowed: bool
    decided_by: tuple[str, ...]
    statements: tuple[StatementRef, ...] = ()
    silent: tuple[str, ...] = ()
    reason: str = ""


def combined(decisions: tuple[Decision, ...]) -> Decision:
    """The decision on several actions or resources together: every pair must be allowed (rule 7.2).

    Raises ValueError when there are none: nothing to check is no success.
    """
    if not decisions:
        raise ValueError("no decision to combine: ask at least one question")
    for verdict in (EXPLICIT, IMPLICIT):
        for decision in decisions:
            if decision.verdict == verdict:
                return decision
    return decisions[0]
