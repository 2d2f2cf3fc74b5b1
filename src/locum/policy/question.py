"""What the engine is asked.

Law: a frozen value that holds all there is to know; the engine looks nothing up. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from locum.policy.actions import Special, special
from locum.policy.bound import Attached, Bound
from locum.policy.context import Context, Value
from locum.policy.principals import Principal

ResourcePolicyKind: TypeAlias = Literal["resource", "trust", "key"]


class Question(msgspec.Struct, frozen=True, eq=False):
    """May `principal` do `action` on `resource`?

    `resource` is an ARN, or `*` for actions without resources; `resource_account` owns it. `bound` is the caller's
    side. `resource_policy_kind` says what the resource has: a `trust` policy and a `key` policy must always grant, so
    that without one the answer is a denial. `rcps` are the levels of the resource's organisation, None when none are
    in force (also for resources of a management account). `endpoint` is given only when the request came through one.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Mapping[str, Value] | Context
    bound: Bound
    resource_policy: Attached | tuple[Attached, ...] | None = None
    resource_policy_kind: ResourcePolicyKind = "resource"
    rcps: Sequence[Sequence[Attached]] | None = None
    endpoint: Attached | tuple[Attached, ...] | None = None

    @property
    def own_kind(self) -> ResourcePolicyKind:
        """What kind of policy the resource's own is: what is assumed is a role, whatever policy it was asked with."""
        if special(self.action) in (Special.ASSUME, Special.ASSUME_FEDERATED):
            return "trust"
        return self.resource_policy_kind
