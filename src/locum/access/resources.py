"""What an IAM call asks permission for: the action, the resource's ARN, its tags and the condition keys of the action.

Law: read from the inputs and from what is stored, never from a header (rule P9). An operation that differs says so
itself (`asks=`). An entity that does not exist is asked about under the ARN its name would give, so that a denial says
nothing about what exists. Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS
Identity and Access Management"; who may be meant without a name: IAM API reference.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import msgspec

from locum.aws.actions import action as facts_of
from locum.aws.arn import Arn, ArnError, account_id
from locum.call import Asked, Call
from locum.iam.access_keys import AccessKey
from locum.iam.entities import Group, InstanceProfile, Role, User
from locum.iam.mfa_devices import MFADevice
from locum.iam.names import arn_of
from locum.iam.oidc_providers import OIDCProvider
from locum.iam.policies import ManagedPolicy
from locum.iam.request_tags import request_tags
from locum.iam.saml_providers import SAMLProvider
from locum.iam.server_certificates import ServerCertificate
from locum.iam.service_specific_credentials import ServiceSpecificCredential
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
    "server-certificate": Named(ServerCertificate, "ServerCertificateName", "iam:UploadServerCertificate"),
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
    "iam:ListServerCertificates": "server-certificate",
    "iam:ListVirtualMFADevices": "mfa",
}
# Operations that move an entity to a new name or path need the permission on both ("you must have appropriate
# permissions on both the source object and the target object", IAM User Guide, renaming users and groups).
RENAMED = {
    "iam:UpdateUser": ("NewUserName", "NewPath"),
    "iam:UpdateGroup": ("NewGroupName", "NewPath"),
    "iam:UpdateServerCertificate": ("NewServerCertificateName", "NewPath"),
}

# Operations that tag what they make, and what that needs besides: else a tag could be had without the right to tag ("is
# not authorized to perform: iam:TagRole" is how AWS refuses a CreateRole, as reported in public issue threads).
TAGS = {
    "iam:CreateUser": "iam:TagUser",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "iam:CreateVirtualMFADevice": "iam:TagMFADevice",
    "iam:UploadServerCertificate": "iam:TagServerCertificate",
    "iam:CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "iam:CreateSAMLProvider": "iam:TagSAMLProvider",
}

# Operations that hand a role (`RoleName`) on, and the service it is handed to (iam:PassRole).
PASSES = {"iam:AddRoleToInstanceProfile": "ec2.amazonaws.com"}


def asked(call: Call, tx: Tx) -> Sequence[Asked]:
    """Everything that this call needs permission for; all of it must be allowed."""
    operation = call.operation
    if operation.asks is not None:
        return operation.asks(call, tx)
    arn, entity = _target(call, tx)
    context: dict[str, str | tuple[str, ...]] = {**request_tags(call.inputs), **_iam_keys(call, tx, entity)}
    tags = {tag.key: tag.value for tag in getattr(entity, "tags", ())}
    first = Asked(action=operation.name, arn=arn, account=_account(call, arn), tags=tags, context=context)
    return (first, *_tagged(call, first), *_renamed(call, entity, first), *_passed(call, tx))


def _target(call: Call, tx: Tx) -> tuple[str, Entity | None]:
    """The ARN of the resource, and the entity if it exists."""
    name = call.operation.name
    inputs = call.inputs
    if name in LISTED:
        return call.arn(LISTED[name] + inputs.get("PathPrefix", "/")), None
    if name == "iam:GetAccessKeyLastUsed":
        return _owner_of_key(call, tx, inputs["AccessKeyId"])
    types = _types(call.operation.service, call.operation.action)
    for resource, named in NAMED.items():
        if resource in types and named.member in inputs:
            return _named(call, tx, resource, named)
    if types == {"user"}:  # where other types are possible, silence does not mean the caller
        return _caller(call, tx)
    if name == "iam:CreatePolicy":
        return call.arn("policy" + inputs.get("Path", "/") + inputs["PolicyName"]), None
    if name == "iam:CreateOpenIDConnectProvider":
        return call.arn("oidc-provider/" + inputs["Url"].partition("://")[2]), None
    if name == "iam:CreateSAMLProvider":
        return call.arn("saml-provider/" + inputs["Name"]), None
    if name == "iam:CreateVirtualMFADevice":
        return call.arn("mfa" + inputs.get("Path", "/") + inputs["VirtualMFADeviceName"]), None
    if name == "iam:GenerateOrganizationsAccessReport":
        return call.arn("access-report/" + inputs["EntityPath"]), None
    for member in BY_ARN:
        if member in inputs and types:
            return _by_arn(call, tx, inputs[member])
    return "*", None


@functools.cache
def _types(service: str, action: str) -> frozenset[str]:
    """The names of the resource types that an action of AWS's is about."""
    return frozenset(resource.name for resource in facts_of(service, action).resources)


def _account(call: Call, arn: str) -> str:
    """Whose the resource is, by its ARN alone: whether it exists there says nothing to another account. AWS's own
    policies have no such account and are everybody's."""
    try:
        return account_id(Arn.parse(arn).account)
    except ValueError:
        return call.account


def _named(call: Call, tx: Tx, resource: str, named: Named) -> tuple[str, Entity | None]:
    name = call.inputs[named.member]
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
    """The user whose key it is, root included, if it is one of this account."""
    key = tx.find_id(AccessKey, access_key_id)
    if key is not None and key.owner == key.account == call.account:
        return call.arn("root"), None
    user = tx.find_id(User, key.owner) if key is not None else None
    if user is None or user.account != call.account:
        return "*", None
    return arn_of(user, call.place.partition), user


def _by_arn(call: Call, tx: Tx, text: str) -> tuple[str, Entity | None]:
    """The ARN as given, and the entity of the caller's account behind it, if there is one."""
    try:
        arn = Arn.parse(text)
    except ArnError:
        return text, None
    if arn.account != call.account:
        return text, None
    kind, _, rest = arn.resource.partition("/")
    if kind == "policy":
        policy = tx.find(ManagedPolicy, arn.account, rest.rpartition("/")[2])
        return text, policy if policy is not None and arn_of(policy, arn.partition) == text else None
    if kind == "mfa":
        return text, tx.find(MFADevice, arn.account, rest)
    if kind == "oidc-provider":
        return text, tx.find(OIDCProvider, arn.account, rest)
    if kind == "saml-provider":
        return text, tx.find(SAMLProvider, arn.account, rest)
    if kind in NAMED:
        entity = tx.find(NAMED[kind].kind, arn.account, rest.rpartition("/")[2])
        return text, entity if entity is not None and arn_of(entity, arn.partition) == text else None
    return text, None


def _iam_keys(call: Call, tx: Tx, entity: Entity | None) -> dict[str, str]:
    """iam:PolicyARN, iam:PermissionsBoundary, iam:AWSServiceName, as far as the action has them."""
    keys = facts_of(call.operation.service, call.operation.action).condition_keys
    context = {}
    if "iam:PolicyARN" in keys and "PolicyArn" in call.inputs:
        context["iam:PolicyARN"] = call.inputs["PolicyArn"]
    if "iam:OrganizationsPolicyId" in keys and "OrganizationsPolicyId" in call.inputs:
        context["iam:OrganizationsPolicyId"] = call.inputs["OrganizationsPolicyId"]
    if "iam:AWSServiceName" in keys and "AWSServiceName" in call.inputs:
        context["iam:AWSServiceName"] = call.inputs["AWSServiceName"]
    if "iam:ServiceSpecificCredentialServiceName" in keys and (service := _service(call, tx)):
        context["iam:ServiceSpecificCredentialServiceName"] = service
    if "iam:ServiceSpecificCredentialAgeDays" in keys and "CredentialAgeDays" in call.inputs:
        context["iam:ServiceSpecificCredentialAgeDays"] = str(call.inputs["CredentialAgeDays"])
    if "iam:PermissionsBoundary" in keys:
        boundary = call.inputs.get("PermissionsBoundary") or _boundary_arn(call, tx, entity)
        if boundary:
            context["iam:PermissionsBoundary"] = boundary
    return context


def _service(call: Call, tx: Tx) -> str:
    """The service that a credential is for, or is to be for."""
    if "ServiceName" in call.inputs:
        return str(call.inputs["ServiceName"])
    kept = tx.find_id(ServiceSpecificCredential, call.inputs.get("ServiceSpecificCredentialId", ""))
    return kept.service if kept is not None and kept.account == call.account else ""


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


def _tagged(call: Call, first: Asked) -> tuple[Asked, ...]:
    """The right to tag, when what is made gets tags at once."""
    if call.operation.name not in TAGS or not call.inputs.get("Tags"):
        return ()
    return (msgspec.structs.replace(first, action=TAGS[call.operation.name]),)


def _passed(call: Call, tx: Tx) -> tuple[Asked, ...]:
    """The right to hand the role on, asked about a role that does not exist as about any other."""
    if call.operation.name not in PASSES:
        return ()
    service = PASSES[call.operation.name]
    arn, role = _named(call, tx, "role", NAMED["role"])
    tags = {tag.key: tag.value for tag in role.tags} if isinstance(role, Role) else {}
    context = {"iam:PassedToService": service}
    return (Asked(action="iam:PassRole", arn=arn, account=call.account, tags=tags, context=context),)
