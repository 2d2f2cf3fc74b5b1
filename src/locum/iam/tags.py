"""Tags of users, roles, policies, instance profiles and MFA devices: fifteen operations from one table.

Law: this file knows which resources can be tagged and what their operations are called; what a tag may be is in
`tag_rules.py`. Providers and server certificates join the table with their nouns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam.entities import InstanceProfile, Role, User
from locum.iam.listing import answered, page_of
from locum.iam.mfa_devices import MFADevice
from locum.iam.names import arn_of
from locum.iam.policies import ManagedPolicy
from locum.iam.tag_rules import joined, without
from locum.store.entity import Entity
from locum.store.tx import Tx


class Taggable(NamedTuple):
    """A kind that carries tags: its three operations, the input that names one, and whether case tells keys apart."""

    kind: type[Entity]
    tag: str
    untag: str
    listed: str
    member: str
    folds: bool


TAGGABLE = (
    Taggable(User, "iam:TagUser", "iam:UntagUser", "iam:ListUserTags", "UserName", True),
    Taggable(Role, "iam:TagRole", "iam:UntagRole", "iam:ListRoleTags", "RoleName", True),
    Taggable(ManagedPolicy, "iam:TagPolicy", "iam:UntagPolicy", "iam:ListPolicyTags", "PolicyArn", False),
    Taggable(
        InstanceProfile,
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
        "iam:ListInstanceProfileTags",
        "InstanceProfileName",
        False,
    ),
    Taggable(MFADevice, "iam:TagMFADevice", "iam:UntagMFADevice", "iam:ListMFADeviceTags", "SerialNumber", False),
)


def _tag(row: Taggable) -> Callable[..., Result]:
    def tag(call: Call, tx: Tx, *, resource: str, tags: Tags) -> Result:
        entity = _named(call, tx, row, resource)
        return _put(tx, entity, joined(call, entity.tags, tags, folds=row.folds))

    return tag


def _untag(row: Taggable) -> Callable[..., Result]:
    def untag(call: Call, tx: Tx, *, resource: str, tag_keys: tuple[str, ...]) -> Result:
        entity = _named(call, tx, row, resource)
        return _put(tx, entity, without(entity.tags, tag_keys, folds=row.folds))

    return untag


def _list(row: Taggable) -> Callable[..., Result]:
    def list_tags(call: Call, tx: Tx, *, resource: str, marker: str | None = None, max_items: int = 100) -> Result:
        entity = _named(call, tx, row, resource)
        page = page_of(
            entity.tags, key=lambda tag: tag.key, listing=f"{row.listed} {entity.id}", marker=marker, limit=max_items
        )
        return answered("Tags", shown(page.items), page.marker)

    return list_tags


def _named(call: Call, tx: Tx, row: Taggable, resource: str) -> Any:
    """The entity that the input names, by its name or by its ARN. Raises NoSuchEntity.

    An ARN is compared exactly: the one that was authorized is the one that is acted on (rule H17).
    """
    if not row.member.endswith(("Arn", "Number")):
        return tx.get(row.kind, call.account, resource)
    entity = tx.find(row.kind, call.account, _name_in(row, resource))
    if entity is None or arn_of(entity, call.place.partition) != resource:
        raise Refusal("NoSuchEntity", row.kind.missing.format(name=resource))
    return entity


def _name_in(row: Taggable, text: str) -> str:
    """The stored name that an ARN of the row's kind ends in; a device's name has its path in it."""
    try:
        resource = Arn.parse(text).resource
    except ArnError:
        return ""
    return resource.partition("/")[2] if row.kind is MFADevice else resource.rpartition("/")[2]


def _put(tx: Tx, entity: Any, tags: Tags) -> None:
    if tags != entity.tags:
        tx.put(msgspec.structs.replace(entity, tags=tags))


for _row in TAGGABLE:
    operation(_row.tag, writes=True, members={"resource": _row.member})(_tag(_row))
    operation(_row.untag, writes=True, members={"resource": _row.member})(_untag(_row))
    operation(_row.listed, members={"resource": _row.member})(_list(_row))
