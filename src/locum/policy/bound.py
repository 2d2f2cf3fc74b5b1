"""The caller's side of a decision: its policies, and an index from action to the few statements that can matter.

Law: made once by whoever caches it under the account's generation; nothing is compiled or sorted before the first
question for an action (performance: nothing eager). The index follows from the policies alone and is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from locum.policy.actions import Special, special
from locum.policy.compile import REMEMBERED, Policy, Statement
from locum.policy.conditions import Test
from locum.policy.decision import ALLOWED, Decision, StatementRef
from locum.policy.match import Matcher


class Attached(msgspec.Struct, frozen=True, eq=False):
    """A policy and what to call it in an explanation: its ARN, or `inline policy NAME of role/x`."""

    source: str
    policy: Policy
    type: str = ""


class Candidate(msgspec.Struct, frozen=True, eq=False):
    """A statement that covers the action, and where it stands. `covers` and `tests` are the statement's own; `alone`
    is the decision when this statement allows and nothing else has a say."""

    covers: Matcher | None
    tests: tuple[Test, ...] | None
    statement: Statement
    attached: Attached
    ref: StatementRef
    alone: Decision


class Lot(msgspec.Struct, frozen=True, eq=False):
    """What the caller's policies have to say about one action; None where a layer does not exist.

    `simple`: there are identity policies and no other layer. `special`: AWS has a rule of its own for this action.
    """

    denies: tuple[Candidate, ...]
    scp_denies: tuple[Candidate, ...]
    identity: tuple[Candidate, ...]
    boundary: tuple[Candidate, ...] | None
    session: tuple[Candidate, ...] | None
    scps: tuple[tuple[Candidate, ...], ...] | None
    simple: bool
    special: Special | None


class Bound:
    """Everything that binds a caller. Frozen but for its index."""

    __slots__ = ("_lots", "boundary", "identity", "scps", "session")

    def __init__(
        self,
        identity: tuple[Attached, ...],
        boundary: tuple[Attached, ...] | None,
        session: tuple[Attached, ...] | None,
        scps: tuple[tuple[Attached, ...], ...] | None,
    ) -> None:
        self.identity = identity
        self.boundary = boundary
        self.session = session
        self.scps = scps
        self._lots: dict[str, Lot] = {}

    def lot(self, action: str) -> Lot:
        """What these policies say about `action`, found at the first question for it."""
        found = self._lots.get(action)
        if found is None:
            found = self._sorted(action)
            if len(self._lots) >= REMEMBERED:
                self._lots.clear()
            self._lots[action] = found
        return found

    def _sorted(self, action: str) -> Lot:
        identity = candidates(self.identity, action, "identity")
        boundary = None if self.boundary is None else candidates(self.boundary, action, "boundary")
        session = None if self.session is None else candidates(self.session, action, "session")
        levels = [candidates(level, action, "scp") for level in self.scps or ()]
        return Lot(
            denies=_denies((*identity, *(boundary or ()), *(session or ()))),
            scp_denies=_denies(tuple(one for level in levels for one in level)),
            identity=_allows(identity),
            boundary=None if boundary is None else _allows(boundary),
            session=None if session is None else _allows(session),
            scps=None if self.scps is None else tuple(_allows(level) for level in levels),
            simple=self.boundary is None and self.session is None and self.scps is None,
            special=special(action),
        )

    def __repr__(self) -> str:
        return f"Bound({len(self.identity)} identity policies)"


def bind(
    identity: Sequence[Attached] = (),
    boundary: Attached | Sequence[Attached] | None = None,
    session: Sequence[Attached] | None = None,
    scps: Sequence[Sequence[Attached]] | None = None,
) -> Bound:
    """The caller's side of its decisions.

    `session` None means that there are no session policies, empty that there are some which allow nothing; likewise
    `boundary`. `scps` are levels from the organisation's root down, None when none are in force; a level without a
    policy allows nothing (rule 7.5).
    """
    return Bound(
        tuple(identity),
        None if boundary is None else attached(boundary),
        None if session is None else tuple(session),
        None if scps is None else tuple(tuple(level) for level in scps),
    )


def attached(policies: Attached | Sequence[Attached] | None) -> tuple[Attached, ...]:
    """These policies as a tuple, one alone as a tuple of one."""
    if policies is None:
        return ()
    return (policies,) if isinstance(policies, Attached) else tuple(policies)


def candidates(policies: Sequence[Attached], action: str, layer: str) -> tuple[Candidate, ...]:
    """The statements of `policies` that cover `action`, in order."""
    return tuple(_candidate(statement, one, layer) for one in policies for statement in one.policy.acting(action))


def _candidate(statement: Statement, one: Attached, layer: str) -> Candidate:
    ref = StatementRef(one.source, statement.index, statement.sid, statement.line, layer)
    alone = Decision(ALLOWED, True, (layer,), (ref,))
    return Candidate(statement.covers, statement.tests, statement, one, ref, alone)


def _denies(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return tuple(one for one in found if one.statement.deny)


def _allows(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return tuple(one for one in found if not one.statement.deny)


NOBODY = bind()
