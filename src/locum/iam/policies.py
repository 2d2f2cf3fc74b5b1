"""Managed policies: the customer's own, kept in numbered versions, beside those that AWS provides.

Law: a document is kept as it was submitted and checked once, when it comes in. An ARN is compared exactly, never
without regard to case (rule H17): the ARN that was authorized is the one that is acted on. AWS's own policies are not
rows (decisions 15) and nobody can change them. A link points to the id of a customer's policy or to the ARN of one of
AWS's; `link_target` and `policy_of` go from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from locum.aws import ids, managed_policies
from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.aws.managed_policies import ManagedDocument
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam import quotas
from locum.iam.listing import answered, every, page_of
from locum.iam.names import arn_of
from locum.iam.tag_rules import require_tags
from locum.policy import accepted
from locum.store.entity import Entity, Relation
from locum.store.tx import Tx

ATTACHED = "PermissionsPolicy"  # PolicyUsageFilter
BOUNDARY = "PermissionsBoundary"
USAGES: Mapping[str | None, tuple[Relation, ...]] = {
    ATTACHED: (Relation.ATTACHMENT,),
    BOUNDARY: (Relation.BOUNDARY,),
    None: (Relation.ATTACHMENT, Relation.BOUNDARY),
}


class ManagedPolicy(Entity, frozen=True, kw_only=True):
    """A policy that stands by itself and can be attached. `default_version` is the one in force (`v1`).

    `last_version` is the highest number that was ever given: numbers are not reused. `updated` is when the newest
    version came. Its ARN is `arn:PARTITION:iam::ACCOUNT:policy/PATH/NAME`.
    """

    kind: ClassVar[str] = "policy"
    missing: ClassVar[str] = "Policy {name} was not found."
    exists: ClassVar[str] = "A policy called {name} already exists. Duplicate names are not allowed."

    updated: datetime
    description: str | None = None
    tags: Tags = ()
    default_version: str = "v1"
    last_version: int = 1


class PolicyVersion(Entity, frozen=True, kw_only=True):
    """One version of a managed policy: `owner` is the policy's id, `name` is `v1`, `id` is `POLICY-ID/v1`."""

    kind: ClassVar[str] = "policy-version"
    missing: ClassVar[str] = "Policy version {name} does not exist or is not attachable."
    exists: ClassVar[str] = "Policy version {name} already exists."

    document: str


def version_id(policy_id: str, version: str) -> str:
    """The written key of a version (decisions 15)."""
    return f"{policy_id}/{version}"


# -- from an ARN to a policy and back --------------------------------------------------------------------------------


class Usage(msgspec.Struct, frozen=True):
    """How many users, groups and roles a policy is attached to, and how many it bounds."""

    attachments: int
    boundaries: int


def find_policy(call: Call, tx: Tx, arn: str) -> ManagedPolicy | ManagedDocument | None:
    """The policy of that ARN, the caller's account's own or AWS's, or None. Raises ValidationError for no ARN."""
    try:
        resource = Arn.parse(arn).resource
    except ArnError:
        raise Refusal("ValidationError", "Invalid ARN:  Could not be parsed!", seen=arn) from None
    provided = managed_policies.find(arn)
    if provided is not None:
        return provided if provided.partition == call.place.partition else None
    own = tx.find(ManagedPolicy, call.account, resource.rpartition("/")[2])
    return own if own is not None and arn_of(own, call.place.partition) == arn else None


def get_policy_of(call: Call, tx: Tx, arn: str) -> ManagedPolicy | ManagedDocument:
    """The policy of that ARN. Raises NoSuchEntity, or ValidationError when the text is no ARN."""
    policy = find_policy(call, tx, arn)
    if policy is None:
        raise Refusal("NoSuchEntity", ManagedPolicy.missing.format(name=arn), arn=arn)
    return policy


def get_own(call: Call, tx: Tx, arn: str) -> ManagedPolicy:
    """The customer's policy of that ARN, to change it. Raises AccessDenied for one of AWS's, NoSuchEntity for none."""
    policy = get_policy_of(call, tx, arn)
    if isinstance(policy, ManagedDocument):
        raise Refusal(
            "AccessDenied",
            f"User: {call.caller.arn} is not authorized to perform: {call.operation.name} on resource: {arn}",
            arn=arn,
        )
    return policy


def get_attachable(call: Call, tx: Tx, arn: str) -> ManagedPolicy | ManagedDocument:
    """The policy of that ARN, to attach it or to bound something by it. Raises NoSuchEntity or PolicyNotAttachable."""
    policy = find_policy(call, tx, arn)
    if policy is None:
        raise Refusal("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", arn=arn)
    if isinstance(policy, ManagedDocument) and not policy.attachable:
        raise Refusal("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.", arn=arn)
    return policy


def link_target(policy: ManagedPolicy | ManagedDocument) -> str:
    """What a link to a policy holds: the id of a customer's policy, the ARN of one of AWS's."""
    return policy.arn if isinstance(policy, ManagedDocument) else policy.id


def policy_of(tx: Tx, target: str) -> ManagedPolicy | ManagedDocument | None:
    """The policy that a link points to. None only for an ARN that an older edition of AWS's policies had."""
    return managed_policies.find(target) if target.startswith("arn:") else tx.get_id(ManagedPolicy, target)


def arn_of_policy(policy: ManagedPolicy | ManagedDocument, partition: str) -> str:
    """The ARN of either."""
    return policy.arn if isinstance(policy, ManagedDocument) else arn_of(policy, partition)


def usage(call: Call, tx: Tx, policy: ManagedPolicy | ManagedDocument) -> Usage:
    """How often the caller's account uses the policy."""
    target = link_target(policy)
    return Usage(
        attachments=len(tx.sources(Relation.ATTACHMENT, call.account, target)),
        boundaries=len(tx.sources(Relation.BOUNDARY, call.account, target)),
    )


# -- the operations --------------------------------------------------------------------------------------------------


@operation("iam:CreatePolicy", writes=True)
def create_policy(
    call: Call,
    tx: Tx,
    *,
    policy_name: str,
    policy_document: str,
    path: str = "/",
    description: str | None = None,
    tags: Tags = (),
) -> Result:
    """Makes a policy with its first version, in force."""
    require_tags(call, tags)
    accepted.require_identity_policy(policy_document)
    quotas.require_size(call, "PolicySize", policy_document)
    quotas.require_room(call, "PoliciesPerAccount", tx.count(ManagedPolicy, call.account))
    policy = tx.add(
        ManagedPolicy(
            id=call.new_id(ids.MANAGED_POLICY),
            account=call.account,
            name=policy_name,
            path=path,
            created=call.now,
            updated=call.now,
            description=description,
            tags=tags,
        )
    )
    add_version(call, tx, policy, policy.default_version, policy_document)
    answer = _summary(call, policy, Usage(0, 0)) | _described(policy)
    return {"Policy": answer | ({"Tags": shown(tags)} if tags else {})}


@operation("iam:GetPolicy")
def get_policy(call: Call, tx: Tx, *, policy_arn: str) -> Result:
    """Shows a policy. The document is GetPolicyVersion's to show."""
    policy = get_policy_of(call, tx, policy_arn)
    tags = shown(policy.tags) if isinstance(policy, ManagedPolicy) else []
    return {"Policy": shown_policy(call, tx, policy) | {"Tags": tags}}


def shown_policy(call: Call, tx: Tx, policy: ManagedPolicy | ManagedDocument) -> dict[str, Any]:
    """A policy with how often it is used, and its description if it has one."""
    return _summary(call, policy, usage(call, tx, policy)) | _described(policy)


@operation("iam:ListPolicies")
def list_policies(
    call: Call,
    tx: Tx,
    *,
    scope: str = "All",
    only_attached: bool = False,
    path_prefix: str = "/",
    policy_usage_filter: str | None = None,
    marker: str | None = None,
    max_items: int = 100,
) -> Result:
    """Lists policies by name, the account's own before AWS's of the same name. The usage filter counts only together
    with `only_attached` (wire.md 5.1)."""
    policies: list[ManagedPolicy | ManagedDocument] = []
    if scope in ("All", "Local"):
        policies += every(tx, ManagedPolicy, call.account)
    if scope in ("All", "AWS"):
        policies += managed_policies.every(call.place.partition)
    policies = [policy for policy in policies if policy.path.startswith(path_prefix)]
    if only_attached:
        relations = USAGES[policy_usage_filter]
        policies = [policy for policy in policies if used(call, tx, policy, relations)]
    page = page_of(
        policies,
        key=lambda policy: f"{policy.name.lower()} {isinstance(policy, ManagedDocument):d}",
        listing=f"ListPolicies {call.account} {scope} {only_attached} {path_prefix} {policy_usage_filter}",
        marker=marker,
        limit=max_items,
    )
    return answered("Policies", [_summary(call, each, usage(call, tx, each)) for each in page.items], page.marker)


@operation("iam:DeletePolicy", writes=True)
def delete_policy(call: Call, tx: Tx, *, policy_arn: str) -> Result:
    """Removes a policy that nothing uses, with its one remaining version."""
    policy = get_own(call, tx, policy_arn)
    if usage(call, tx, policy) != Usage(0, 0):
        raise Refusal("DeleteConflict", "Cannot delete a policy attached to entities.", arn=policy_arn)
    versions = tx.owned(PolicyVersion, policy.id)
    if len(versions) > 1:
        raise Refusal(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
            " The default version is deleted with the policy.",
            arn=policy_arn,
        )
    for version in versions:
        tx.remove(version)
    tx.remove(policy)
    return None


def add_version(call: Call, tx: Tx, policy: ManagedPolicy, name: str, document: str) -> PolicyVersion:
    """Stores a version of a policy. Whether it is in force says the policy."""
    return tx.add(
        PolicyVersion(
            id=version_id(policy.id, name),
            account=policy.account,
            owner=policy.id,
            name=name,
            created=call.now,
            document=document,
        )
    )


def used(
    call: Call, tx: Tx, policy: ManagedPolicy | ManagedDocument, relations: tuple[Relation, ...] = USAGES[None]
) -> bool:
    """Whether anything in the caller's account uses the policy in one of these ways."""
    target = link_target(policy)
    return any(tx.sources(relation, call.account, target) for relation in relations)


def _described(policy: ManagedPolicy | ManagedDocument) -> dict[str, Any]:
    """The description, when there is one."""
    description = policy.description if isinstance(policy, ManagedPolicy) else None
    return {} if description is None else {"Description": description}


def _summary(call: Call, policy: ManagedPolicy | ManagedDocument, used: Usage) -> dict[str, Any]:
    """What every answer about a policy shows (wire.md 5.2)."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": arn_of_policy(policy, call.place.partition),
        "Path": policy.path,
        "DefaultVersionId": policy.default_version,
        "AttachmentCount": used.attachments,
        "PermissionsBoundaryUsageCount": used.boundaries,
        "IsAttachable": isinstance(policy, ManagedPolicy) or policy.shown_attachable,
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }
