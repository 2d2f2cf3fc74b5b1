"""Permissions boundaries: the managed policy that limits what a user or a role may do.

Law: a boundary is a link, one at most, from the principal's id to the policy's (or to the ARN of one of AWS's).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.entities import Principal, Role, User
from locum.iam.policies import arn_of_policy, get_attachable, link_target, policy_of
from locum.iam.protected import require_modifiable
from locum.store.entity import Relation
from locum.store.tx import Tx


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """The two operations of one kind of principal, and the name of its input."""

    principal: type[Principal]
    member: str
    put: str
    delete: str


FAMILIES = (
    Family(
        principal=User,
        member="UserName",
        put="iam:PutUserPermissionsBoundary",
        delete="iam:DeleteUserPermissionsBoundary",
    ),
    Family(
        principal=Role,
        member="RoleName",
        put="iam:PutRolePermissionsBoundary",
        delete="iam:DeleteRolePermissionsBoundary",
    ),
)


def set_boundary(call: Call, tx: Tx, principal: Principal, arn: str) -> None:
    """Bounds a principal by the policy of that ARN, in place of an earlier one.

    Raises NoSuchEntity, PolicyNotAttachable, or ValidationError when the text is no ARN.
    """
    target = link_target(get_attachable(call, tx, arn))
    for earlier in tx.targets(Relation.BOUNDARY, principal.id):
        if earlier != target:
            tx.unlink(Relation.BOUNDARY, principal.account, principal.id, earlier)
    tx.link(Relation.BOUNDARY, principal.account, principal.id, target)


def boundary_of(tx: Tx, principal: Principal) -> str | None:
    """What bounds a principal, as the link holds it: a policy's id or the ARN of one of AWS's, or None."""
    return next(iter(tx.targets(Relation.BOUNDARY, principal.id)), None)


def shown_boundary(call: Call, tx: Tx, principal: Principal) -> Mapping[str, str] | None:
    """The boundary as an answer shows it, under `PermissionsBoundary`, or None. Its type is `Policy` (wire.md 5.2)."""
    target = boundary_of(tx, principal)
    if target is None:
        return None
    policy = policy_of(tx, target)
    arn = target if policy is None else arn_of_policy(policy, call.place.partition)
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def _declare(family: Family) -> None:
    """Declares the operations of one family; they differ in the principal alone."""
    named = {"name": family.member}

    @operation(family.put, writes=True, members=named)
    def put(call: Call, tx: Tx, *, name: str, permissions_boundary: str) -> Result:
        """Sets the boundary."""
        set_boundary(call, tx, _changeable(tx.get(family.principal, call.account, name)), permissions_boundary)
        return None

    @operation(family.delete, writes=True, members=named)
    def delete(call: Call, tx: Tx, *, name: str) -> Result:
        """Takes the boundary away."""
        principal = _changeable(tx.get(family.principal, call.account, name))
        target = boundary_of(tx, principal)
        if target is None:
            raise Refusal("NoSuchEntity", f"{principal.kind} `{principal.name}` has no permissions boundary")
        tx.unlink(Relation.BOUNDARY, call.account, principal.id, target)
        return None


def _changeable(principal: Principal) -> Principal:
    return require_modifiable(principal) if isinstance(principal, Role) else principal


for _family in FAMILIES:
    _declare(_family)
