"""Tags of what an organization consists of: its root, units, accounts and policies.

Law: keys are told apart by case, as everywhere but on users and roles. Source: AWS Organizations User Guide, "Tagging
AWS Organizations resources".
"""

from __future__ import annotations

from msgspec.structs import replace

from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam.organization import Node, Organization, OrganizationPolicy
from locum.iam.tag_rules import joined, without
from locum.organizations.tree import TARGET, answered, asks, get_node, get_policy, managed_by
from locum.store.tx import Tx

MOST = 50  # what a page of tags holds: as many as anything may have


@operation("organizations:TagResource", writes=True, asks=asks("ResourceId"))
def tag_resource(call: Call, tx: Tx, *, resource_id: str, tags: Tags) -> Result:
    """Adds tags, or replaces those of the same key."""
    found = _get(tx, managed_by(call, tx), resource_id)
    tx.put(replace(found, tags=joined(call, found.tags, tags, folds=False)))
    return None


@operation("organizations:UntagResource", writes=True, asks=asks("ResourceId"))
def untag_resource(call: Call, tx: Tx, *, resource_id: str, tag_keys: tuple[str, ...]) -> Result:
    """Takes tags away."""
    found = _get(tx, managed_by(call, tx), resource_id)
    tx.put(replace(found, tags=without(found.tags, tag_keys, folds=False)))
    return None


@operation("organizations:ListTagsForResource", asks=asks("ResourceId"))
def list_tags_for_resource(call: Call, tx: Tx, *, resource_id: str, next_token: str | None = None) -> Result:
    """Lists the tags."""
    found = _get(tx, managed_by(call, tx), resource_id)
    return answered(
        "Tags",
        found.tags,
        key=lambda tag: tag.key,
        shown=lambda tag: shown((tag,))[0],
        listing=f"{call.operation.name} {resource_id}",
        token=next_token,
        limit=MOST,
    )


def _get(tx: Tx, organization: Organization, id: str) -> Node | OrganizationPolicy:
    if id.startswith("p-"):
        return get_policy(tx, organization, id)
    return get_node(tx, organization, id, TARGET)
