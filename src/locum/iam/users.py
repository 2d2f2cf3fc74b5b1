"""Users: the five operations of the noun.

Law: a user is known by its unique id; its name and path may change, and everything that refers to it stays. It can only
be deleted when nothing belongs to it any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam.access_keys import AccessKey
from locum.iam.boundaries import set_boundary, shown_boundary
from locum.iam.entities import Account, User
from locum.iam.inline import InlinePolicy
from locum.iam.listing import answered
from locum.iam.login_profiles import find_profile, password_use
from locum.iam.mfa_devices import devices_of
from locum.iam.names import arn_of, require_path
from locum.iam.quotas import require_room
from locum.iam.service_specific_credentials import ServiceSpecificCredential
from locum.iam.signing_certificates import SigningCertificate
from locum.iam.ssh_public_keys import SSHPublicKey
from locum.iam.subject import Root, subject
from locum.iam.tag_rules import require_tags
from locum.store.entity import Relation
from locum.store.tx import Tx


def shown_user(call: Call, user: User) -> dict[str, Any]:
    """A user as listings show it: without tags and boundary (wire.md 5.2), with the last use of a password if any."""
    use = call.activity.last_used(password_use(user.id))
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": arn_of(user, call.place.partition),
        "CreateDate": user.created,
    } | ({"PasswordLastUsed": use.at} if use is not None else {})


@operation("iam:CreateUser", writes=True)
def create_user(
    call: Call,
    tx: Tx,
    *,
    user_name: str,
    path: str = "/",
    permissions_boundary: str | None = None,
    tags: Tags = (),
) -> Result:
    """Creates a user without credentials and without permissions."""
    require_room(call, "UsersPerAccount", tx.count(User, call.account))
    user = tx.add(
        User(
            id=call.new_id(ids.USER),
            account=call.account,
            name=user_name,
            path=require_path(path),
            created=call.now,
            tags=require_tags(call, tags),
        )
    )
    if permissions_boundary is not None:
        set_boundary(call, tx, user, permissions_boundary)
    return {"User": _whole(call, tx, user)}


@operation("iam:GetUser")
def get_user(call: Call, tx: Tx, *, user_name: str | None = None) -> Result:
    """Answers with a user, or with the caller when no name is given."""
    whom = subject(call, tx, user_name)
    if isinstance(whom, Root):
        account = tx.get_id(Account, whom.account)
        return {"User": {"UserId": whom.id, "Arn": call.arn("root"), "CreateDate": account.created}}
    return {"User": _whole(call, tx, whom)}


@operation("iam:ListUsers")
def list_users(
    call: Call, tx: Tx, *, path_prefix: str = "/", marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the account's users under a path prefix."""
    page = tx.page(
        User,
        call.account,
        path_prefix=path_prefix,
        marker=marker,
        limit=max_items,
        listing=f"iam:ListUsers {path_prefix}",
    )
    return answered("Users", [shown_user(call, user) for user in page.items], page.marker)


@operation("iam:UpdateUser", writes=True)
def update_user(
    call: Call, tx: Tx, *, user_name: str, new_path: str | None = None, new_user_name: str | None = None
) -> Result:
    """Renames a user or moves it to another path; its id, keys, policies and groups stay."""
    user = tx.get(User, call.account, user_name)
    tx.put(
        msgspec.structs.replace(
            user,
            name=user.name if new_user_name is None else new_user_name,
            path=user.path if new_path is None else require_path(new_path, "newPath"),
        )
    )
    return None


# What must be gone before a user can be deleted, in the order in which it is asked for: that of the list in the API
# reference of DeleteUser.
_IN_THE_WAY: tuple[tuple[Callable[[Tx, User], object], str], ...] = (
    (lambda tx, user: find_profile(tx, user), "must delete login profile first."),
    (lambda tx, user: tx.owned(AccessKey, user.id), "must delete access keys first."),
    (lambda tx, user: tx.owned(SigningCertificate, user.id), "must delete signing certificates first."),
    (lambda tx, user: tx.owned(SSHPublicKey, user.id), "must remove referenced objects first."),
    (lambda tx, user: tx.owned(ServiceSpecificCredential, user.id), "must remove referenced objects first."),
    (lambda tx, user: devices_of(tx, user), "must remove tokens from principal first."),
    (lambda tx, user: tx.owned(InlinePolicy, user.id), "must delete policies first."),
    (lambda tx, user: tx.targets(Relation.ATTACHMENT, user.id), "must detach all policies first."),
    (lambda tx, user: tx.targets(Relation.MEMBERSHIP, user.id), "must remove users from group first."),
)


@operation("iam:DeleteUser", writes=True)
def delete_user(call: Call, tx: Tx, *, user_name: str) -> Result:
    """Deletes a user to which nothing belongs any more; its boundary goes with it."""
    user = tx.get(User, call.account, user_name)
    for present, sentence in _IN_THE_WAY:
        if present(tx, user):
            raise Refusal("DeleteConflict", f"Cannot delete entity, {sentence}", user=user.name)
    tx.remove(user)
    return None


def _whole(call: Call, tx: Tx, user: User) -> dict[str, Any]:
    """A user as CreateUser and GetUser show it."""
    answer = shown_user(call, user)
    boundary = shown_boundary(call, tx, user)
    if boundary is not None:
        answer["PermissionsBoundary"] = boundary
    if user.tags:
        answer["Tags"] = shown(user.tags)
    return answer
