"""Service-linked roles: made in the name of a service, deleted by a task.

Law: name, path, trust and policy are AWS's (`aws/service_linked_roles.py`) and nobody changes them (`protected.py`). No
service is here that could still use one, so every deletion succeeds, and it is done when it is accepted, as every
change here. Source: IAM API reference, CreateServiceLinkedRole, DeleteServiceLinkedRole; sentences as recorded from AWS
or reported in public issue threads.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from locum.aws import ids, managed_policies
from locum.aws.faults import Refusal
from locum.aws.service_linked_roles import PATH, ServiceLinkedRole, services
from locum.call import Asked, Call, Result, operation
from locum.iam.entities import Role
from locum.iam.names import arn_of
from locum.iam.quotas import require_room
from locum.iam.roles import shown_role
from locum.store.entity import Entity, Relation
from locum.store.tx import Tx

UNKNOWN = "Cannot find Service Linked Role template for {service}"
NO_SUFFIX = "Custom suffix is not allowed for {service}"
TAKEN = "Service role name {role} has been taken in this account, please try a different suffix."

_TASK = re.compile(r"task(/aws-service-role/[^/]+/[^/]+)/[0-9a-f-]{36}", re.ASCII)


class RoleDeletion(Entity, frozen=True, kw_only=True):
    """The deletion of a service-linked role; `id` and `name` are its DeletionTaskId."""

    kind: ClassVar[str] = "role-deletion"
    missing: ClassVar[str] = "The deletion task id {name} cannot be found."
    exists: ClassVar[str] = "The deletion task id {name} exists already."
    decides: ClassVar[bool] = False

    status: str
    role_arn: str
    reason: str = ""


def _asks_to_create(call: Call, tx: Tx) -> Sequence[Asked]:
    """The role that is to be; of a service that has none, everything below its path."""
    service = call.inputs["AWSServiceName"]
    known = services().get(service)
    name = known.named(call.inputs.get("CustomSuffix")) if known is not None else ""
    return [
        Asked(
            action="iam:CreateServiceLinkedRole",
            arn=call.arn(f"role{PATH}{service}/{name}"),
            account=call.account,
            context={"iam:AWSServiceName": service},
        )
    ]


@operation(
    "iam:CreateServiceLinkedRole",
    writes=True,
    asks=_asks_to_create,
    members={"aws_service_name": "AWSServiceName"},
)
def create_service_linked_role(
    call: Call, tx: Tx, *, aws_service_name: str, description: str | None = None, custom_suffix: str | None = None
) -> Result:
    """Makes the role of a service, with the policy that belongs to it."""
    known = services().get(aws_service_name)
    if known is None or managed_policies.find(known.policy_arn(call.place.partition)) is None:  # lex v1 has ended
        raise Refusal("InvalidInput", UNKNOWN.format(service=aws_service_name), service=aws_service_name)
    if custom_suffix is not None and not known.custom_suffix_allowed:
        raise Refusal("InvalidInput", NO_SUFFIX.format(service=aws_service_name), service=aws_service_name)
    role = linked(call, tx, call.account, known, suffix=custom_suffix, description=description)
    described = {} if description is None else {"Description": description}
    return {"Role": shown_role(call, tx, role) | described}


def linked(
    call: Call,
    tx: Tx,
    account: str,
    known: ServiceLinkedRole,
    *,
    suffix: str | None = None,
    description: str | None = None,
) -> Role:
    """The new role of a service in an account. Raises InvalidInput when its name is taken, and LimitExceeded."""
    name = known.named(suffix)
    if tx.find(Role, account, name) is not None:
        raise Refusal("InvalidInput", TAKEN.format(role=name), role=name)
    require_room(call, "RolesPerAccount", tx.count(Role, account))
    role = tx.add(
        Role(
            id=call.new_id(ids.ROLE),
            account=account,
            name=name,
            path=known.path,
            created=call.now,
            trust=known.trust,
            description=description,
        )
    )
    tx.link(Relation.ATTACHMENT, account, role.id, known.policy_arn(call.place.partition))
    return role


@operation("iam:DeleteServiceLinkedRole", writes=True)
def delete_service_linked_role(call: Call, tx: Tx, *, role_name: str) -> Result:
    """Deletes the role with the policy that is attached to it, and answers with the task that did it."""
    role = tx.get(Role, call.account, role_name)
    if not role.path.startswith(PATH):
        raise Refusal("InvalidInput", f"`{role_name}` is not a service-linked role", role=role_name)
    task_id = f"task{role.path}{role.name}/{uuid.UUID(bytes=call.mint.octets(16), version=4)}"
    tx.remove(role)
    tx.add(
        RoleDeletion(
            id=task_id,
            account=call.account,
            name=task_id,
            created=call.now,
            status="SUCCEEDED",
            role_arn=arn_of(role, call.place.partition),
        )
    )
    return {"DeletionTaskId": task_id}


def _asks_of_task(call: Call, tx: Tx) -> Sequence[Asked]:
    """The role that the task was for, whether or not there is such a task."""
    found = _TASK.fullmatch(call.inputs["DeletionTaskId"])
    arn = call.arn(f"role{found.group(1)}") if found else call.arn(f"role{PATH}")
    return [Asked(action="iam:GetServiceLinkedRoleDeletionStatus", arn=arn, account=call.account)]


@operation("iam:GetServiceLinkedRoleDeletionStatus", asks=_asks_of_task)
def get_service_linked_role_deletion_status(call: Call, tx: Tx, *, deletion_task_id: str) -> Result:
    """How far a deletion is; of one that failed, why."""
    task = tx.get(RoleDeletion, call.account, deletion_task_id)
    answer: dict[str, Any] = {"Status": task.status}
    if task.reason:
        answer["Reason"] = {"Reason": task.reason}
    return answer
