"""The account and its identities: `Account`, `User`, `Group`, `Role`, and `InstanceProfile`, as they are stored.

Law: structs only, no operation. Everything that belongs to an identity (keys, devices, policies, boundaries) imports
them from here, and the operations of `users.py`, `groups.py`, `roles.py` import what belongs to them in turn, so no
cycle arises. The `kind` is AWS's own word in the ARN. Links between them:

* MEMBERSHIP: user id -> group id
* PROFILE_ROLE: instance profile id -> role id (one at most)
* BOUNDARY: user or role id -> customer managed policy id, or the ARN of an AWS managed policy (one at most)
* ATTACHMENT: user, group or role id -> customer managed policy id, or the ARN of an AWS managed policy
"""

from __future__ import annotations

from typing import ClassVar

from locum.aws.tag import Tags
from locum.store.entity import Entity


class Account(Entity, frozen=True, kw_only=True):
    """An account. `id`, `account` and `name` are its twelve digits; its root user is the account itself.

    `label` is what people call it; the alias, which is unique and public, is a noun of its own. `token_version` is what
    SetSecurityTokenServicePreferences was last given.
    """

    kind: ClassVar[str] = "account"
    missing: ClassVar[str] = "The account with id {name} cannot be found."
    exists: ClassVar[str] = "Account with id {name} already exists."

    label: str = ""
    token_version: int = 1


class User(Entity, frozen=True, kw_only=True):
    """A person or program with credentials of its own.

    Sessions that were issued under an older `session_epoch` are over.
    """

    kind: ClassVar[str] = "user"
    missing: ClassVar[str] = "The user with name {name} cannot be found."
    exists: ClassVar[str] = "User with name {name} already exists."

    tags: Tags = ()
    session_epoch: int = 0


class Group(Entity, frozen=True, kw_only=True):
    """A set of users that share policies. Never a principal."""

    kind: ClassVar[str] = "group"
    missing: ClassVar[str] = "The group with name {name} cannot be found."
    exists: ClassVar[str] = "Group with name {name} already exists."


class Role(Entity, frozen=True, kw_only=True):
    """An identity without credentials of its own: its trust policy says who may become it.

    `trust` is the trust policy as stored: unique ids stand in place of the ARNs of users and roles (semantics 2.2), all
    else is byte for byte what was submitted. `max_session_duration` is in seconds.
    """

    kind: ClassVar[str] = "role"
    missing: ClassVar[str] = "The role with name {name} cannot be found."
    exists: ClassVar[str] = "Role with name {name} already exists."

    trust: str
    description: str | None = None
    max_session_duration: int = 3600
    tags: Tags = ()
    session_epoch: int = 0


class InstanceProfile(Entity, frozen=True, kw_only=True):
    """What hands a role to a machine. Grants nothing by itself, so a change of it alters no decision."""

    kind: ClassVar[str] = "instance-profile"
    missing: ClassVar[str] = "Instance Profile {name} cannot be found."
    exists: ClassVar[str] = "Instance Profile {name} already exists."
    decides: ClassVar[bool] = False

    tags: Tags = ()


Principal = User | Role
Identity = User | Group | Role
