"""Tags of users, roles, policies, instance profiles, MFA devices and providers: operations from one table.

Law: this file knows which resources can be tagged and what their operations are called; what a tag may be is in
`tag_rules.py`. Server certificates join the table with their noun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam.entities import InstanceProfile, Role, User
from locum.iam.listing import answered, page_of
from locum.iam.mfa_devices import get_device
from locum.iam.oidc_providers import get_oidc_provider
from locum.iam.policies import get_own
from locum.iam.saml_providers import get_saml_provider_of
from locum.iam.server_certificates import ServerCertificate
from locum.iam.tag_rules import joined, without
from locum.store.tx import Tx


class Taggable(NamedTuple):
    """A kind that carries tags: how an input names one, its three operations, and whether case is nothing in keys."""

    member: str
    get: Callable[[Call, Tx, str], Any]
    tag: str
    untag: str
    listed: str
    folds: bool


def _by_name(
    kind: type[User] | type[Role] | type[InstanceProfile] | type[ServerCertificate],
) -> Callable[[Call, Tx, str], Any]:
    return lambda call, tx, name: tx.get(kind, call.account, name)


TAGGABLE = (
    Taggable("UserName", _by_name(User), "iam:TagUser", "iam:UntagUser", "iam:ListUserTags", True),
    Taggable("RoleName", _by_name(Role), "iam:TagRole", "iam:UntagRole", "iam:ListRoleTags", True),
    Taggable("PolicyArn", get_own, "iam:TagPolicy", "iam:UntagPolicy", "iam:ListPolicyTags", False),
    Taggable(
        "InstanceProfileName",
        _by_name(InstanceProfile),
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
        "iam:ListInstanceProfileTags",
        False,
    ),
    Taggable("SerialNumber", get_device, "iam:TagMFADevice", "iam:UntagMFADevice", "iam:ListMFADeviceTags", False),
    Taggable(
        "ServerCertificateName",
        _by_name(ServerCertificate),
        "iam:TagServerCertificate",
        "iam:UntagServerCertificate",
        "iam:ListServerCertificateTags",
        False,
    ),
    Taggable(
        "OpenIDConnectProviderArn",
        get_oidc_provider,
        "iam:TagOpenIDConnectProvider",
        "iam:UntagOpenIDConnectProvider",
        "iam:ListOpenIDConnectProviderTags",
        False,
    ),
    Taggable(
        "SAMLProviderArn",
        get_saml_provider_of,
        "iam:TagSAMLProvider",
        "iam:UntagSAMLProvider",
        "iam:ListSAMLProviderTags",
        False,
    ),
)


def _tag(row: Taggable) -> Callable[..., Result]:
    def tag(call: Call, tx: Tx, *, resource: str, tags: Tags) -> Result:
        entity = row.get(call, tx, resource)
        return _put(tx, entity, joined(call, entity.tags, tags, folds=row.folds))

    return tag


def _untag(row: Taggable) -> Callable[..., Result]:
    def untag(call: Call, tx: Tx, *, resource: str, tag_keys: tuple[str, ...]) -> Result:
        entity = row.get(call, tx, resource)
        return _put(tx, entity, without(entity.tags, tag_keys, folds=row.folds))

    return untag


def _list(row: Taggable) -> Callable[..., Result]:
    def list_tags(call: Call, tx: Tx, *, resource: str, marker: str | None = None, max_items: int = 100) -> Result:
        entity = row.get(call, tx, resource)
        page = page_of(
            entity.tags, key=lambda tag: tag.key, listing=f"{row.listed} {entity.id}", marker=marker, limit=max_items
        )
        return answered("Tags", shown(page.items), page.marker)

    return list_tags


def _put(tx: Tx, entity: Any, tags: Tags) -> Result:
    if tags != entity.tags:
        tx.put(msgspec.structs.replace(entity, tags=tags))
    return None


for _row in TAGGABLE:
    operation(_row.tag, writes=True, members={"resource": _row.member})(_tag(_row))
    operation(_row.untag, writes=True, members={"resource": _row.member})(_untag(_row))
    operation(_row.listed, members={"resource": _row.member})(_list(_row))
