"""Instance profiles: what hands a role to a machine. Seven operations.

Law: a profile holds one role at most; that number cannot be raised. It can only be deleted when it holds none.
"""

from __future__ import annotations

from typing import Any

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam.entities import InstanceProfile, Role
from locum.iam.listing import answered, page_of
from locum.iam.names import arn_of, require_path
from locum.iam.protected import require_modifiable
from locum.iam.quotas import require_room
from locum.iam.roles import shown_role
from locum.iam.tag_rules import require_tags
from locum.store.entity import Relation
from locum.store.tx import Tx


@operation("iam:CreateInstanceProfile", writes=True)
def create_instance_profile(
    call: Call, tx: Tx, *, instance_profile_name: str, path: str = "/", tags: Tags = ()
) -> Result:
    """Creates an instance profile without a role."""
    require_room(call, "InstanceProfilesPerAccount", tx.count(InstanceProfile, call.account))
    profile = tx.add(
        InstanceProfile(
            id=call.new_id(ids.INSTANCE_PROFILE),
            account=call.account,
            name=instance_profile_name,
            path=require_path(path),
            created=call.now,
            tags=require_tags(call, tags),
        )
    )
    return {"InstanceProfile": _whole(call, tx, profile)}


@operation("iam:GetInstanceProfile")
def get_instance_profile(call: Call, tx: Tx, *, instance_profile_name: str) -> Result:
    """Answers with an instance profile and its role."""
    return {"InstanceProfile": _whole(call, tx, tx.get(InstanceProfile, call.account, instance_profile_name))}


@operation("iam:ListInstanceProfiles")
def list_instance_profiles(
    call: Call, tx: Tx, *, path_prefix: str = "/", marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the account's instance profiles under a path prefix, without tags."""
    page = tx.page(
        InstanceProfile,
        call.account,
        path_prefix=path_prefix,
        marker=marker,
        limit=max_items,
        listing=f"iam:ListInstanceProfiles {path_prefix}",
    )
    return answered("InstanceProfiles", [_listed(call, tx, profile) for profile in page.items], page.marker)


@operation("iam:ListInstanceProfilesForRole")
def list_instance_profiles_for_role(
    call: Call, tx: Tx, *, role_name: str, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the instance profiles that hold a role."""
    role = tx.get(Role, call.account, role_name)
    page = page_of(
        [tx.get_id(InstanceProfile, id) for id in tx.sources(Relation.PROFILE_ROLE, call.account, role.id)],
        key=lambda profile: profile.name.lower(),
        listing=f"iam:ListInstanceProfilesForRole {role.id}",
        marker=marker,
        limit=max_items,
    )
    return answered("InstanceProfiles", [_listed(call, tx, profile) for profile in page.items], page.marker)


@operation("iam:AddRoleToInstanceProfile", writes=True)
def add_role_to_instance_profile(call: Call, tx: Tx, *, instance_profile_name: str, role_name: str) -> Result:
    """Puts a role into a profile that holds none, the same role included."""
    profile = tx.get(InstanceProfile, call.account, instance_profile_name)
    role = require_modifiable(tx.get(Role, call.account, role_name))
    require_room(call, "InstanceSessionsPerInstanceProfile", len(tx.targets(Relation.PROFILE_ROLE, profile.id)))
    tx.link(Relation.PROFILE_ROLE, call.account, profile.id, role.id)
    return None


@operation("iam:RemoveRoleFromInstanceProfile", writes=True)
def remove_role_from_instance_profile(call: Call, tx: Tx, *, instance_profile_name: str, role_name: str) -> Result:
    """Takes a role out of a profile. Raises NoSuchEntity when it is not in it."""
    profile = tx.get(InstanceProfile, call.account, instance_profile_name)
    role = require_modifiable(tx.get(Role, call.account, role_name))
    if not tx.unlink(Relation.PROFILE_ROLE, call.account, profile.id, role.id):
        raise Refusal("NoSuchEntity", f"Role {role.name} in instance profile {profile.name} cannot be found.")
    return None


@operation("iam:DeleteInstanceProfile", writes=True)
def delete_instance_profile(call: Call, tx: Tx, *, instance_profile_name: str) -> Result:
    """Deletes a profile that holds no role."""
    profile = tx.get(InstanceProfile, call.account, instance_profile_name)
    if tx.targets(Relation.PROFILE_ROLE, profile.id):
        raise Refusal("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
    tx.remove(profile)
    return None


def _listed(call: Call, tx: Tx, profile: InstanceProfile) -> dict[str, Any]:
    roles = (tx.get_id(Role, id) for id in tx.targets(Relation.PROFILE_ROLE, profile.id))
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": arn_of(profile, call.place.partition),
        "CreateDate": profile.created,
        "Roles": [shown_role(call, tx, role) for role in roles],
    }


def profiles_of(call: Call, tx: Tx, role: Role) -> list[dict[str, Any]]:
    """The instance profiles that hold a role, as listings show them."""
    found = [tx.get_id(InstanceProfile, id) for id in tx.sources(Relation.PROFILE_ROLE, role.account, role.id)]
    return [_listed(call, tx, profile) for profile in found]


def _whole(call: Call, tx: Tx, profile: InstanceProfile) -> dict[str, Any]:
    answer = _listed(call, tx, profile)
    if profile.tags:
        answer["Tags"] = shown(profile.tags)
    return answer
