"""Which managed policies are attached to a user, group or role. Nine operations from one table.

Law: an attachment is a link from the identity's id to the policy's (or to the ARN of one of AWS's); attaching twice is
no error, detaching what is not attached is.
"""

from __future__ import annotations

import msgspec

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam import quotas
from locum.iam.entities import Group, Identity, Role, User
from locum.iam.listing import answered, page_of
from locum.iam.policies import (
    ManagedPolicy,
    arn_of_policy,
    find_policy,
    get_attachable,
    link_target,
    policy_of,
)
from locum.iam.protected import require_modifiable
from locum.store.entity import Relation
from locum.store.tx import Tx


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """The three operations of one kind of identity, the name of its input, and AWS's name of its quota."""

    identity: type[Identity]
    member: str
    quota: str
    attach: str
    detach: str
    list: str


FAMILIES = (
    Family(
        identity=User,
        member="UserName",
        quota="PoliciesPerUser",
        attach="iam:AttachUserPolicy",
        detach="iam:DetachUserPolicy",
        list="iam:ListAttachedUserPolicies",
    ),
    Family(
        identity=Group,
        member="GroupName",
        quota="PoliciesPerGroup",
        attach="iam:AttachGroupPolicy",
        detach="iam:DetachGroupPolicy",
        list="iam:ListAttachedGroupPolicies",
    ),
    Family(
        identity=Role,
        member="RoleName",
        quota="PoliciesPerRole",
        attach="iam:AttachRolePolicy",
        detach="iam:DetachRolePolicy",
        list="iam:ListAttachedRolePolicies",
    ),
)


def _declare(family: Family) -> None:
    """Declares the operations of one family; they differ in the identity alone."""
    named = {"name": family.member}

    @operation(family.attach, writes=True, members=named)
    def attach(call: Call, tx: Tx, *, name: str, policy_arn: str) -> Result:
        """Attaches a policy."""
        identity = _changeable(tx.get(family.identity, call.account, name))
        target = link_target(get_attachable(call, tx, policy_arn))
        present = tx.targets(Relation.ATTACHMENT, identity.id)
        if target not in present:
            quotas.require_room(call, family.quota, len(present))
            tx.link(Relation.ATTACHMENT, call.account, identity.id, target)
        return None

    @operation(family.detach, writes=True, members=named)
    def detach(call: Call, tx: Tx, *, name: str, policy_arn: str) -> Result:
        """Detaches a policy."""
        identity = _changeable(tx.get(family.identity, call.account, name))
        policy = find_policy(call, tx, policy_arn)
        target = policy_arn if policy is None else link_target(policy)
        if not tx.unlink(Relation.ATTACHMENT, call.account, identity.id, target):
            raise Refusal("NoSuchEntity", ManagedPolicy.missing.format(name=policy_arn), arn=policy_arn)
        return None

    @operation(family.list, members=named)
    def list_(
        call: Call, tx: Tx, *, name: str, path_prefix: str = "/", marker: str | None = None, max_items: int = 100
    ) -> Result:
        """Lists the policies attached, by name."""
        identity = tx.get(family.identity, call.account, name)
        page = page_of(
            [each for each in attached(tx, identity, call.place.partition) if each.path.startswith(path_prefix)],
            key=lambda each: each.key,
            listing=f"{family.list} {identity.id} {path_prefix}",
            marker=marker,
            limit=max_items,
        )
        rows = [{"PolicyName": each.name, "PolicyArn": each.arn} for each in page.items]
        return answered("AttachedPolicies", rows, page.marker)


class Attached(msgspec.Struct, frozen=True):
    """One attached policy, as far as listings show it."""

    name: str
    path: str
    arn: str
    key: str


def attached(tx: Tx, identity: Identity, partition: str) -> tuple[Attached, ...]:
    """The policies attached to an identity, oldest attachment first."""
    return tuple(_attached(tx, target, partition) for target in tx.targets(Relation.ATTACHMENT, identity.id))


def _attached(tx: Tx, target: str, partition: str) -> Attached:
    policy = policy_of(tx, target)
    if policy is None:  # one of AWS's that this edition no longer has: still attached, shown by its ARN, allows nothing
        path, _, name = target.partition(":policy")[2].rpartition("/")
        return Attached(name, f"{path}/", target, f"{name.lower()} 1")
    own = isinstance(policy, ManagedPolicy)
    key = f"{policy.name.lower()} {not own:d}"
    return Attached(policy.name, policy.path, arn_of_policy(policy, partition), key)


def _changeable(identity: Identity) -> Identity:
    return require_modifiable(identity) if isinstance(identity, Role) else identity


for _family in FAMILIES:
    _declare(_family)
