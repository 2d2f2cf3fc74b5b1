"""The role that a call of STS names."""

from __future__ import annotations

from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.call import Call
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
