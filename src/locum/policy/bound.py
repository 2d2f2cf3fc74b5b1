"""The caller's side of a decision: its policies, and an index from action to the few statements that can matter.

Law: made once by whoever caches it under the account's generation; nothing is compiled or sorted before the first
question for an action (performance: nothing eager). The index follows from the policies alone and is bounded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from locum.policy.actions import Special, held_by_rcps, special
from locum.policy.compile import Policy, Statement
from locum.policy.conditions import Test
from locum.policy.context import Value
from locum.policy.decision import ALLOWED, EXPLICIT, Decision, StatementRef
from locum.policy.match import Matcher, fold
from locum.policy.principals import Audience

# Actions an index remembers; whoever asks for more only costs time (security D8).
REMEMBERED = 1024


Row: TypeAlias = tuple[str | tuple[str, ...], str | None, Matcher | None, tuple[Test, ...] | None, Decision]
"""A statement as deciding reads it, in one place of memory: how the resource must begin and end ("" for anyhow), the
matcher for all else (None when there is nothing else), the conditions, and the decision when this statement applies and
nothing else has a say. Its action is settled."""

Rows: TypeAlias = tuple[Row, ...]

Chain: TypeAlias = (
    "tuple[str | tuple[str, ...], str | None, Matcher | None, tuple[Test, ...] | None, Decision, Chain] | tuple[()]"
)
"""Rows of which each holds the next one in its last place, () at the end: a decision among many principals waits for
memory, and a tuple of rows would be one more place to go to."""


# One tuple of each layer's name for all decisions that this layer makes alone.
_SPOKEN = {layer: (layer,) for layer in ("rcp", "scp", "endpoint", "resource", "identity", "boundary", "session")}


class Candidate(msgspec.Struct, eq=False, gc=False):
    """A statement and where it stands. Most of a caller's statements are never asked about, so its row is made at the
    first question that is about its action; from then on it stays as it is."""

    statement: Statement
    source: str
    layer: str
    _row: Row | None = None

    @property
    def deny(self) -> bool:
        return self.statement.deny

    @property
    def row(self) -> Row:
        """What deciding reads of this statement."""
        if self._row is None:
            self._row = self._made()
        return self._row

    @property
    def reads(self) -> frozenset[str]:
        """The folded names of the keys that its conditions and resources may look at."""
        statement = self.statement
        return statement.covered().reads.union(*(one.reads for one in statement.clauses))

    def _made(self) -> Row:
        statement = self.statement
        covered = statement.covered()
        tests = tuple(one.test for one in statement.clauses)
        if covered.test is not None:
            tests = (covered.test, *tests)
        ref = StatementRef(self.source, statement.index, statement.sid, statement.line, self.layer)
        verdict = EXPLICIT if statement.deny else ALLOWED
        alone = Decision(verdict, not statement.deny, _SPOKEN[self.layer], (ref,))
        return covered.starts, covered.ends, covered.covers, tests or None, alone


class Part(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What one policy has to say about one action, and to whom; `reads` as in Lot. The audience of a Deny is None where
    it reaches everybody."""

    denies: tuple[tuple[Audience | None, Row], ...]
    allows: tuple[tuple[Audience | None, Row], ...]
    reads: frozenset[str]


class Attached(msgspec.Struct, frozen=True, eq=False):
    """A policy and what to call it in an explanation: its ARN, or `inline policy NAME of role/x`. `id` is what AWS's
    simulator calls it: its name, or `role_x_NAME`.

    Keep it as long as the policy: it remembers which statements matter to an action.
    """

    source: str
    policy: Policy
    id: str = ""
    _speaking: dict[str, tuple[Candidate, ...]] = msgspec.field(default_factory=dict)
    _parts: dict[str, dict[str, Part]] = msgspec.field(default_factory=dict)

    def speaking(self, layer: str) -> tuple[Candidate, ...]:
        """Every statement of this policy, as it speaks in `layer`."""
        found = self._speaking.get(layer)
        if found is None:
            found = tuple(Candidate(one, self.source, layer) for one in self.policy.statements)
            self._speaking[layer] = found
        return found

    def part(self, action: str, layer: str) -> Part:
        """The statements that cover `action`, as they speak in `layer`; conditions and resources are not asked."""
        parts = self._parts.get(layer)
        if parts is None:
            parts = self._parts[layer] = {}
        found = parts.get(action)
        if found is None:
            folded = fold(action)
            every = [one for one in self.speaking(layer) if one.statement.acts(folded)]
            found = Part(
                tuple((_reached(one.statement.audience), one.row) for one in every if one.deny),
                tuple((one.statement.audience, one.row) for one in every if not one.deny),
                _reads(every),
            )
            if len(parts) >= REMEMBERED:
                parts.clear()
            parts[action] = found
        return found


class Lot(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What the caller's policies have to say about one action.

    `grants` are the Allows of each layer that there is, by its name: identity policies first, then boundary and session
    policies. `scps` are the levels that do not allow the action in any case, as FullAWSAccess does. `special` is the
    rule of its own that AWS has for this action. `held_by_rcps`: RCPs hold the action's service. `reads`: the folded
    names of all keys that a decision about this action may look at.
    """

    denies: Rows
    scp_denies: Rows
    grants: tuple[tuple[str, Rows], ...]
    has_session: bool
    scps: tuple[Rows, ...]
    special: Special | None
    held_by_rcps: bool
    reads: frozenset[str]


class Reads(msgspec.Struct, eq=False, gc=False):
    """Folded names of condition keys, and how to take their values out of a context whose keys are spelled as the last
    one's: `last` is those spellings and what takes the values, in one piece because threads may exchange it."""

    keys: tuple[str, ...]
    last: tuple[tuple[str, ...], Callable[[Mapping[str, Value]], object]]


class Kept(msgspec.Struct, eq=False, gc=False):
    """What `recall` keeps about an action on a resource: what else was `asked`, the keys that the answer depends on,
    and the answer: `always` where it depends on none, else one for each of their values that was seen."""

    asked: tuple[object, ...]
    reads: Reads
    always: Decision | None
    answers: dict[object, Decision] = msgspec.field(default_factory=dict)


class Bound(dict[str, "Chain | Lot"]):
    """Everything that binds a caller. Frozen but for its index.

    It is that index itself, because a dictionary beside it would be one more place of memory to go to: `bound[action]`
    are the rows of identity policies, denies first; or the Lot where something else has a say: another layer, or a rule
    of its own that AWS has for the action. Two are equal only when they are the same, and none is false.
    `recalled` belongs to `recall`.
    """

    __slots__ = ("_lots", "boundary", "identity", "recalled", "scps", "session")

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__
    __ne__ = object.__ne__

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
        self.recalled: dict[tuple[str, str], Kept] = {}
        self._lots: dict[str, Lot] = {}

    def __bool__(self) -> bool:
        return True

    def __missing__(self, action: str) -> Chain | Lot:
        self.lot(action)
        return self[action]

    def lot(self, action: str) -> Lot:
        """What these policies say about `action`, found at the first question for it."""
        found = self._lots.get(action)
        if found is None:
            found = self._sorted(action)
            if len(self._lots) >= REMEMBERED:
                self._lots.clear()
                self.clear()
            action = sys.intern(action)  # one text for the indexes of all principals
            self._lots[action] = found
            alone = found.special is None and self.boundary is None and self.session is None and self.scps is None
            self[action] = _chain((*found.denies, *found.grants[0][1])) if alone else found
        return found

    def _sorted(self, action: str) -> Lot:
        folded = fold(action)
        identity = _acting(self.identity, folded, "identity")
        boundary = None if self.boundary is None else _acting(self.boundary, folded, "boundary")
        session = None if self.session is None else _acting(self.session, folded, "session")
        levels = tuple(_acting(level, folded, "scp") for level in self.scps or ())
        kind = special(action)
        return Lot(
            denies=_denies((*identity, *(boundary or ()), *(session or ()))),
            scp_denies=_denies([one for level in levels for one in level]),
            grants=tuple(
                (layer, _allows(found))
                for layer, found in (("identity", identity), ("boundary", boundary), ("session", session))
                if found is not None
            ),
            has_session=session is not None,
            scps=tuple(_allows(one) for one in levels if not _always_allows(one)),
            special=kind,
            held_by_rcps=held_by_rcps(action),
            reads=_reads((*identity, *(boundary or ()), *(session or ()), *(one for level in levels for one in level))),
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
    if isinstance(policies, tuple):  # asked first: of a Struct it would take ten times as long
        return policies
    if policies is None:
        return ()
    return (policies,) if isinstance(policies, Attached) else tuple(policies)


def _acting(policies: Sequence[Attached], folded: str, layer: str) -> list[Candidate]:
    return [one for policy in policies for one in policy.speaking(layer) if one.statement.acts(folded)]


# What a row begins with that covers everything.
_ALWAYS = ("", "", None, None)


def _chain(rows: Rows) -> Chain:
    chain: Chain = ()
    for row in reversed(rows):
        chain = (*row, chain)
    return chain


def _reached(audience: Audience | None) -> Audience | None:
    """Whom a Deny of this audience reaches, None for everybody."""
    return None if audience is None or audience.open else audience


def _always_allows(found: Sequence[Candidate]) -> bool:
    return any(one.row[:4] == _ALWAYS and not one.deny for one in found)


def _reads(found: Sequence[Candidate]) -> frozenset[str]:
    return frozenset().union(*(one.reads for one in found))


def _denies(found: Sequence[Candidate]) -> Rows:
    return tuple(one.row for one in found if one.deny)


def _allows(found: Sequence[Candidate]) -> Rows:
    return tuple(one.row for one in found if not one.deny)


NOBODY = bind()
