"""Delegation requests: a partner of AWS's asks an account for access for a while. Nobody here is such a partner.

Law: a request is made by a partner that AWS took on, from a policy template that AWS keeps; neither exists here. So
none can be made, and there is none: every other operation answers as AWS does about a request that does not exist.
Source: IAM API reference, CreateDelegationRequest ("not available for general use") and its siblings; the sentences are
ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from locum.aws.faults import Refusal
from locum.call import Asked, Call, Result, operation
from locum.iam.listing import page_of
from locum.store.tx import Tx

KIND = "delegation-request"


class PolicyParameter(msgspec.Struct, frozen=True, rename="pascal"):
    """A value for a parameter of a policy template."""

    name: str | None = None
    values: tuple[str, ...] = ()
    type: str | None = None


class DelegationPermission(msgspec.Struct, frozen=True, rename="pascal"):
    """The permissions that a request asks for: a template and what to fill it with."""

    policy_template_arn: str | None = None
    parameters: tuple[PolicyParameter, ...] = ()


def _asks_of_request(call: Call, tx: Tx) -> Sequence[Asked]:
    """The action on the request that is named, whether or not there is one."""
    arn = call.arn(f"{KIND}/{call.inputs['DelegationRequestId']}")
    return [Asked(action=call.operation.name, arn=arn, account=call.account)]


def _asks_of_entity(call: Call, tx: Tx) -> Sequence[Asked]:
    return [Asked(action=call.operation.name, arn=call.inputs["EntityArn"], account=call.account)]


def _asks_to_create(call: Call, tx: Tx) -> Sequence[Asked]:
    inputs = call.inputs
    context: dict[str, str | tuple[str, ...]] = {
        "iam:DelegationDuration": str(inputs["SessionDuration"]),
        "iam:NotificationChannel": inputs["NotificationChannel"],
    }
    if template := inputs["Permissions"].get("PolicyTemplateArn"):
        context["iam:TemplateArn"] = template
    return [Asked(action=call.operation.name, arn=call.arn(f"{KIND}/"), account=call.account, context=context)]


def _asks_to_list(call: Call, tx: Tx) -> Sequence[Asked]:
    owner = call.inputs.get("OwnerId")
    context: dict[str, str | tuple[str, ...]] = {} if owner is None else {"iam:DelegationRequestOwner": owner}
    return [Asked(action=call.operation.name, arn="*", account=call.account, context=context)]


@operation("iam:CreateDelegationRequest", writes=True, asks=_asks_to_create)
def create_delegation_request(
    call: Call,
    tx: Tx,
    *,
    description: str,
    permissions: DelegationPermission,
    requestor_workflow_id: str,
    notification_channel: str,
    session_duration: int,
    owner_account_id: str | None = None,
    request_message: str | None = None,
    redirect_url: str | None = None,
    only_send_by_owner: bool = False,
) -> Result:
    """Refuses: the caller's account is no partner that AWS took on."""
    raise Refusal("InvalidInput", f"The account {call.account} is not registered as a partner for temporary delegation")


@operation("iam:GetDelegationRequest", asks=_asks_of_request)
def get_delegation_request(
    call: Call, tx: Tx, *, delegation_request_id: str, delegation_permission_check: bool = False
) -> Result:
    """Refuses: there is no such request."""
    _missing(delegation_request_id)


@operation("iam:ListDelegationRequests", asks=_asks_to_list)
def list_delegation_requests(
    call: Call, tx: Tx, *, owner_id: str | None = None, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists none. AWS spells the one member with a small letter."""
    none: tuple[str, ...] = ()
    page = page_of(none, key=str, listing=f"{call.operation.name} {owner_id}", marker=marker, limit=max_items)
    answer: dict[str, Any] = {"DelegationRequests": list(page.items), "isTruncated": False}
    return answer


@operation("iam:GetHumanReadableSummary", asks=_asks_of_entity)
def get_human_readable_summary(call: Call, tx: Tx, *, entity_arn: str, locale: str | None = None) -> Result:
    """Refuses: what is no delegation request cannot be summarized, and of those there is none."""
    kind, _, id = entity_arn.rpartition(":")[2].partition("/")
    if kind != KIND or not id:
        raise Refusal("InvalidInput", f"`{entity_arn}` is not the ARN of a delegation request", arn=entity_arn)
    _missing(id)


@operation("iam:AssociateDelegationRequest", writes=True, asks=_asks_of_request)
def associate_delegation_request(call: Call, tx: Tx, *, delegation_request_id: str) -> Result:
    """Refuses: there is no such request."""
    _missing(delegation_request_id)


@operation("iam:AcceptDelegationRequest", writes=True, asks=_asks_of_request)
def accept_delegation_request(call: Call, tx: Tx, *, delegation_request_id: str) -> Result:
    """Refuses: there is no such request."""
    _missing(delegation_request_id)


@operation("iam:RejectDelegationRequest", writes=True, asks=_asks_of_request)
def reject_delegation_request(call: Call, tx: Tx, *, delegation_request_id: str, notes: str | None = None) -> Result:
    """Refuses: there is no such request."""
    _missing(delegation_request_id)


@operation("iam:UpdateDelegationRequest", writes=True, asks=_asks_of_request)
def update_delegation_request(call: Call, tx: Tx, *, delegation_request_id: str, notes: str | None = None) -> Result:
    """Refuses: there is no such request."""
    _missing(delegation_request_id)


@operation("iam:SendDelegationToken", writes=True, asks=_asks_of_request)
def send_delegation_token(call: Call, tx: Tx, *, delegation_request_id: str) -> Result:
    """Refuses: there is no such request."""
    _missing(delegation_request_id)


def _missing(id: str) -> NoReturn:
    raise Refusal("NoSuchEntity", f"The delegation request with id {id} cannot be found.", id=id)
