"""Compiled policies: documents once read, ready to be asked many times and shared by everybody they bind.

Law: `parse` is the only way from text to a Policy; behind it nobody looks at JSON again. A Policy is frozen; what it
keeps for speed (the statements that can match an action) follows from its text alone and is bounded. It decides
nothing: it only says whether a statement covers an action, a resource, a caller.
"""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache, partial

import msgspec

from locum.aws.faults import Refusal
from locum.policy.conditions import Clause, Test, clause
from locum.policy.context import Facts
from locum.policy.document import Document, Kind, Member, Node
from locum.policy.grammar import Finding, PolicyKind, findings, size
from locum.policy.match import Matcher, Pieces, Wild, compiled, fold, glob, matches
from locum.policy.principals import EVERYONE, Audience
from locum.policy.variables import filled, fixed, has_variable, reads, template

# Lists of actions, and conditions, whose compiled form is kept for other policies that say the same.
SHARED = 4096


class PolicyError(Refusal):
    """A text that is no policy of its kind: MalformedPolicyDocument with AWS's sentence.

    `findings` are all the things that are wrong, in the order of the text, with line and column.
    """

    def __init__(self, kind: PolicyKind, found: tuple[Finding, ...]) -> None:
        super().__init__("MalformedPolicyDocument", found[0].sentence, kind=kind.value)
        self.findings = found


class Statement(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One compiled statement.

    `covers` says whether a resource is meant, None standing for every resource; a pattern with variables is asked in
    `tests` instead. Where `starts` is not empty, it and `ends` say all that `covers` does. `tests` are all conditions,
    or None when there are none. `audience` is None where the kind of policy has no principals. `reads` are the folded
    names of the keys that `tests` may look at. The texts are kept for explanations.
    """

    index: int
    sid: str
    line: int
    deny: bool
    acts: Matcher
    covers: Matcher | None
    tests: tuple[Test, ...] | None
    audience: Audience | None
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...]
    not_resource: bool
    clauses: tuple[Clause, ...]
    resource_test: Test | None = None
    starts: str | tuple[str, ...] = ""
    ends: str = ""
    reads: frozenset[str] = frozenset()

    def is_about(self, resource: str, facts: Facts) -> bool:
        """Whether this statement covers the resource, variables included; conditions are not asked."""
        if self.covers is not None:
            return self.covers(resource)
        return self.resource_test is None or self.resource_test(facts)


class Policy(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A compiled policy: share it between all it is attached to."""

    kind: PolicyKind
    text: str
    version: str
    id: str
    statements: tuple[Statement, ...]

    @property
    def size(self) -> int:
        """The characters that count against a quota (rule 1.22)."""
        return size(self.text, self.kind)

    @property
    def digest(self) -> str:
        """The SHA-256 of the text, in hex: two policies with the same text have the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"Policy({self.kind.value}, {len(self.statements)} statements)"


def parse(text: str | bytes, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    """The policy that `text` is. Raises PolicyError with every finding; does not check sizes (`Policy.size`)."""
    document, found = findings(text, kind)
    if document is None or found:
        raise PolicyError(kind, found)
    return _policy(document, kind)


def _policy(document: Document, kind: PolicyKind) -> Policy:
    root = document.root
    version = _text(root.find("Version")) or "2008-10-17"
    nodes = root.find("Statement")
    statements = tuple(
        _statement(document, node, index, variables=version == "2012-10-17")
        for index, node in enumerate(nodes.one_or_many() if nodes else ())
    )
    return Policy(kind, document.text, version, _text(root.find("Id")), statements)


def _statement(document: Document, node: Node, index: int, *, variables: bool) -> Statement:
    elements = {member.key: member for member in node.members}
    actions, not_action = _texts(elements, "Action")
    resources, not_resource = _texts(elements, "Resource")
    clauses = _clauses(elements.get("Condition"), variables=variables)
    starts, ends, covers, moving = _resources(resources, negated=not_resource, variables=variables)
    tests = tuple(one.test for one in clauses)
    if moving is not None:
        tests = (moving, *tests)
    return Statement(
        index=index,
        sid=_text(node.find("Sid")),
        line=document.position(node.at)[0],
        deny=_text(node.find("Effect")) == "Deny",
        acts=_actions(actions, negated=not_action),
        covers=covers,
        tests=tests or None,
        audience=_audience(elements),
        actions=actions,
        not_action=not_action,
        resources=resources,
        not_resource=not_resource,
        clauses=clauses,
        resource_test=moving,
        starts=starts,
        ends=ends,
        reads=_reads(resources, clauses, variables=variables and moving is not None),
    )


def _text(node: Node | None) -> str:
    return node.text if node is not None else ""


def _texts(elements: dict[str, Member], name: str) -> tuple[tuple[str, ...], bool]:
    member = elements.get(name) or elements.get(f"Not{name}")
    if member is None:
        return (), False
    return tuple(node.text for node in member.value.one_or_many()), member.key != name


def _clauses(member: Member | None, *, variables: bool) -> tuple[Clause, ...]:
    if member is None:
        return ()
    return tuple(
        _clause(
            operator.key,
            key.key,
            tuple(node.text for node in key.value.one_or_many()),
            variables=variables,
        )
        for operator in member.value.members
        for key in operator.value.members
    )


@lru_cache(maxsize=SHARED)
def _clause(operator: str, key: str, wanted: tuple[str, ...], *, variables: bool) -> Clause:
    return clause(operator, key, wanted, variables=variables)


def _audience(elements: dict[str, Member]) -> Audience | None:
    member = elements.get("Principal") or elements.get("NotPrincipal")
    if member is None:
        return None
    listed = member.key == "Principal"
    if member.value.kind is Kind.STRING:
        return EVERYONE if listed else Audience.of({"AWS": ("*",)}, negated=True)
    named = {entry.key: tuple(node.text for node in entry.value.one_or_many()) for entry in member.value.members}
    return Audience.of(named, negated=not listed)


def _any(exact: frozenset[str], prefixes: tuple[str, ...], others: tuple[Matcher, ...]) -> Matcher:
    """One matcher for many: exact names, then prefixes, then the rest."""
    if not prefixes and not others:
        return next(iter(exact)).__eq__ if len(exact) == 1 else exact.__contains__
    if not exact and not prefixes and len(others) == 1:
        return others[0]
    return partial(_any_of, exact, prefixes, others)


def _any_of(exact: frozenset[str], prefixes: tuple[str, ...], others: tuple[Matcher, ...], text: str) -> bool:
    return text in exact or text.startswith(prefixes) or any(one(text) for one in others)


def _not(test: Matcher, text: str) -> bool:
    return not test(text)


def _nothing(text: str) -> bool:
    return False


@lru_cache(maxsize=SHARED)
def _actions(patterns: tuple[str, ...], *, negated: bool) -> Matcher:
    """Whether a folded action is covered (rules 3.1 and 3.2). One matcher for all statements that list the same."""
    pieces = [glob(fold(pattern)) for pattern in patterns]
    exact = frozenset("".join(map(str, one)) for one in pieces if all(isinstance(piece, str) for piece in one))
    others = tuple(compiled(one) for one in pieces if not all(isinstance(piece, str) for piece in one))
    test = _any(exact, (), others)
    return partial(_not, test) if negated else test


def _resources(
    patterns: tuple[str, ...], *, negated: bool, variables: bool
) -> tuple[str | tuple[str, ...], str, Matcher | None, Test | None]:
    """How a resource must begin and end, where that is all that is asked for, since deciding by that touches less
    memory; the matcher for patterns without variables, or the test that asks all of them (rules 3.3 to 3.9).

    `*` stands for every resource, and nothing else covers an action that has none (rule 3.7): other patterns begin
    with `arn:`. A pattern whose variable has no value matches nothing (rule 4.6).
    """
    if not patterns:
        return "", "", None, None
    if "*" in patterns:
        return "", "", _nothing if negated else None, None
    templates = [template(text, variables=variables, wildcards=True, resource=True) for text in patterns]
    still = [fixed(one) for one in templates if not has_variable(one)]
    moving = tuple(one for one in templates if has_variable(one))
    exact, prefixes, others = set(), [], []
    for pieces in still:
        if len(pieces) == 1 and isinstance(pieces[0], str):
            exact.add(pieces[0])
        elif len(pieces) == 2 and isinstance(pieces[0], str) and pieces[1] is Wild.RUN:
            prefixes.append(pieces[0])
        else:
            others.append(compiled(pieces))
    at_rest = _any(frozenset(exact), tuple(prefixes), tuple(others)) if still else _nothing
    if not moving:
        starts, ends = ("", "") if negated else _edges(still)
        return starts, ends, (partial(_not, at_rest) if negated else at_rest), None

    def test(facts: Facts) -> bool:
        resource = facts.resource
        if at_rest(resource):
            return not negated
        for one in moving:
            pieces = filled(one, facts.keys)
            if pieces is not None and matches(pieces, resource):
                return not negated
        return negated

    return "", "", None, test


def _reads(resources: tuple[str, ...], clauses: tuple[Clause, ...], *, variables: bool) -> frozenset[str]:
    """The keys that a statement may look at: those of its conditions, and of the variables in its resources."""
    templates = [template(text, variables=True, wildcards=True, resource=True) for text in resources if variables]
    return frozenset().union(*(one.reads for one in clauses), *map(reads, templates))


def _edges(patterns: list[Pieces]) -> tuple[str | tuple[str, ...], str]:
    """How a text must begin and end that matches one of `patterns`, when no more than that is asked for; else "", "".

    One text for all patterns that begin alike, as those of one service do.
    """
    heads = tuple(sys.intern(str(one[0])) for one in patterns)  # a text: all begin with `arn:` (rule 1.9)
    if all(one[1:] == (Wild.RUN,) for one in patterns):
        return (heads[0] if len(heads) == 1 else heads), ""
    if len(patterns) == 1 and len(patterns[0]) == 3 and patterns[0][1] is Wild.RUN:
        tail = patterns[0][2]
        return (heads[0], tail) if isinstance(tail, str) else ("", "")
    return "", ""
