"""What an IAM call asks permission for: the action, the resource's ARN, its tags and the condition keys of the action.

Law: read from the inputs and from what is stored, never from a header (rule P9). An operation that differs says so
itself (`asks=`). An entity that does not exist is asked about under the ARN its name would give, so that a denial says
nothing about what exists. Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS
Identity and Access Management"; who may be meant without a name: IAM API reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from locum.aws.actions import action as facts_of
from locum.aws.arn import Arn, ArnError
from locum.call import Asked, Call
from locum.iam.access_keys import AccessKey
from locum.iam.entities import Group, InstanceProfile, Role, User
from locum.iam.mfa_devices import MFADevice
from locum.iam.names import arn_of
from locum.iam.policies import ManagedPolicy
from locum.store.entity import Entity, Relation
from locum.store.tx import Tx


class Named(msgspec.Struct, frozen=True):
    """A resource type whose entities are named by an input;
    `creates` is the action whose resource does not exist yet."""

    kind: type[Entity]
    member: str
    creates: str


# Resource type of the Service Authorization Reference -> how the inputs name it.
NAMED: Mapping[str, Named] = {
    "user": Named(User, "UserName", "iam:CreateUser"),
    "group": Named(Group, "GroupName", "iam:CreateGroup"),
    "role": Named(Role, "RoleName", "iam:CreateRole"),
    "instance-profile": Named(InstanceProfile, "InstanceProfileName", "iam:CreateInstanceProfile"),
}
# Inputs that carry the resource's ARN themselves.
BY_ARN = ("PolicyArn", "SerialNumber", "Arn", "PolicySourceArn", "OpenIDConnectProviderArn", "SAMLProviderArn")

# Lists without a resource type are asked about under the path they list ("… on resource: arn:aws:iam::…:user/", as
# reported in public issue threads); `*` in a policy covers them as ever.
LISTED = {
    "iam:ListUsers": "user",
    "iam:ListGroups": "group",
    "iam:ListRoles": "role",
    "iam:ListInstanceProfiles": "instance-profile",
    "iam:ListVirtualMFADevices": "mfa",
}
# Operations that move an entity to a new name or path need the permission on both ("you must have appropriate
# permissions on both the source object and the target object", IAM User Guide, renaming users and groups).
RENAMED = {"iam:UpdateUser": ("NewUserName", "NewPath"), "iam:UpdateGroup": ("NewGroupName", "NewPath")}

# Operations that hand a role on: input with the role's name, and the service it is handed to (iam:PassRole).
PASSES = {"iam:AddRoleToInstanceProfile": ("RoleName", "ec2.amazonaws.com")}


def asked(call: Call, tx: Tx) -> Sequence[Asked]:
    """Everything that this call needs permission for; all of it must be allowed."""
    operation = call.operation
    if operation.asks is not None:
        return operation.asks(call, tx)
    arn, entity = _target(call, tx)
    context: dict[str, str | tuple[str, ...]] = {**_request_tags(call.inputs), **_iam_keys(call, tx, entity)}
    tags = {tag.key: tag.value for tag in getattr(entity, "tags", ())}
    account = entity.account if entity is not None else call.account
    first = Asked(action=operation.name, arn=arn, account=account, tags=tags, context=context)
    return (first, *_renamed(call, entity, first), *_passed(call, tx))


def _target(call: Call, tx: Tx) -> tuple[str, Entity | None]:
    """The ARN of the resource, and the entity if it exists."""
    name = call.operation.name
    inputs = call.inputs
    if name in LISTED:
        return call.arn(LISTED[name] + inputs.get("PathPrefix", "/")), None
    if name == "iam:GetAccessKeyLastUsed":
        return _owner_of_key(call, tx, inputs["AccessKeyId"])
    types = {resource.name for resource in facts_of(call.operation.service, call.operation.action).resources}
    for resource, named in NAMED.items():
        if resource in types and (named.member in inputs or resource == "user"):
            return _named(call, tx, resource, named)
    if name == "iam:CreatePolicy":
        return call.arn("policy" + inputs.get("Path", "/") + inputs["PolicyName"]), None
    if name == "iam:CreateVirtualMFADevice":
        return call.arn("mfa" + inputs.get("Path", "/") + inputs["VirtualMFADeviceName"]), None
    for member in BY_ARN:
        if member in inputs and types:
            return _by_arn(tx, inputs[member])
    return "*", None


def _named(call: Call, tx: Tx, resource: str, named: Named) -> tuple[str, Entity | None]:
    name = call.inputs.get(named.member)
    if name is None:
        return _caller(call, tx)
    if call.operation.name == named.creates:
        return call.arn(resource + call.inputs.get("Path", "/") + name), None
    entity = tx.find(named.kind, call.account, name)
    if entity is None:
        return call.arn(f"{resource}/{name}"), None
    return arn_of(entity, call.place.partition), entity


def _caller(call: Call, tx: Tx) -> tuple[str, Entity | None]:
    """The user who calls, where no name was given; whoever is no user is asked about as what they are."""
    if call.caller.kind != "user":
        return call.caller.entity_arn or call.caller.arn, None
    return call.caller.entity_arn, tx.find_id(User, call.caller.entity_id)


def _owner_of_key(call: Call, tx: Tx, access_key_id: str) -> tuple[str, Entity | None]:
    """The user whose key it is, if it is one of this account."""
    key = tx.find_id(AccessKey, access_key_id)
    user = tx.find_id(User, key.owner) if key is not None else None
    if user is None or user.account != call.account:
        return "*", None
    return arn_of(user, call.place.partition), user


def _by_arn(tx: Tx, text: str) -> tuple[str, Entity | None]:
    """The ARN as given, and the entity behind it if it is stored here."""
    try:
        arn = Arn.parse(text)
    except ArnError:
        return text, None
    kind, _, rest = arn.resource.partition("/")
    if kind == "policy":
        policy = tx.find(ManagedPolicy, arn.account, rest.rpartition("/")[2])
        return text, policy if policy is not None and arn_of(policy, arn.partition) == text else None
    if kind == "mfa":
        return text, tx.find(MFADevice, arn.account, rest)
    if kind in NAMED:
        entity = tx.find(NAMED[kind].kind, arn.account, rest.rpartition("/")[2])
        return text, entity if entity is not None and arn_of(entity, arn.partition) == text else None
    return text, None


def _request_tags(inputs: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """aws:RequestTag/K and aws:TagKeys. For a key sent twice the last value counts (wire 3); the call fails later."""
    context: dict[str, str | tuple[str, ...]] = {}
    if tags := inputs.get("Tags"):
        context.update({f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags})
        context["aws:TagKeys"] = tuple(dict.fromkeys(tag["Key"] for tag in tags))
    elif keys := inputs.get("TagKeys"):
        context["aws:TagKeys"] = tuple(dict.fromkeys(keys))
    return context


def _iam_keys(call: Call, tx: Tx, entity: Entity | None) -> dict[str, str]:
    """iam:PolicyARN, iam:PermissionsBoundary, iam:AWSServiceName, as far as the action has them."""
    keys = facts_of(call.operation.service, call.operation.action).condition_keys
    context = {}
    if "iam:PolicyARN" in keys and "PolicyArn" in call.inputs:
        context["iam:PolicyARN"] = call.inputs["PolicyArn"]
    if "iam:AWSServiceName" in keys and "AWSServiceName" in call.inputs:
        context["iam:AWSServiceName"] = call.inputs["AWSServiceName"]
    if "iam:PermissionsBoundary" in keys:
        boundary = call.inputs.get("PermissionsBoundary") or _boundary_arn(call, tx, entity)
        if boundary:
            context["iam:PermissionsBoundary"] = boundary
    return context


def _boundary_arn(call: Call, tx: Tx, entity: Entity | None) -> str | None:
    """The boundary that the entity has now."""
    if entity is None:
        return None
    for target in tx.targets(Relation.BOUNDARY, entity.id):
        policy = tx.find_id(ManagedPolicy, target)
        return arn_of(policy, call.place.partition) if policy is not None else target
    return None


def _renamed(call: Call, entity: Entity | None, first: Asked) -> tuple[Asked, ...]:
    if call.operation.name not in RENAMED or entity is None:
        return ()
    name_member, path_member = RENAMED[call.operation.name]
    name, path = call.inputs.get(name_member, entity.name), call.inputs.get(path_member, entity.path)
    target = call.arn(f"{entity.kind}{path}{name}")
    return () if target == first.arn else (msgspec.structs.replace(first, arn=target),)


def _passed(call: Call, tx: Tx) -> tuple[Asked, ...]:
    if call.operation.name not in PASSES:
        return ()
    member, service = PASSES[call.operation.name]
    role = tx.find(Role, call.account, call.inputs[member])
    if role is None:
        return ()
    return (
        Asked(
            action="iam:PassRole",
            arn=arn_of(role, call.place.partition),
            account=role.account,
            tags={tag.key: tag.value for tag in role.tags},
            context={"iam:PassedToService": service},
        ),
    )
