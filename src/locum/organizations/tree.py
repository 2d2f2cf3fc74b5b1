"""The tree of an organization: who may see it, how its nodes are found and shown, and what binds whom anew.

Law: whoever asks is first placed: without an organization, as a member, or as the management account. A node of another
organization does not exist. Sentences are AWS's as reported in public issue threads; those of rules that nobody
reported are ours. Source: AWS Organizations API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from locum.aws.faults import Refusal
from locum.call import Asked, Call
from locum.iam.listing import page_of
from locum.iam.organization import (
    AWS_POLICIES,
    DEFAULT,
    Member,
    Node,
    Organization,
    OrganizationPolicy,
    Root,
    Unit,
    lineage,
    member_id,
    member_of,
    members_below,
)
from locum.iam.request_tags import request_tags
from locum.store.tx import Tx

T = TypeVar("T")

NOT_MANAGEMENT = "You don't have permissions to access this resource."

PARENT = ("ParentNotFoundException", "You specified a parent that doesn't exist.")
TARGET = ("TargetNotFoundException", "You specified a target that doesn't exist.")
CHILD = ("ChildNotFoundException", "You specified a child that doesn't exist.")
UNIT = ("OrganizationalUnitNotFoundException", Unit.missing)
ACCOUNT = ("AccountNotFoundException", Member.missing)
ROOT = ("RootNotFoundException", Root.missing)
POLICY = ("PolicyNotFoundException", "You specified a policy that doesn't exist.")

MOST_RESULTS = 20


def seen_by(call: Call, tx: Tx) -> Organization:
    """The organization of the caller's account. Raises AWSOrganizationsNotInUseException when there is none."""
    member = member_of(tx, call.account)
    if member is None:
        raise Refusal("AWSOrganizationsNotInUseException", Organization.missing)
    return tx.get_id(Organization, member.organization)


def managed_by(call: Call, tx: Tx) -> Organization:
    """The organization that the caller's account manages. Raises AccessDenied for a member."""
    found = seen_by(call, tx)
    if found.account != call.account:
        raise Refusal("AccessDenied", NOT_MANAGEMENT)
    return found


def root_of(tx: Tx, organization: Organization) -> Root:
    """The one root of an organization."""
    [root] = tx.owned(Root, organization.id)
    return root


def find_node(tx: Tx, organization: Organization, id: str) -> Node | None:
    """The root, unit or account of that id in this organization, or None."""
    node: Node | None
    if id.startswith("r-"):
        node = tx.find_id(Root, id)
    elif id.startswith("ou-"):
        node = tx.find_id(Unit, id)
    else:
        member = tx.find_id(Member, member_id(id))
        return member if member is not None and member.organization == organization.id else None
    return node if node is not None and node.account == organization.account else None


def get_node(tx: Tx, organization: Organization, id: str, missing: tuple[str, str]) -> Node:
    """The node of that id. Raises the refusal that `missing` names."""
    node = find_node(tx, organization, id)
    if node is None:
        raise Refusal(*missing, id=id)
    return node


def get_parent(tx: Tx, organization: Organization, id: str, missing: tuple[str, str] = PARENT) -> Root | Unit:
    """The root or unit of that id."""
    node = get_node(tx, organization, id, missing)
    if isinstance(node, Member):
        raise Refusal(*missing, id=id)
    return node


def get_unit(tx: Tx, organization: Organization, id: str) -> Unit:
    """The unit of that id."""
    node = get_node(tx, organization, id, UNIT)
    if not isinstance(node, Unit):
        raise Refusal(*UNIT, id=id)
    return node


def get_member(tx: Tx, organization: Organization, id: str) -> Member:
    """The account of that number."""
    node = get_node(tx, organization, id, ACCOUNT)
    if not isinstance(node, Member):
        raise Refusal(*ACCOUNT, id=id)
    return node


def get_policy(tx: Tx, organization: Organization, id: str) -> OrganizationPolicy:
    """The organization's own policy of that id."""
    policy = tx.find_id(OrganizationPolicy, id)
    if policy is None or policy.account != organization.account:
        raise Refusal(*POLICY, id=id)
    return policy


def violation(reason: str, sentence: str) -> Refusal:
    """The refusal of what one of the service's constraints forbids; `reason` is AWS's word for which."""
    return Refusal("ConstraintViolationException", sentence, Reason=reason)


def nodes_of(tx: Tx, organization: Organization) -> Sequence[Node]:
    """Every node: the root first, units before what is in them."""
    found: list[Node] = []

    def walk(node: Root | Unit) -> None:
        found.append(node)
        found.extend(tx.owned(Member, node.id))
        for unit in tx.owned(Unit, node.id):
            walk(unit)

    walk(root_of(tx, organization))
    return found


def bind_anew(tx: Tx, nodes: Iterable[Node]) -> None:
    """Lets every account below these nodes know that what binds it has changed: its generation rises."""
    for id in dict.fromkeys(member.id for node in nodes for member in members_below(tx, node)):
        tx.put(tx.get_id(Member, id))


def default_policies(root: Root) -> tuple[str, ...]:
    """What every new node has: AWS's policy of each type that is in force."""
    return tuple(DEFAULT[type] for type in root.policy_types)


def id_of(node: Node) -> str:
    """A node's id as AWS knows it."""
    return node.name if isinstance(node, Member) else node.id


def label_of(node: Node) -> str:
    """A node's name as AWS shows it."""
    return node.label if isinstance(node, Member) else node.name


def path_of(tx: Tx, organization: Organization, node: Node) -> str:
    """The path from the organization down to a node: `o-…/r-…/ou-…/`."""
    return "/".join((organization.id, *(id_of(one) for one in lineage(tx, node)), ""))


def arn_of(call: Call, organization: Organization, what: str, id: str) -> str:
    """The ARN of something of an organization; `what` is AWS's word in ARNs."""
    return call.arn(f"{what}/{organization.id}/{id}", service="organizations", account=organization.account)


def arn_of_node(call: Call, organization: Organization, node: Node) -> str:
    """The ARN of a node."""
    what = "root" if isinstance(node, Root) else "ou" if isinstance(node, Unit) else "account"
    return arn_of(call, organization, what, id_of(node))


def arn_of_policy(call: Call, organization: Organization, id: str, type: str) -> str:
    """The ARN of a policy, AWS's own included."""
    if id in AWS_POLICIES:
        return call.arn(f"policy/{type.lower()}/{id}", service="organizations", account="aws")
    return arn_of(call, organization, "policy", f"{type.lower()}/{id}")


def letters(call: Call, count: int) -> str:
    """So many random digits and small letters."""
    number = int.from_bytes(call.mint.octets(count + 4))
    return "".join("0123456789abcdefghijklmnopqrstuvwxyz"[number // 36**place % 36] for place in range(count))


def answered(
    name: str,
    items: Iterable[T],
    *,
    key: Callable[[T], str],
    shown: Callable[[T], Any],
    listing: str,
    token: str | None,
    limit: int,
) -> dict[str, Any]:
    """One page of a listing, and NextToken when there is more."""
    page = page_of(items, key=key, listing=listing, marker=token, limit=limit)
    answer: dict[str, Any] = {name: [shown(one) for one in page.items]}
    if page.marker is not None:
        answer["NextToken"] = page.marker
    return answer


def asks(*members: str, type: str = "") -> Callable[[Call, Tx], Sequence[Asked]]:
    """What an operation asks: its action on each thing that these inputs name, or on `*`. `type` is the input that
    names a type of policy."""

    def asked(call: Call, tx: Tx) -> Sequence[Asked]:
        context: dict[str, str | tuple[str, ...]] = request_tags(call.inputs)
        if type and isinstance(call.inputs.get(type), str):
            context["organizations:PolicyType"] = call.inputs[type]
        member = member_of(tx, call.account)
        organization = None if member is None else tx.get_id(Organization, member.organization)
        named = [call.inputs[one] for one in members if one in call.inputs]
        if organization is None or not named:
            return [Asked(action=call.operation.name, arn="*", account=call.account, context=context)]
        for id in named:
            policy = tx.find_id(OrganizationPolicy, id) or AWS_POLICIES.get(id)
            if policy is not None:
                kind = policy.owner if isinstance(policy, OrganizationPolicy) else policy.type
                context["organizations:PolicyType"] = kind
        return [
            Asked(
                action=call.operation.name,
                arn=_arn_of_named(call, tx, organization, id),
                account=call.account,
                tags=_tags_of(tx, organization, id),
                context=context,
            )
            for id in named
        ]

    return asked


def _arn_of_named(call: Call, tx: Tx, organization: Organization, id: str) -> str:
    """The ARN that an id has or would have."""
    if id.startswith("p-"):
        known = AWS_POLICIES.get(id)
        policy = tx.find_id(OrganizationPolicy, id)
        type = known.type if known is not None else policy.owner if policy is not None else "service_control_policy"
        return arn_of_policy(call, organization, id, type)
    what = "root" if id.startswith("r-") else "ou" if id.startswith("ou-") else "account"
    return arn_of(call, organization, what, id)


def _tags_of(tx: Tx, organization: Organization, id: str) -> Mapping[str, str]:
    found = tx.find_id(OrganizationPolicy, id) if id.startswith("p-") else find_node(tx, organization, id)
    return {tag.key: tag.value for tag in found.tags} if found is not None else {}
