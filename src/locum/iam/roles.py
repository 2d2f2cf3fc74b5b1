"""Roles: seven operations.

Law: the trust policy is the only thing that says who may become a role; it is checked when it comes in, stored by
unique ids and shown by ARNs (semantics 2.2). What a role may do is somebody else's file. Durations are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.federation.shared_issuers import open_to_everybody
from locum.iam.boundaries import set_boundary, shown_boundary
from locum.iam.documents import encoded
from locum.iam.entities import Role
from locum.iam.inline import InlinePolicy
from locum.iam.listing import answered
from locum.iam.names import arn_of, require_path
from locum.iam.protected import SERVICE_LINKED, require_modifiable
from locum.iam.quotas import require_room, require_size
from locum.iam.tag_rules import require_tags
from locum.iam.trust_principals import displayed, stored
from locum.policy import PolicyKind, parse
from locum.store.entity import Relation
from locum.store.tx import Tx


def shown_role(call: Call, tx: Tx, role: Role) -> dict[str, Any]:
    """A role as it is shown inside an instance profile: what every answer has (wire.md 5.2)."""
    return _named(call, role) | {"AssumeRolePolicyDocument": encoded(displayed(tx, role.trust, call.place.partition))}


@operation("iam:CreateRole", writes=True)
def create_role(
    call: Call,
    tx: Tx,
    *,
    role_name: str,
    assume_role_policy_document: str,
    path: str = "/",
    description: str | None = None,
    max_session_duration: int = 3600,
    permissions_boundary: str | None = None,
    tags: Tags = (),
) -> Result:
    """Creates a role without permissions. The answer echoes the trust policy as it was given."""
    if require_path(path).startswith(SERVICE_LINKED):
        raise Refusal("InvalidInput", f"`{SERVICE_LINKED}` is the path of service-linked roles", path=path)
    require_room(call, "RolesPerAccount", tx.count(Role, call.account))
    role = tx.add(
        Role(
            id=call.new_id(ids.ROLE),
            account=call.account,
            name=role_name,
            path=path,
            created=call.now,
            trust=_trust(call, tx, assume_role_policy_document),
            description=description,
            max_session_duration=max_session_duration,
            tags=require_tags(call, tags),
        )
    )
    if permissions_boundary is not None:
        set_boundary(call, tx, role, permissions_boundary)
    answer = _named(call, role) | {"AssumeRolePolicyDocument": encoded(assume_role_policy_document)}
    return {"Role": answer | _described(role) | _bounded(call, tx, role) | _tagged(role)}


@operation("iam:GetRole")
def get_role(call: Call, tx: Tx, *, role_name: str) -> Result:
    """Answers with a role and its last use."""
    role = tx.get(Role, call.account, role_name)
    used = {"RoleLastUsed": last_used(call, role)}
    return {"Role": _listed(call, tx, role) | _bounded(call, tx, role) | _tagged(role) | used}


def last_used(call: Call, role: Role) -> dict[str, Any]:
    """When and where a role was last used; empty for one that never was."""
    use = call.activity.last_used(role.id)
    return {} if use is None else {"LastUsedDate": use.at, "Region": use.region}


@operation("iam:ListRoles")
def list_roles(
    call: Call, tx: Tx, *, path_prefix: str = "/", marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the account's roles under a path prefix, without boundary, tags and last use."""
    page = tx.page(
        Role,
        call.account,
        path_prefix=path_prefix,
        marker=marker,
        limit=max_items,
        listing=f"iam:ListRoles {path_prefix}",
    )
    return answered("Roles", [_listed(call, tx, role) for role in page.items], page.marker)


@operation("iam:UpdateRole", writes=True)
def update_role(
    call: Call, tx: Tx, *, role_name: str, description: str | None = None, max_session_duration: int | None = None
) -> Result:
    """Changes what is given and leaves the rest; sessions that run keep their end.

    The reference says that an absent duration becomes one hour; AWS itself leaves it as it is.
    """
    role = require_modifiable(tx.get(Role, call.account, role_name))
    tx.put(
        msgspec.structs.replace(
            role,
            description=role.description if description is None else description,
            max_session_duration=role.max_session_duration if max_session_duration is None else max_session_duration,
        )
    )
    return {}


@operation("iam:UpdateRoleDescription", writes=True)
def update_role_description(call: Call, tx: Tx, *, role_name: str, description: str) -> Result:
    """Changes the description alone; a service-linked role's too (wire.md 9)."""
    role = tx.put(msgspec.structs.replace(tx.get(Role, call.account, role_name), description=description))
    return {"Role": _listed(call, tx, role)}


@operation("iam:UpdateAssumeRolePolicy", writes=True)
def update_assume_role_policy(call: Call, tx: Tx, *, role_name: str, policy_document: str) -> Result:
    """Replaces the trust policy."""
    role = require_modifiable(tx.get(Role, call.account, role_name))
    tx.put(msgspec.structs.replace(role, trust=_trust(call, tx, policy_document)))
    return None


# What must be gone before a role can be deleted, in the order in which it is asked for: that of the list in the API
# reference of DeleteRole.
_IN_THE_WAY: tuple[tuple[Callable[[Tx, Role], object], str], ...] = (
    (lambda tx, role: tx.owned(InlinePolicy, role.id), "must delete policies first."),
    (lambda tx, role: tx.targets(Relation.ATTACHMENT, role.id), "must detach all policies first."),
    (
        lambda tx, role: tx.sources(Relation.PROFILE_ROLE, role.account, role.id),
        "must remove roles from instance profile first.",
    ),
)


@operation("iam:DeleteRole", writes=True)
def delete_role(call: Call, tx: Tx, *, role_name: str) -> Result:
    """Deletes a role that has neither policies nor instance profile; its boundary and its sessions end with it."""
    role = require_modifiable(tx.get(Role, call.account, role_name))
    for present, sentence in _IN_THE_WAY:
        if present(tx, role):
            raise Refusal("DeleteConflict", f"Cannot delete entity, {sentence}", role=role.name)
    tx.remove(role)
    return None


def _trust(call: Call, tx: Tx, document: str) -> str:
    """A trust policy that came in, checked, as it is stored."""
    parse(document, PolicyKind.TRUST)
    if sentence := open_to_everybody(document):
        raise Refusal("MalformedPolicyDocument", sentence)
    require_size(call, "ACLSizePerRole", document)
    return stored(tx, document, call.place.partition)


def _named(call: Call, role: Role) -> dict[str, Any]:
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": arn_of(role, call.place.partition),
        "CreateDate": role.created,
    }


def _listed(call: Call, tx: Tx, role: Role) -> dict[str, Any]:
    return shown_role(call, tx, role) | _described(role) | {"MaxSessionDuration": role.max_session_duration}


def _described(role: Role) -> dict[str, Any]:
    """A description may be empty and is sent then; one that was never given is not (wire.md 5.3)."""
    return {} if role.description is None else {"Description": role.description}


def _bounded(call: Call, tx: Tx, role: Role) -> dict[str, Any]:
    boundary = shown_boundary(call, tx, role)
    return {} if boundary is None else {"PermissionsBoundary": boundary}


def _tagged(role: Role) -> dict[str, Any]:
    return {"Tags": shown(role.tags)} if role.tags else {}
