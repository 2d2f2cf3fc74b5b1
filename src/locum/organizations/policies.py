"""Policies of an organization: SCPs and RCPs, what they are attached to, and whether their type is in force.

Law: a document is checked when it comes in and holds every account below what it is attached to with the next request.
AWS's own (FullAWSAccess, RCPFullAWSAccess) are there as long as their type is, and cannot be changed. A node never
loses its last SCP. Types of policies that decide nothing are not kept: there are none of them. Source: AWS
Organizations API reference and User Guide, "Attaching and detaching policies", "Quotas".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Call, Result, operation
from locum.iam.listing import every
from locum.iam.organization import (
    ALL_FEATURES,
    AWS_POLICIES,
    DEFAULT,
    KINDS,
    RCP,
    SCP,
    AwsPolicy,
    Node,
    Organization,
    OrganizationPolicy,
    Root,
    Unit,
)
from locum.iam.tag_rules import require_tags
from locum.organizations.tree import (
    MOST_RESULTS,
    ROOT,
    TARGET,
    answered,
    arn_of_node,
    arn_of_policy,
    asks,
    bind_anew,
    get_node,
    get_policy,
    id_of,
    label_of,
    letters,
    managed_by,
    nodes_of,
    root_of,
    violation,
)
from locum.organizations.units import shown_root
from locum.policy import parse, size
from locum.store.tx import Tx

MALFORMED = "The provided policy document does not meet the requirements of the specified policy type."
NOT_ENABLED = "This operation can be performed only for enabled policy types."
IN_USE = (
    "This policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before"
    " performing this operation."
)
SIZES = {SCP: "ServiceControlPolicySize", RCP: "ResourceControlPolicySize"}

Found = OrganizationPolicy | AwsPolicy


@operation("organizations:EnablePolicyType", writes=True, asks=asks("RootId", type="PolicyType"))
def enable_policy_type(call: Call, tx: Tx, *, root_id: str, policy_type: str) -> Result:
    """Puts a type of policies in force; every node gets AWS's own, which allows everything."""
    organization, root = _root(call, tx, root_id)
    _require_kept(policy_type)
    if organization.feature_set != ALL_FEATURES:
        raise Refusal("PolicyTypeNotAvailableForOrganizationException", "The organization does not have all features.")
    if policy_type in root.policy_types:
        raise Refusal("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
    for node in nodes_of(tx, organization):
        tx.put(replace(node, policies=(*node.policies, DEFAULT[policy_type])))
    root = tx.get_id(Root, root.id)
    root = tx.put(replace(root, policy_types=(*root.policy_types, policy_type)))
    return {"Root": shown_root(call, organization, root)}


@operation("organizations:DisablePolicyType", writes=True, asks=asks("RootId", type="PolicyType"))
def disable_policy_type(call: Call, tx: Tx, *, root_id: str, policy_type: str) -> Result:
    """Takes a type of policies out of force; what was attached is detached everywhere."""
    organization, root = _root(call, tx, root_id)
    if policy_type not in root.policy_types:
        raise Refusal("PolicyTypeNotEnabledException", NOT_ENABLED)
    for node in nodes_of(tx, organization):
        left = tuple(id for id in node.policies if _get(tx, organization, id)[1] != policy_type)
        tx.put(replace(node, policies=left))
    root = tx.get_id(Root, root.id)
    root = tx.put(replace(root, policy_types=tuple(one for one in root.policy_types if one != policy_type)))
    return {"Root": shown_root(call, organization, root)}


@operation("organizations:CreatePolicy", writes=True, asks=asks(type="Type"))
def create_policy(
    call: Call, tx: Tx, *, content: str, description: str, name: str, type: str, tags: Tags = ()
) -> Result:
    """Makes a policy that is attached to nothing yet."""
    organization = managed_by(call, tx)
    _require_kept(type)
    if type not in root_of(tx, organization).policy_types:
        raise Refusal("PolicyTypeNotEnabledException", NOT_ENABLED)
    present = [one for one in every(tx, OrganizationPolicy, call.account) if one.owner == type]
    if len(present) >= call.place.limits["PoliciesPerOrganization"]:
        raise violation("POLICY_NUMBER_LIMIT_EXCEEDED", "You have exceeded the number of policies.")
    _require_free(tx, call.account, type, name)
    _require_content(call, type, content)
    policy = tx.add(
        OrganizationPolicy(
            id=f"p-{letters(call, 10)}",
            account=call.account,
            name=name,
            owner=type,
            created=call.now,
            description=description,
            content=content,
            tags=require_tags(call, tags),
        )
    )
    return {"Policy": _shown(call, organization, policy)}


@operation("organizations:DescribePolicy", asks=asks("PolicyId"))
def describe_policy(call: Call, tx: Tx, *, policy_id: str) -> Result:
    """Answers with a policy and its document."""
    organization = managed_by(call, tx)
    return {"Policy": _shown(call, organization, _get(tx, organization, policy_id)[0])}


@operation("organizations:UpdatePolicy", writes=True, asks=asks("PolicyId"))
def update_policy(
    call: Call,
    tx: Tx,
    *,
    policy_id: str,
    name: str | None = None,
    description: str | None = None,
    content: str | None = None,
) -> Result:
    """Changes a policy; a new document is in force with the next request."""
    organization = managed_by(call, tx)
    policy = _own(tx, organization, policy_id)
    if name is not None and name.lower() != policy.name.lower():
        _require_free(tx, call.account, policy.owner, name)
    if content is not None:
        _require_content(call, policy.owner, content)
    policy = tx.put(
        replace(
            policy,
            name=policy.name if name is None else name,
            description=policy.description if description is None else description,
            content=policy.content if content is None else content,
        )
    )
    bind_anew(tx, _holding(tx, organization, policy.id))
    return {"Policy": _shown(call, organization, policy)}


@operation("organizations:DeletePolicy", writes=True, asks=asks("PolicyId"))
def delete_policy(call: Call, tx: Tx, *, policy_id: str) -> Result:
    """Deletes a policy that is attached to nothing."""
    organization = managed_by(call, tx)
    policy = _own(tx, organization, policy_id)
    if _holding(tx, organization, policy.id):
        raise Refusal("PolicyInUseException", IN_USE)
    tx.remove(policy)
    return None


@operation("organizations:ListPolicies", asks=asks(type="Filter"))
def list_policies(
    call: Call, tx: Tx, *, filter: str, next_token: str | None = None, max_results: int = MOST_RESULTS
) -> Result:
    """Lists the policies of one type, AWS's own included while the type is in force."""
    organization = managed_by(call, tx)
    found: list[Found] = [one for one in every(tx, OrganizationPolicy, call.account) if one.owner == filter]
    if filter in root_of(tx, organization).policy_types:
        found.append(AWS_POLICIES[DEFAULT[filter]])
    return _listed(call, organization, found, filter, next_token, max_results)


@operation("organizations:AttachPolicy", writes=True, asks=asks("TargetId", "PolicyId"))
def attach_policy(call: Call, tx: Tx, *, policy_id: str, target_id: str) -> Result:
    """Attaches a policy to a root, a unit or an account."""
    organization = managed_by(call, tx)
    _, type = _get(tx, organization, policy_id)
    target = get_node(tx, organization, target_id, TARGET)
    if type not in root_of(tx, organization).policy_types:
        raise Refusal("PolicyTypeNotEnabledException", NOT_ENABLED)
    if policy_id in target.policies:
        raise Refusal(
            "DuplicatePolicyAttachmentException", "The policy is already attached to the target that you specified."
        )
    if len(_of_type(tx, organization, target, type)) >= call.place.limits["PoliciesPerOrganizationTarget"]:
        raise violation(
            "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You have attached the maximum number of policies of this type.",
        )
    bind_anew(tx, (tx.put(replace(target, policies=(*target.policies, policy_id))),))
    return None


@operation("organizations:DetachPolicy", writes=True, asks=asks("TargetId", "PolicyId"))
def detach_policy(call: Call, tx: Tx, *, policy_id: str, target_id: str) -> Result:
    """Detaches a policy, but never the last SCP, and never RCPFullAWSAccess."""
    organization = managed_by(call, tx)
    _, type = _get(tx, organization, policy_id)
    target = get_node(tx, organization, target_id, TARGET)
    if policy_id not in target.policies:
        raise Refusal("PolicyNotAttachedException", "The policy isn't attached to the specified target.")
    if policy_id == DEFAULT[RCP]:
        raise Refusal("InvalidInputException", "You can't detach RCPFullAWSAccess.", Reason="NON_DETACHABLE_POLICY")
    if len(_of_type(tx, organization, target, type)) == 1:
        raise violation(
            "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You cannot remove the last policy attached to the specified target. You should have at least one at any"
            " time.",
        )
    left = tuple(id for id in target.policies if id != policy_id)
    bind_anew(tx, (tx.put(replace(target, policies=left)),))
    return None


@operation("organizations:ListPoliciesForTarget", asks=asks("TargetId", type="Filter"))
def list_policies_for_target(
    call: Call,
    tx: Tx,
    *,
    target_id: str,
    filter: str,
    next_token: str | None = None,
    max_results: int = MOST_RESULTS,
) -> Result:
    """Lists the policies of one type that are attached to a node itself."""
    organization = managed_by(call, tx)
    target = get_node(tx, organization, target_id, TARGET)
    found = [_get(tx, organization, id)[0] for id in _of_type(tx, organization, target, filter)]
    return _listed(call, organization, found, f"{target_id} {filter}", next_token, max_results)


@operation("organizations:ListTargetsForPolicy", asks=asks("PolicyId"))
def list_targets_for_policy(
    call: Call, tx: Tx, *, policy_id: str, next_token: str | None = None, max_results: int = MOST_RESULTS
) -> Result:
    """Lists what a policy is attached to."""
    organization = managed_by(call, tx)
    _get(tx, organization, policy_id)
    return answered(
        "Targets",
        _holding(tx, organization, policy_id),
        key=id_of,
        shown=lambda node: {
            "TargetId": id_of(node),
            "Arn": arn_of_node(call, organization, node),
            "Name": label_of(node),
            "Type": "ROOT"
            if isinstance(node, Root)
            else "ORGANIZATIONAL_UNIT"
            if isinstance(node, Unit)
            else "ACCOUNT",
        },
        listing=f"{call.operation.name} {policy_id}",
        token=next_token,
        limit=max_results,
    )


def _root(call: Call, tx: Tx, id: str) -> tuple[Organization, Root]:
    organization = managed_by(call, tx)
    root = get_node(tx, organization, id, ROOT)
    if not isinstance(root, Root):
        raise Refusal(*ROOT, id=id)
    return organization, root


def _get(tx: Tx, organization: Organization, id: str) -> tuple[Found, str]:
    """A policy, the organization's own or AWS's, and its type."""
    known = AWS_POLICIES.get(id)
    if known is not None and known.type in root_of(tx, organization).policy_types:
        return known, known.type
    own = get_policy(tx, organization, id)
    return own, own.owner


def _own(tx: Tx, organization: Organization, id: str) -> OrganizationPolicy:
    """A policy that may be changed."""
    if id in AWS_POLICIES:
        raise Refusal("InvalidInputException", "You can't change a policy that AWS manages.", Reason="IMMUTABLE_POLICY")
    return get_policy(tx, organization, id)


def _of_type(tx: Tx, organization: Organization, node: Node, type: str) -> Sequence[str]:
    return [id for id in node.policies if _get(tx, organization, id)[1] == type]


def _holding(tx: Tx, organization: Organization, policy: str) -> Sequence[Node]:
    """The nodes that a policy is attached to."""
    return [node for node in nodes_of(tx, organization) if policy in node.policies]


def _require_kept(type: str) -> None:
    if type not in KINDS:
        raise Refusal("NotImplemented", f"Locum does not keep policies of the type {type} yet")


def _require_free(tx: Tx, account: str, type: str, name: str) -> None:
    if tx.find(OrganizationPolicy, account, name, owner=type) is not None:
        raise Refusal("DuplicatePolicyException", OrganizationPolicy.exists, name=name)


def _require_content(call: Call, type: str, content: str) -> None:
    """Refuses a document that is none of this type, or too long."""
    limit = call.place.limits[SIZES[type]]
    if size(content, KINDS[type]) > limit:
        raise violation("POLICY_CONTENT_LIMIT_EXCEEDED", f"The policy is longer than {limit} characters.")
    try:
        parse(content, kind=KINDS[type])
    except Refusal as refusal:
        raise Refusal("MalformedPolicyDocumentException", MALFORMED, said=refusal.message) from refusal


def _summary(call: Call, organization: Organization, policy: Found) -> dict[str, Any]:
    aws = isinstance(policy, AwsPolicy)
    type = policy.type if isinstance(policy, AwsPolicy) else policy.owner
    return {
        "Id": policy.id,
        "Arn": arn_of_policy(call, organization, policy.id, type),
        "Name": policy.name,
        "Description": policy.description,
        "Type": type,
        "AwsManaged": aws,
    }


def _shown(call: Call, organization: Organization, policy: Found) -> dict[str, Any]:
    return {"PolicySummary": _summary(call, organization, policy), "Content": policy.content}


def _listed(
    call: Call, organization: Organization, found: Sequence[Found], of: str, token: str | None, limit: int
) -> Result:
    return answered(
        "Policies",
        found,
        key=lambda policy: policy.id,
        shown=lambda policy: _summary(call, organization, policy),
        listing=f"{call.operation.name} {of}",
        token=token,
        limit=limit,
    )
