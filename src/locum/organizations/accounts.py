"""The accounts of an organization: made, moved, closed, taken out.

Law: a new account is a whole account: from the same commit on its management account may become
OrganizationAccountAccessRole in it, which is how anybody first gets in. It is made when the request is accepted, and
the request is told as under way first, as on AWS. A closed account keeps its rows and may do nothing any more. Source:
AWS Organizations API reference, CreateAccount, CloseAccount; User Guide, "OrganizationAccountAccessRole".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Call, Result, operation
from locum.iam.entities import Account, Role
from locum.iam.organization import (
    ACTIVE,
    SUSPENDED,
    Member,
    Organization,
    member_id,
)
from locum.iam.tag_rules import require_tags
from locum.organizations.tree import (
    MOST_RESULTS,
    PARENT,
    answered,
    arn_of_node,
    asks,
    default_policies,
    get_member,
    get_parent,
    managed_by,
    nodes_of,
    path_of,
    root_of,
    violation,
)
from locum.store.entity import Entity, Relation
from locum.store.tx import Tx

ACCESS_ROLE = "OrganizationAccountAccessRole"
ADMINISTRATOR = "arn:{partition}:iam::aws:policy/AdministratorAccess"


class AccountRequest(Entity, frozen=True, kw_only=True):
    """How the making of an account went; `id` is its CreateAccountRequestId."""

    kind: ClassVar[str] = "create-account-request"
    missing: ClassVar[str] = "You specified a create account request that doesn't exist."
    exists: ClassVar[str] = "The request exists already."
    decides: ClassVar[bool] = False

    label: str
    member: str = ""
    failure: str = ""
    completed: datetime

    @property
    def state(self) -> str:
        """AWS's word for how it went."""
        return "FAILED" if self.failure else "SUCCEEDED"


@operation("organizations:CreateAccount", writes=True, asks=asks())
def create_account(
    call: Call,
    tx: Tx,
    *,
    email: str,
    account_name: str,
    role_name: str = ACCESS_ROLE,
    iam_user_access_to_billing: str = "ALLOW",
    tags: Tags = (),
) -> Result:
    """Makes an account below the root, and the role by which the management account gets in."""
    organization = managed_by(call, tx)
    members = [node for node in nodes_of(tx, organization) if isinstance(node, Member)]
    if len(members) >= call.place.limits["AccountsPerOrganization"]:
        raise violation("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of AWS accounts.")
    kept = require_tags(call, tags)
    taken = any(one.email.lower() == email.lower() for one in members)
    number = "" if taken else _made(call, tx, organization, email, account_name, role_name, kept)
    request = f"car-{call.mint.octets(16).hex()}"
    made = tx.add(
        AccountRequest(
            id=request,
            account=call.account,
            name=request,
            created=call.now,
            label=account_name,
            member=number,
            failure="EMAIL_ALREADY_EXISTS" if taken else "",
            completed=call.now,
        )
    )
    begun = {"Id": made.id, "AccountName": account_name, "State": "IN_PROGRESS", "RequestedTimestamp": call.now}
    return {"CreateAccountStatus": begun}


@operation("organizations:DescribeCreateAccountStatus", asks=asks())
def describe_create_account_status(call: Call, tx: Tx, *, create_account_request_id: str) -> Result:
    """How the making of an account went."""
    managed_by(call, tx)
    found = tx.find(AccountRequest, call.account, create_account_request_id)
    if found is None:
        raise Refusal("CreateAccountStatusNotFoundException", AccountRequest.missing)
    return {"CreateAccountStatus": _status(found)}


@operation("organizations:ListCreateAccountStatus", asks=asks())
def list_create_account_status(
    call: Call,
    tx: Tx,
    *,
    states: tuple[str, ...] = (),
    next_token: str | None = None,
    max_results: int = MOST_RESULTS,
) -> Result:
    """Lists how the making of each account went."""
    managed_by(call, tx)
    page = tx.page(AccountRequest, call.account, marker=next_token, limit=max_results, listing=call.operation.name)
    answer: dict[str, Any] = {
        "CreateAccountStatuses": [_status(one) for one in page.items if not states or one.state in states]
    }
    return answer if page.marker is None else answer | {"NextToken": page.marker}


@operation("organizations:DescribeAccount", asks=asks("AccountId"))
def describe_account(call: Call, tx: Tx, *, account_id: str) -> Result:
    """Answers with an account."""
    organization = managed_by(call, tx)
    return {"Account": _shown(call, tx, organization, get_member(tx, organization, account_id))}


@operation("organizations:ListAccounts", asks=asks())
def list_accounts(call: Call, tx: Tx, *, next_token: str | None = None, max_results: int = MOST_RESULTS) -> Result:
    """Lists every account of the organization."""
    organization = managed_by(call, tx)
    members = [node for node in nodes_of(tx, organization) if isinstance(node, Member)]
    return _listed(call, tx, organization, members, "", next_token, max_results)


@operation("organizations:ListAccountsForParent", asks=asks("ParentId"))
def list_accounts_for_parent(
    call: Call, tx: Tx, *, parent_id: str, next_token: str | None = None, max_results: int = MOST_RESULTS
) -> Result:
    """Lists the accounts directly below a node."""
    organization = managed_by(call, tx)
    parent = get_parent(tx, organization, parent_id)
    return _listed(call, tx, organization, list(tx.owned(Member, parent.id)), parent.id, next_token, max_results)


@operation("organizations:MoveAccount", writes=True, asks=asks("AccountId", "SourceParentId", "DestinationParentId"))
def move_account(call: Call, tx: Tx, *, account_id: str, source_parent_id: str, destination_parent_id: str) -> Result:
    """Moves an account to another node; the policies there hold it from its next request on."""
    organization = managed_by(call, tx)
    member = get_member(tx, organization, account_id)
    source = get_parent(tx, organization, source_parent_id, ("SourceParentNotFoundException", PARENT[1]))
    destination = get_parent(tx, organization, destination_parent_id, ("DestinationParentNotFoundException", PARENT[1]))
    if member.owner != source.id:
        raise Refusal("SourceParentNotFoundException", "The account is not in the source that you specified.")
    if destination.id == source.id:
        raise Refusal("DuplicateAccountException", "The account is already in the destination that you specified.")
    tx.put(replace(member, owner=destination.id))
    return None


@operation("organizations:CloseAccount", writes=True, asks=asks("AccountId"))
def close_account(call: Call, tx: Tx, *, account_id: str) -> Result:
    """Closes a member account: nobody in it may do anything any more."""
    organization = managed_by(call, tx)
    member = get_member(tx, organization, account_id)
    if member.name == organization.account:
        raise violation("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "You can't close the management account of an organization.")
    if member.status != ACTIVE:
        raise Refusal("AccountAlreadyClosedException", "The account is already closed.")
    tx.put(replace(member, status=SUSPENDED))
    return None


@operation("organizations:RemoveAccountFromOrganization", writes=True, asks=asks("AccountId"))
def remove_account_from_organization(call: Call, tx: Tx, *, account_id: str) -> Result:
    """Takes an account out of the organization: it stands alone from then on. A closed one stays."""
    organization = managed_by(call, tx)
    member = get_member(tx, organization, account_id)
    if member.name == organization.account:
        raise Refusal(
            "MasterCannotLeaveOrganizationException", "You can't remove the management account from an organization."
        )
    if member.status != ACTIVE:
        raise violation("ACCOUNT_CANNOT_LEAVE_ORGANIZATION", "The account is closed.")
    tx.remove(member)
    return None


def _made(call: Call, tx: Tx, organization: Organization, email: str, label: str, role_name: str, tags: Tags) -> str:
    """The number of a new account below the root."""
    number = ids.account_number(call.mint.octets(8))
    root = root_of(tx, organization)
    tx.add(Account(id=number, account=number, name=number, created=call.now, label=label))
    tx.add(
        Member(
            id=member_id(number),
            account=number,
            name=number,
            owner=root.id,
            created=call.now,
            organization=organization.id,
            management=organization.account,
            label=label,
            email=email,
            joined=call.now,
            joined_method="CREATED",
            policies=default_policies(root),
            tags=tags,
        )
    )
    managing = call.arn("root", account=organization.account)
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"'
        + managing
        + '"},"Action":"sts:AssumeRole"}]}'
    )
    role = tx.add(Role(id=call.new_id(ids.ROLE), account=number, name=role_name, created=call.now, trust=trust))
    tx.link(Relation.ATTACHMENT, number, role.id, ADMINISTRATOR.format(partition=call.place.partition))
    return number


def _status(request: AccountRequest) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Id": request.id,
        "AccountName": request.label,
        "State": request.state,
        "RequestedTimestamp": request.created,
        "CompletedTimestamp": request.completed,
    }
    return answer | ({"FailureReason": request.failure} if request.failure else {"AccountId": request.member})


def _shown(call: Call, tx: Tx, organization: Organization, member: Member) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Id": member.name,
        "Arn": arn_of_node(call, organization, member),
        "Name": member.label,
        "Status": member.status,
        "State": member.status,
        "Paths": [path_of(tx, organization, member)],
        "JoinedMethod": member.joined_method,
        "JoinedTimestamp": member.joined,
    }
    return answer | ({"Email": member.email} if member.email else {})


def _listed(
    call: Call,
    tx: Tx,
    organization: Organization,
    members: list[Member],
    of: str,
    token: str | None,
    limit: int,
) -> Result:
    return answered(
        "Accounts",
        members,
        key=lambda member: member.name,
        shown=lambda member: _shown(call, tx, organization, member),
        listing=f"{call.operation.name} {of}",
        token=token,
        limit=limit,
    )
