"""Compiled policies: documents once read, ready to be asked many times and shared by everybody they bind.

Law: `parse` is the only way from text to a Policy; behind it nobody looks at JSON again. A Policy is frozen; what it
keeps for speed (the statements that can match an action) follows from its text alone and is bounded. It decides
nothing: it only says whether a statement covers an action, a resource, a caller.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from locum.aws.faults import Refusal
from locum.policy.conditions import Clause, clause
from locum.policy.document import Document, Kind, Member, Node
from locum.policy.grammar import Finding, PolicyKind, findings, size
from locum.policy.match import Matcher, compiled, complement, fold, glob, one_of
from locum.policy.principals import EVERYONE, Audience
from locum.policy.resources import Covered, covered

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

    `acts` says whether a folded action is meant. `audience` is None where the kind of policy has no principals.
    `variables`: texts may hold some. Which resources are meant is compiled by who asks, `covered`, since most
    statements of a caller are never asked about.
    """

    index: int
    sid: str
    line: int
    deny: bool
    variables: bool
    acts: Matcher
    audience: Audience | None
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...]
    not_resource: bool
    clauses: tuple[Clause, ...]

    def covered(self) -> Covered:
        """Which resources this statement covers, compiled anew: keep it."""
        return covered(self.resources, negated=self.not_resource, variables=self.variables)


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
    return Statement(
        index=index,
        sid=_text(node.find("Sid")),
        line=document.position(node.at)[0],
        deny=_text(node.find("Effect")) == "Deny",
        variables=variables,
        acts=_actions(actions, negated=not_action),
        audience=_audience(elements),
        actions=actions,
        not_action=not_action,
        resources=resources,
        not_resource=not_resource,
        clauses=_clauses(elements.get("Condition"), variables=variables),
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


@lru_cache(maxsize=SHARED)
def _actions(patterns: tuple[str, ...], *, negated: bool) -> Matcher:
    """Whether a folded action is covered (rules 3.1 and 3.2). One matcher for all statements that list the same."""
    pieces = [glob(fold(pattern)) for pattern in patterns]
    exact = frozenset("".join(map(str, one)) for one in pieces if all(isinstance(piece, str) for piece in one))
    others = tuple(compiled(one) for one in pieces if not all(isinstance(piece, str) for piece in one))
    test = one_of(exact, (), others)
    return complement(test) if negated else test
