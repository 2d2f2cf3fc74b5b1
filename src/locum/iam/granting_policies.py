"""Which policies let an identity use a service: ListPoliciesGrantingServiceAccess.

Law: only Allow statements of identity policies are looked at, by their actions alone; Deny, boundaries, conditions and
resources are not (API reference). Of a user's policies those of its groups are a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locum.aws import actions as facts
from locum.call import Call, Result, operation
from locum.iam.entities import Identity
from locum.iam.listing import page_of
from locum.iam.principals import holders_of, policies_of
from locum.iam.simulation_inputs import invalid
from locum.iam.simulation_sources import source_of
from locum.policy import Attached, Statement
from locum.policy.match import fold
from locum.store.tx import Tx

# Namespaces that one page tells about.
PAGE = 100


@operation("iam:ListPoliciesGrantingServiceAccess")
def list_policies_granting_service_access(
    call: Call, tx: Tx, *, arn: str, service_namespaces: tuple[str, ...], marker: str | None = None
) -> Result:
    """Lists, service by service, the policies that allow at least one of its actions."""
    identity = source_of(call, tx, arn).identity
    held = [
        (holder, policy)
        for holder in holders_of(identity, tx)
        for policy in policies_of(holder, tx, call.place.partition)
    ]
    page = page_of(
        enumerate(service_namespaces),
        key=lambda numbered: f"{numbered[0]:04}",
        listing=f"ListPoliciesGrantingServiceAccess {identity.id} {' '.join(service_namespaces)}",
        marker=marker,
        limit=PAGE,
    )
    answer: dict[str, Any] = {
        "PoliciesGrantingServiceAccess": [
            {"ServiceNamespace": service, "Policies": _granting(service, held)} for _, service in page.items
        ],
        "IsTruncated": page.marker is not None,
    }
    return answer if page.marker is None else answer | {"Marker": page.marker}


def _granting(service: str, held: list[tuple[Identity, Attached]]) -> list[Mapping[str, str]]:
    """The policies that allow something of this service, each once. Raises InvalidInput for one that is unknown."""
    try:
        names = [fold(f"{service}:{one.name}") for one in facts.actions(service.lower()).values()]
    except KeyError:
        raise invalid(f"`{service}` is no service namespace", seen=service) from None
    rows = [
        _row(holder, policy)
        for holder, policy in held
        if any(_grants(one, service, names) for one in policy.policy.statements)
    ]
    return list({tuple(row.items()): row for row in rows}.values())


def _grants(statement: Statement, service: str, names: list[str]) -> bool:
    """Whether an Allow covers one of these actions."""
    if statement.deny:
        return False
    if not statement.not_action:  # the service of a pattern has no wildcards (rule 1.8)
        vendors = {fold(pattern.partition(":")[0]) for pattern in statement.actions}
        if vendors.isdisjoint((fold(service), "*")):
            return False
    return any(map(statement.acts, names))


def _row(holder: Identity, policy: Attached) -> dict[str, str]:
    if policy.source.startswith("arn:"):
        return {"PolicyName": policy.id, "PolicyType": "MANAGED", "PolicyArn": policy.source}
    return {
        "PolicyName": policy.id.removeprefix(f"{holder.kind}_{holder.name}_"),
        "PolicyType": "INLINE",
        "EntityType": holder.kind.upper(),
        "EntityName": holder.name,
    }
