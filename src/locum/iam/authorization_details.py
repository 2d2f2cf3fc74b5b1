"""The whole account at once: GetAccountAuthorizationDetails.

Law: everything that decides what identities may do, section by section and by name in each; a page costs what is on it
and not what the account holds. Of AWS's own policies those are listed that something uses. All four lists are always
there, in AWS's order, which is not that of the pages (wire.md 5.1 and 5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from locum.aws import managed_policies
from locum.aws.managed_policies import ManagedDocument
from locum.aws.tag import shown
from locum.call import Call, Result, operation
from locum.iam.attachments import attached
from locum.iam.boundaries import shown_boundary
from locum.iam.documents import encoded
from locum.iam.entities import Group, Identity, Role, User
from locum.iam.groups import shown_group
from locum.iam.inline import InlinePolicy
from locum.iam.instance_profiles import profiles_of
from locum.iam.listing import foreign, opened, sealed
from locum.iam.policies import ManagedPolicy, shown_policy, used
from locum.iam.policy_versions import versions_with_documents
from locum.iam.roles import last_used, shown_role
from locum.iam.users import shown_user
from locum.store.entity import Entity, Page, Relation
from locum.store.tx import Tx

LISTS = ("Policies", "UserDetailList", "RoleDetailList", "GroupDetailList")


class Section(msgspec.Struct, frozen=True):
    """One kind of thing: the list it is shown in, how a page of it is found, and how one is shown."""

    list: str
    page: Callable[[Call, Tx, str | None, int, str], Page[Any]]
    show: Callable[[Call, Tx, Any], dict[str, Any]]


def _stored(kind: type[Entity]) -> Callable[[Call, Tx, str | None, int, str], Page[Any]]:
    def page(call: Call, tx: Tx, marker: str | None, limit: int, listing: str) -> Page[Any]:
        return tx.page(kind, call.account, marker=marker, limit=limit, listing=listing)

    return page


def _provided(call: Call, tx: Tx, marker: str | None, limit: int, listing: str) -> Page[Any]:
    """AWS's policies that something in the account uses; the marker is the name of the last."""
    found = [one for one in managed_policies.every(call.place.partition) if used(call, tx, one)]
    found.sort(key=lambda one: one.name)
    left = [one for one in found if marker is None or one.name > marker]
    return Page(tuple(left[:limit]), left[limit - 1].name if len(left) > limit else None)


def _user(call: Call, tx: Tx, user: User) -> dict[str, Any]:
    groups = (tx.get_id(Group, id).name for id in tx.targets(Relation.MEMBERSHIP, user.id))
    inline = _inline(tx, user)
    return {
        **shown_user(call, user),
        **({"UserPolicyList": inline} if inline else {}),
        "GroupList": sorted(groups, key=str.lower),
        **_attached(call, tx, user),
        **_bounded(call, tx, user),
        "Tags": shown(user.tags),
    }


def _role(call: Call, tx: Tx, role: Role) -> dict[str, Any]:
    return {
        **shown_role(call, tx, role),
        "InstanceProfileList": profiles_of(call, tx, role),
        "RolePolicyList": _inline(tx, role),
        **_attached(call, tx, role),
        **_bounded(call, tx, role),
        "Tags": shown(role.tags),
        "RoleLastUsed": last_used(call, role),
    }


def _group(call: Call, tx: Tx, group: Group) -> dict[str, Any]:
    return {**shown_group(call, group), "GroupPolicyList": _inline(tx, group), **_attached(call, tx, group)}


def _policy(call: Call, tx: Tx, policy: ManagedPolicy | ManagedDocument) -> dict[str, Any]:
    return shown_policy(call, tx, policy) | {"PolicyVersionList": versions_with_documents(tx, policy)}


def _inline(tx: Tx, identity: Identity) -> list[dict[str, str]]:
    return [
        {"PolicyName": one.name, "PolicyDocument": encoded(one.document)} for one in tx.owned(InlinePolicy, identity.id)
    ]


def _attached(call: Call, tx: Tx, identity: Identity) -> dict[str, Any]:
    found = sorted(attached(tx, identity, call.place.partition), key=lambda one: one.key)
    return {"AttachedManagedPolicies": [{"PolicyName": one.name, "PolicyArn": one.arn} for one in found]}


def _bounded(call: Call, tx: Tx, principal: User | Role) -> dict[str, Any]:
    boundary = shown_boundary(call, tx, principal)
    return {} if boundary is None else {"PermissionsBoundary": boundary}


# By the words of the filter, in the order of the pages.
SECTIONS: Mapping[str, Section] = {
    "User": Section("UserDetailList", _stored(User), _user),
    "Group": Section("GroupDetailList", _stored(Group), _group),
    "Role": Section("RoleDetailList", _stored(Role), _role),
    "LocalManagedPolicy": Section("Policies", _stored(ManagedPolicy), _policy),
    "AWSManagedPolicy": Section("Policies", _provided, _policy),
}
PLACES = ("0", "1", "2", "3", "4")  # of a section among those that are wanted, as a marker holds it


@operation("iam:GetAccountAuthorizationDetails")
def get_account_authorization_details(
    call: Call, tx: Tx, *, filter: tuple[str, ...] = (), marker: str | None = None, max_items: int = 100
) -> Result:
    """Shows users, groups, roles and policies with all that ties them, or what the filter names."""
    wanted = [word for word in SECTIONS if word in filter or not filter]
    listing = f"GetAccountAuthorizationDetails {call.account} {' '.join(wanted)}"
    at, after = (0, None) if marker is None else _place(listing, marker, len(wanted))
    answer: dict[str, Any] = {name: [] for name in LISTS}
    left = max_items
    while left and at < len(wanted):
        section = SECTIONS[wanted[at]]
        page = section.page(call, tx, after, left, listing)
        answer[section.list] += [section.show(call, tx, one) for one in page.items]
        left -= len(page.items)
        after = page.marker
        if after is None:
            at += 1
    more = at < len(wanted) and (after is not None or _is_more(call, tx, wanted[at:], listing))
    answer["IsTruncated"] = more
    return answer | {"Marker": sealed(listing, f"{PLACES[at]} {after or ''}")} if more else answer


def _place(listing: str, marker: str, sections: int) -> tuple[int, str | None]:
    """The section in which a page begins, and the marker within it."""
    at, _, after = opened(listing, marker).partition(" ")
    if at not in PLACES[:sections]:
        raise foreign()
    return PLACES.index(at), after or None


def _is_more(call: Call, tx: Tx, wanted: list[str], listing: str) -> bool:
    """Whether any of these sections has something."""
    return any(SECTIONS[word].page(call, tx, None, 1, listing).items for word in wanted)
