"""Inline policies: those that belong to one user, group or role and go with it. Twelve operations from one table.

Law: a document is kept as it was submitted. The sizes of all inline policies of one identity, without white space,
count together. Any spelling of a name finds the policy; Get answers with the spelling asked for, List with the stored.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.documents import encoded
from locum.iam.entities import Group, Identity, Role, User
from locum.iam.listing import answered
from locum.iam.protected import require_modifiable
from locum.iam.quotas import size
from locum.policy import accepted
from locum.store.entity import Entity
from locum.store.tx import Tx


class InlinePolicy(Entity, frozen=True, kw_only=True):
    """A policy inside its owner: `owner` is the id of a user, group or role, `id` is `OWNER/name in lower case`."""

    kind: ClassVar[str] = "inline-policy"
    missing: ClassVar[str] = "The policy with name {name} cannot be found."
    exists: ClassVar[str] = "The policy with name {name} already exists."

    document: str


def inline_id(owner: str, name: str) -> str:
    """The written key of an inline policy (decisions 15). Names are ASCII, so lower case is unambiguous (rule P8)."""
    return f"{owner}/{name.lower()}"


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """The four operations of one kind of owner, the name of its input, and how much its policies may hold together."""

    owner: type[Identity]
    member: str
    quota: str
    put: str
    get: str
    list: str
    delete: str


FAMILIES = (
    Family(
        owner=User,
        member="UserName",
        quota="UserPolicySize",
        put="iam:PutUserPolicy",
        get="iam:GetUserPolicy",
        list="iam:ListUserPolicies",
        delete="iam:DeleteUserPolicy",
    ),
    Family(
        owner=Group,
        member="GroupName",
        quota="GroupPolicySize",
        put="iam:PutGroupPolicy",
        get="iam:GetGroupPolicy",
        list="iam:ListGroupPolicies",
        delete="iam:DeleteGroupPolicy",
    ),
    Family(
        owner=Role,
        member="RoleName",
        quota="RolePolicySize",
        put="iam:PutRolePolicy",
        get="iam:GetRolePolicy",
        list="iam:ListRolePolicies",
        delete="iam:DeleteRolePolicy",
    ),
)


def _declare(family: Family) -> None:
    """Declares the operations of one family; they differ in the owner alone."""
    owned = {"name": family.member}

    @operation(family.put, writes=True, members=owned)
    def put(call: Call, tx: Tx, *, name: str, policy_name: str, policy_document: str) -> Result:
        """Adds an inline policy, or replaces the one of that name."""
        owner = _changeable(tx.get(family.owner, call.account, name))
        accepted.require_identity_policy(policy_document)
        present = tx.find(InlinePolicy, call.account, policy_name, owner=owner.id)
        others = (each for each in tx.owned(InlinePolicy, owner.id) if present is None or each.id != present.id)
        _require_size(call, family, owner, policy_document, *(each.document for each in others))
        if present is not None:
            tx.put(msgspec.structs.replace(present, document=policy_document))
            return None
        tx.add(
            InlinePolicy(
                id=inline_id(owner.id, policy_name),
                account=call.account,
                owner=owner.id,
                name=policy_name,
                created=call.now,
                document=policy_document,
            )
        )
        return None

    @operation(family.get, members=owned)
    def get(call: Call, tx: Tx, *, name: str, policy_name: str) -> Result:
        """Shows an inline policy; its name as it was asked for (wire.md 5.3)."""
        owner = tx.get(family.owner, call.account, name)
        policy = _get(tx, owner, policy_name)
        return {family.member: owner.name, "PolicyName": policy_name, "PolicyDocument": encoded(policy.document)}

    @operation(family.list, members=owned)
    def list_(call: Call, tx: Tx, *, name: str, marker: str | None = None, max_items: int = 100) -> Result:
        """Lists the names of an owner's inline policies."""
        owner = tx.get(family.owner, call.account, name)
        listing = f"{family.list} {owner.id}"
        page = tx.page(InlinePolicy, call.account, owner=owner.id, marker=marker, limit=max_items, listing=listing)
        return answered("PolicyNames", [policy.name for policy in page.items], page.marker)

    @operation(family.delete, writes=True, members=owned)
    def delete(call: Call, tx: Tx, *, name: str, policy_name: str) -> Result:
        """Removes an inline policy."""
        owner = _changeable(tx.get(family.owner, call.account, name))
        tx.remove(_get(tx, owner, policy_name))
        return None


for _family in FAMILIES:
    _declare(_family)


def _changeable(owner: Identity) -> Identity:
    return require_modifiable(owner) if isinstance(owner, Role) else owner


def _get(tx: Tx, owner: Identity, name: str) -> InlinePolicy:
    policy = tx.find(InlinePolicy, owner.account, name, owner=owner.id)
    if policy is None:
        raise Refusal("NoSuchEntity", f"The {owner.kind} policy with name {name} cannot be found.", name=name)
    return policy


def _require_size(call: Call, family: Family, owner: Identity, *documents: str) -> None:
    limit = call.place.limits[family.quota]
    if sum(map(size, documents)) > limit:
        raise Refusal(
            "LimitExceeded", f"Maximum policy size of {limit} bytes exceeded for {owner.kind} {owner.name}", limit=limit
        )
