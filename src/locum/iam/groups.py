"""Groups and who is in them: eight operations.

Law: a group is never a principal; it only hands its policies to its members. It can only be deleted when it is empty
and no policy belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.entities import Group, User
from locum.iam.inline import InlinePolicy
from locum.iam.listing import answered, page_of
from locum.iam.names import arn_of, require_path
from locum.iam.quotas import require_room
from locum.iam.users import shown_user
from locum.store.entity import Relation
from locum.store.tx import Tx


def shown_group(call: Call, group: Group) -> dict[str, Any]:
    """A group as every answer shows it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": arn_of(group, call.place.partition),
        "CreateDate": group.created,
    }


@operation("iam:CreateGroup", writes=True)
def create_group(call: Call, tx: Tx, *, group_name: str, path: str = "/") -> Result:
    """Creates an empty group without policies."""
    require_room(call, "GroupsPerAccount", tx.count(Group, call.account))
    group = tx.add(
        Group(
            id=call.new_id(ids.GROUP),
            account=call.account,
            name=group_name,
            path=require_path(path),
            created=call.now,
        )
    )
    return {"Group": shown_group(call, group)}


@operation("iam:GetGroup")
def get_group(call: Call, tx: Tx, *, group_name: str, marker: str | None = None, max_items: int = 100) -> Result:
    """Answers with a group and a page of its members."""
    group = tx.get(Group, call.account, group_name)
    members = [tx.get_id(User, id) for id in tx.sources(Relation.MEMBERSHIP, call.account, group.id)]
    page = page_of(
        members,
        key=lambda user: user.name.lower(),
        listing=f"iam:GetGroup {group.id}",
        marker=marker,
        limit=max_items,
    )
    users = [shown_user(call, user) for user in page.items]
    return {"Group": shown_group(call, group)} | answered("Users", users, page.marker)


@operation("iam:ListGroups")
def list_groups(
    call: Call, tx: Tx, *, path_prefix: str = "/", marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the account's groups under a path prefix."""
    page = tx.page(
        Group,
        call.account,
        path_prefix=path_prefix,
        marker=marker,
        limit=max_items,
        listing=f"iam:ListGroups {path_prefix}",
    )
    return answered("Groups", [shown_group(call, group) for group in page.items], page.marker)


@operation("iam:UpdateGroup", writes=True)
def update_group(
    call: Call, tx: Tx, *, group_name: str, new_path: str | None = None, new_group_name: str | None = None
) -> Result:
    """Renames a group or moves it to another path; its id, members and policies stay."""
    group = tx.get(Group, call.account, group_name)
    tx.put(
        msgspec.structs.replace(
            group,
            name=group.name if new_group_name is None else new_group_name,
            path=group.path if new_path is None else require_path(new_path, "newPath"),
        )
    )
    return None


# What must be gone before a group can be deleted. The sentences are AWS's; their order is ours.
_IN_THE_WAY: tuple[tuple[Callable[[Tx, Group], object], str], ...] = (
    (lambda tx, group: tx.sources(Relation.MEMBERSHIP, group.account, group.id), "must remove users from group first."),
    (lambda tx, group: tx.owned(InlinePolicy, group.id), "must delete policies first."),
    (lambda tx, group: tx.targets(Relation.ATTACHMENT, group.id), "must detach all policies first."),
)


@operation("iam:DeleteGroup", writes=True)
def delete_group(call: Call, tx: Tx, *, group_name: str) -> Result:
    """Deletes a group that has neither members nor policies."""
    group = tx.get(Group, call.account, group_name)
    for present, sentence in _IN_THE_WAY:
        if present(tx, group):
            raise Refusal("DeleteConflict", f"Cannot delete entity, {sentence}", group=group.name)
    tx.remove(group)
    return None


@operation("iam:AddUserToGroup", writes=True)
def add_user_to_group(call: Call, tx: Tx, *, group_name: str, user_name: str) -> Result:
    """Makes a user a member; one that is a member already stays one."""
    group = tx.get(Group, call.account, group_name)
    user = tx.get(User, call.account, user_name)
    present = tx.targets(Relation.MEMBERSHIP, user.id)
    if group.id not in present:
        require_room(call, "GroupsPerUser", len(present))
        tx.link(Relation.MEMBERSHIP, call.account, user.id, group.id)
    return None


@operation("iam:RemoveUserFromGroup", writes=True)
def remove_user_from_group(call: Call, tx: Tx, *, group_name: str, user_name: str) -> Result:
    """Ends a membership. A user that is no member is no error (how AWS answers is unverified)."""
    group = tx.get(Group, call.account, group_name)
    user = tx.get(User, call.account, user_name)
    tx.unlink(Relation.MEMBERSHIP, call.account, user.id, group.id)
    return None


@operation("iam:ListGroupsForUser")
def list_groups_for_user(
    call: Call, tx: Tx, *, user_name: str, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the groups that a user is in."""
    user = tx.get(User, call.account, user_name)
    page = page_of(
        [tx.get_id(Group, id) for id in tx.targets(Relation.MEMBERSHIP, user.id)],
        key=lambda group: group.name.lower(),
        listing=f"iam:ListGroupsForUser {user.id}",
        marker=marker,
        limit=max_items,
    )
    return answered("Groups", [shown_group(call, group) for group in page.items], page.marker)
