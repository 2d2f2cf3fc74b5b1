"""Which users, groups and roles use a managed policy.

Law: reads links, changes nothing. Who has a policy both attached and as its boundary is listed once.
"""

from __future__ import annotations

from typing import Any

from locum.aws import ids
from locum.call import Call, Result, operation
from locum.iam.entities import Group, Identity, Role, User
from locum.iam.listing import page_of
from locum.iam.policies import USAGES, get_policy_of, link_target
from locum.store.tx import Tx

KINDS: dict[str, tuple[type[Identity], str, str]] = {
    ids.GROUP: (Group, "Group", "PolicyGroups"),
    ids.USER: (User, "User", "PolicyUsers"),
    ids.ROLE: (Role, "Role", "PolicyRoles"),
}


@operation("iam:ListEntitiesForPolicy")
def list_entities_for_policy(
    call: Call,
    tx: Tx,
    *,
    policy_arn: str,
    entity_filter: str | None = None,
    path_prefix: str = "/",
    policy_usage_filter: str | None = None,
    marker: str | None = None,
    max_items: int = 100,
) -> Result:
    """Lists who uses a policy, groups before users before roles, each by name."""
    policy = get_policy_of(call, tx, policy_arn)
    target = link_target(policy)
    found: dict[str, Identity] = {}
    for relation in USAGES[policy_usage_filter]:
        for source in tx.sources(relation, call.account, target):
            kind, word, _ = KINDS[source[:4]]
            if entity_filter not in (None, word) or source in found:
                continue
            identity = tx.get_id(kind, source)
            if identity.path.startswith(path_prefix):
                found[source] = identity
    order = list(KINDS)
    page = page_of(
        found.values(),
        key=lambda identity: f"{order.index(identity.id[:4])}{identity.name.lower()}",
        listing=f"ListEntitiesForPolicy {policy.id} {entity_filter} {path_prefix} {policy_usage_filter}",
        marker=marker,
        limit=max_items,
    )
    answer: dict[str, Any] = {section: [] for _, _, section in KINDS.values()}
    for identity in page.items:
        _, word, section = KINDS[identity.id[:4]]
        answer[section].append({f"{word}Name": identity.name, f"{word}Id": identity.id})
    answer["IsTruncated"] = page.marker is not None
    return answer if page.marker is None else answer | {"Marker": page.marker}
