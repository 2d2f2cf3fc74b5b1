"""The organization as decisions see it: its nouns, and where an account stands in it.

Law: structs and look-ups, no operation. Everything of an organization belongs to its management account, save the
`Member`, which belongs to the account that is one: whoever changes what binds a member puts its row anew, in the same
commit, so that the generation of the account itself rises and nothing kept about it is stale (decisions 18). An account
without an organization costs one look-up each generation. Source: AWS Organizations User Guide, "SCP evaluation",
"Resource control policies"; IAM User Guide, "AWS global condition context keys".
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import msgspec

from locum.aws.tag import Tags
from locum.policy import Attached, PolicyKind, parse
from locum.store.entity import Entity
from locum.store.tx import Tx

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
ALL_FEATURES = "ALL"
ACTIVE, SUSPENDED = "ACTIVE", "SUSPENDED"

Levels = tuple[tuple[Attached, ...], ...]


class Organization(Entity, frozen=True, kw_only=True):
    """An organization; `id` and `name` are its `o-…`. `services` have trusted access, since when."""

    kind: ClassVar[str] = "organization"
    missing: ClassVar[str] = "Your account is not a member of an organization."
    exists: ClassVar[str] = "The provided account is already a member of an organization."

    feature_set: str = ALL_FEATURES
    services: dict[str, datetime] = {}
    root_features: tuple[str, ...] = ()


class Root(Entity, frozen=True, kw_only=True):
    """The root of an organization's tree. `policy_types` are those that are in force."""

    kind: ClassVar[str] = "organization-root"
    missing: ClassVar[str] = "You specified a root that doesn't exist."
    exists: ClassVar[str] = "The root exists already."

    policy_types: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    tags: Tags = ()


class Unit(Entity, frozen=True, kw_only=True):
    """An organizational unit; `owner` is its parent, among whose units its name is unique."""

    kind: ClassVar[str] = "organizational-unit"
    missing: ClassVar[str] = "You specified an organizational unit that doesn't exist."
    exists: ClassVar[str] = "An OU with the same name already exists."

    policies: tuple[str, ...] = ()
    tags: Tags = ()


class Member(Entity, frozen=True, kw_only=True):
    """What an account is in its organization; `owner` is its parent, `name` the account's number."""

    kind: ClassVar[str] = "organization-member"
    missing: ClassVar[str] = "You specified an account that doesn't exist."
    exists: ClassVar[str] = "The account is a member already."

    organization: str
    management: str
    label: str
    email: str = ""
    joined: datetime
    joined_method: str
    status: str = ACTIVE
    policies: tuple[str, ...] = ()
    tags: Tags = ()


class OrganizationPolicy(Entity, frozen=True, kw_only=True):
    """A policy of an organization; `owner` is its type, within which its name is unique."""

    kind: ClassVar[str] = "organization-policy"
    missing: ClassVar[str] = "We can't find a policy with the PolicyId that you specified."
    exists: ClassVar[str] = "A policy with the same name already exists."

    description: str
    content: str
    tags: Tags = ()


Node = Root | Unit | Member


class AwsPolicy(msgspec.Struct, frozen=True):
    """A policy that AWS keeps in every organization."""

    id: str
    type: str
    name: str
    description: str
    content: str


_FULL = '"Action":"*","Resource":"*"'
FULL_ACCESS = AwsPolicy(
    "p-FullAWSAccess",
    SCP,
    "FullAWSAccess",
    "Allows access to every operation",
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",' + _FULL + "}]}",
)
RCP_FULL_ACCESS = AwsPolicy(
    "p-RCPFullAWSAccess",
    RCP,
    "RCPFullAWSAccess",
    "Allows all access to all resources",
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",' + _FULL + "}]}",
)
AWS_POLICIES = {one.id: one for one in (FULL_ACCESS, RCP_FULL_ACCESS)}
DEFAULT = {SCP: FULL_ACCESS.id, RCP: RCP_FULL_ACCESS.id}
KINDS = {SCP: PolicyKind.SCP, RCP: PolicyKind.RCP}


class Place(msgspec.Struct, frozen=True):
    """Where an account stands: its organization, the path to it, and the levels of policies that hold it, root first.

    `scps` is None where none are in force: in the management account, or while the type is off. `rcps` likewise.
    """

    organization: str
    management: str
    path: str
    scps: Levels | None
    rcps: Levels | None


def member_id(account: str) -> str:
    """The id of an account's `Member`."""
    return f"member/{account}"


def member_of(tx: Tx, account: str) -> Member | None:
    """What an account is in an organization, or None."""
    return tx.find_id(Member, member_id(account)) if account else None


def place_of(tx: Tx, account: str) -> Place | None:
    """Where an account stands, or None without an organization. Kept until the account's generation rises."""
    return tx.derived(account, "organization", lambda: _place(tx, account)) if account else None


def lineage(tx: Tx, node: Node) -> tuple[Node, ...]:
    """The nodes from the root down to this one."""
    found: list[Node] = [node]
    while not isinstance(node, Root):
        node = tx.find_id(Unit, node.owner) or tx.get_id(Root, node.owner)
        found.insert(0, node)
    return tuple(found)


def members_below(tx: Tx, node: Node) -> Iterator[Member]:
    """Every account at or below a node."""
    if isinstance(node, Member):
        yield node
        return
    yield from tx.owned(Member, node.id)
    for unit in tx.owned(Unit, node.id):
        yield from members_below(tx, unit)


def _place(tx: Tx, account: str) -> Place | None:
    member = member_of(tx, account)
    if member is None:
        return None
    nodes = lineage(tx, member)
    root = nodes[0]
    path = "/".join((member.organization, *(node.id for node in nodes[:-1]), ""))
    if not isinstance(root, Root) or account == member.management:
        return Place(member.organization, member.management, path, None, None)
    scps = _levels(tx, nodes, SCP) if SCP in root.policy_types else None
    if member.status != ACTIVE:  # a closed account: a level without a policy allows nothing
        scps = ((),)
    return Place(
        member.organization,
        member.management,
        path,
        scps,
        _levels(tx, nodes, RCP) if RCP in root.policy_types else None,
    )


def _levels(tx: Tx, nodes: tuple[Node, ...], type: str) -> Levels:
    """The policies of one type at each node. Raises StoreError for one that is gone: what may deny is never skipped."""
    levels = []
    for node in nodes:
        level = []
        for id in node.policies:
            policy = AWS_POLICIES.get(id)
            if policy is not None:
                if policy.type == type == SCP:  # RCPs that allow everything have no say: only their denies count (7.3)
                    level.append(_attached(policy.name, policy.content, KINDS[type]))
                continue
            own = tx.get_id(OrganizationPolicy, id)
            if own.owner == type:
                level.append(_attached(f"{own.name} ({own.id})", own.content, KINDS[type]))
        levels.append(tuple(level))
    return tuple(levels)


@functools.lru_cache(maxsize=1024)
def _attached(source: str, content: str, kind: PolicyKind) -> Attached:
    """A policy as the engine takes it: one for all accounts that it holds."""
    return Attached(source, parse(content, kind=kind))
