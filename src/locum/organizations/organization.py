"""The organization itself: made by the account that manages it, left by its members, deleted when it is empty.

Law: a new organization has one root, and in it the account that made it, which no SCP and no RCP holds. Of AWS's
services that may be given trusted access none does anything here but IAM, whose central management of root users asks
for it. Source: AWS Organizations API reference, CreateOrganization, DeleteOrganization, EnableAWSServiceAccess.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.entities import Account
from locum.iam.listing import every
from locum.iam.organization import (
    ALL_FEATURES,
    SCP,
    Member,
    Organization,
    OrganizationPolicy,
    Root,
    member_id,
    member_of,
)
from locum.organizations.tree import answered, arn_of, asks, bind_anew, letters, managed_by, nodes_of, root_of, seen_by
from locum.store.tx import Tx

OCCUPIED = "To delete an organization you must first remove all member accounts (except the management account)."
MASTER = "You can't remove the management account from an organization. To leave, delete the organization."


def shown_organization(call: Call, organization: Organization) -> dict[str, Any]:
    """An organization as every answer has it."""
    arn = call.arn(f"organization/{organization.id}", service="organizations", account=organization.account)
    return {
        "Id": organization.id,
        "Arn": arn,
        "FeatureSet": organization.feature_set,
        "MasterAccountArn": arn_of(call, organization, "account", organization.account),
        "MasterAccountId": organization.account,
        "AvailablePolicyTypes": [{"Type": SCP, "Status": "ENABLED"}]
        if organization.feature_set == ALL_FEATURES
        else [],
    }


@operation("organizations:CreateOrganization", writes=True, asks=asks())
def create_organization(call: Call, tx: Tx, *, feature_set: str = ALL_FEATURES) -> Result:
    """Makes an organization that the caller's account manages. No type of policies is in force yet.

    The reference says that SCPs are; Terraform's AWS provider, which is tried against AWS, puts them in force after it
    made an organization and would fail where they are.
    """
    if member_of(tx, call.account) is not None:
        raise Refusal("AlreadyInOrganizationException", Organization.exists)
    account = tx.get(Account, call.account, call.account)
    id = f"o-{letters(call, 10)}"
    organization = tx.add(Organization(id=id, account=call.account, name=id, created=call.now, feature_set=feature_set))
    root = tx.add(
        Root(
            id=f"r-{letters(call, 4)}",
            account=call.account,
            name="Root",
            owner=id,
            created=call.now,
        )
    )
    tx.add(
        Member(
            id=member_id(call.account),
            account=call.account,
            name=call.account,
            owner=root.id,
            created=call.now,
            organization=id,
            management=call.account,
            label=account.label or call.account,
            joined=call.now,
            joined_method="INVITED",
        )
    )
    return {"Organization": shown_organization(call, organization)}


@operation("organizations:DescribeOrganization", asks=asks())
def describe_organization(call: Call, tx: Tx) -> Result:
    """Answers any of its accounts with the organization."""
    return {"Organization": shown_organization(call, seen_by(call, tx))}


@operation("organizations:DeleteOrganization", writes=True, asks=asks())
def delete_organization(call: Call, tx: Tx) -> Result:
    """Deletes an organization that has no account but the one that manages it, with its units and policies."""
    organization = managed_by(call, tx)
    nodes = nodes_of(tx, organization)
    if any(isinstance(node, Member) and node.name != call.account for node in nodes):
        raise Refusal("OrganizationNotEmptyException", OCCUPIED)
    for policy in list(every(tx, OrganizationPolicy, call.account)):
        tx.remove(policy)
    for node in reversed(nodes):
        tx.remove(node)
    tx.remove(organization)
    return None


@operation("organizations:LeaveOrganization", writes=True, asks=asks())
def leave_organization(call: Call, tx: Tx) -> Result:
    """Takes the caller's account out of its organization."""
    organization = seen_by(call, tx)
    if organization.account == call.account:
        raise Refusal("MasterCannotLeaveOrganizationException", MASTER)
    tx.remove(tx.get_id(Member, member_id(call.account)))
    return None


@operation("organizations:EnableAWSServiceAccess", writes=True, asks=asks())
def enable_aws_service_access(call: Call, tx: Tx, *, service_principal: str) -> Result:
    """Lets a service of AWS work in all accounts of the organization."""
    organization = managed_by(call, tx)
    _require_principal(service_principal)
    if service_principal not in organization.services:
        tx.put(replace(organization, services={**organization.services, service_principal: call.now}))
    return None


@operation("organizations:DisableAWSServiceAccess", writes=True, asks=asks())
def disable_aws_service_access(call: Call, tx: Tx, *, service_principal: str) -> Result:
    """Takes that away. Without it IAM's central management of root users is off as well."""
    organization = managed_by(call, tx)
    _require_principal(service_principal)
    left = {name: since for name, since in organization.services.items() if name != service_principal}
    features = organization.root_features if "iam.amazonaws.com" in left else ()
    tx.put(replace(organization, services=left, root_features=features))
    bind_anew(tx, (root_of(tx, organization),))
    return None


@operation("organizations:ListAWSServiceAccessForOrganization", asks=asks())
def list_aws_service_access_for_organization(
    call: Call, tx: Tx, *, next_token: str | None = None, max_results: int = 20
) -> Result:
    """Lists the services with access."""
    organization = managed_by(call, tx)
    return answered(
        "EnabledServicePrincipals",
        organization.services.items(),
        key=lambda one: one[0],
        shown=lambda one: {"ServicePrincipal": one[0], "DateEnabled": one[1]},
        listing=call.operation.name,
        token=next_token,
        limit=max_results,
    )


def _require_principal(text: str) -> None:
    if not text.endswith(".amazonaws.com"):
        raise Refusal(
            "InvalidInputException",
            "You specified an unrecognized service principal.",
            Reason="UNRECOGNIZED_SERVICE_PRINCIPAL",
        )
