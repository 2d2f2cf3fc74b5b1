"""The role that a call of STS names: what assuming it asks for, and how whoever has become it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.call import Asked, Call
from locum.iam.entities import Role
from locum.iam.names import arn_of
from locum.store.tx import Tx

TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


def role_arn(call: Call) -> Arn:
    """The ARN that the call names a role by. Raises ValidationError for a text that is no ARN."""
    text = call.inputs["RoleArn"]
    try:
        return Arn.parse(text)
    except ArnError as error:
        raise Refusal("ValidationError", f"{text} is invalid") from error


def role_of(call: Call, tx: Tx) -> Role | None:
    """The role that the call names, if it exists. Raises ValidationError for a text that is no ARN."""
    arn = role_arn(call)
    if arn.service != "iam" or arn.partition != call.place.partition or not arn.resource.startswith("role/"):
        return None
    role = tx.find(Role, arn.account, arn.resource.rpartition("/")[2])
    return role if role is not None and arn_of(role, arn.partition) == call.inputs["RoleArn"] else None


def asked_of_role(
    call: Call, role: Role | None, actions: Iterable[str], context: Mapping[str, str | tuple[str, ...]]
) -> Sequence[Asked]:
    """These actions on the role that the call names. One that does not exist is asked about like any other."""
    return [
        Asked(
            action=action,
            arn=call.inputs["RoleArn"],
            account=role.account if role is not None else role_arn(call).account,
            tags={tag.key: tag.value for tag in role.tags} if role is not None else {},
            context=context,
            trust=role.trust if role is not None else None,
            absent=role is None,
        )
        for action in actions
    ]


def assumed_role_user(call: Call, role: Role, session_name: str) -> dict[str, str]:
    """AssumedRoleUser: the session's id and ARN."""
    return {
        "AssumedRoleId": f"{role.id}:{session_name}",
        "Arn": call.arn(f"assumed-role/{role.name}/{session_name}", service="sts", account=role.account),
    }
