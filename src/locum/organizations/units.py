"""Roots and organizational units: where accounts stand.

Law: a unit has one parent and a name that is unique among its siblings; at most five units stand above one another. A
new node begins with AWS's policy of each type that is in force. Source: AWS Organizations API reference.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Call, Result, operation
from locum.iam.organization import Member, Organization, Root, Unit, lineage
from locum.iam.tag_rules import require_tags
from locum.organizations.tree import (
    CHILD,
    MOST_RESULTS,
    answered,
    arn_of_node,
    asks,
    default_policies,
    get_node,
    get_parent,
    get_unit,
    letters,
    managed_by,
    nodes_of,
    path_of,
    root_of,
    violation,
)
from locum.store.tx import Tx


def shown_root(call: Call, organization: Organization, root: Root) -> dict[str, Any]:
    """A root as every answer has it."""
    return {
        "Id": root.id,
        "Arn": arn_of_node(call, organization, root),
        "Name": root.name,
        "PolicyTypes": [{"Type": type, "Status": "ENABLED"} for type in root.policy_types],
    }


@operation("organizations:ListRoots", asks=asks())
def list_roots(call: Call, tx: Tx, *, next_token: str | None = None, max_results: int = MOST_RESULTS) -> Result:
    """Lists the one root."""
    organization = managed_by(call, tx)
    return answered(
        "Roots",
        (root_of(tx, organization),),
        key=lambda root: root.id,
        shown=lambda root: shown_root(call, organization, root),
        listing=call.operation.name,
        token=next_token,
        limit=max_results,
    )


@operation("organizations:CreateOrganizationalUnit", writes=True, asks=asks("ParentId"))
def create_organizational_unit(call: Call, tx: Tx, *, parent_id: str, name: str, tags: Tags = ()) -> Result:
    """Makes a unit below the root or another unit."""
    organization = managed_by(call, tx)
    parent = get_parent(tx, organization, parent_id)
    above = lineage(tx, parent)
    limits = call.place.limits
    if len(above) > limits["OrganizationalUnitDepth"]:
        raise violation("OU_DEPTH_LIMIT_EXCEEDED", "You exceeded the maximum depth of organizational units.")
    if sum(isinstance(one, Unit) for one in nodes_of(tx, organization)) >= limits["OrganizationalUnitsPerOrganization"]:
        raise violation("OU_NUMBER_LIMIT_EXCEEDED", "You exceeded the number of organizational units.")
    _require_free(tx, call.account, parent.id, name)
    root = root_of(tx, organization)
    unit = tx.add(
        Unit(
            id=f"ou-{root.id[2:]}-{letters(call, 8)}",
            account=call.account,
            name=name,
            owner=parent.id,
            created=call.now,
            policies=default_policies(root),
            tags=require_tags(call, tags),
        )
    )
    return {"OrganizationalUnit": _shown(call, tx, organization, unit)}


@operation("organizations:DescribeOrganizationalUnit", asks=asks("OrganizationalUnitId"))
def describe_organizational_unit(call: Call, tx: Tx, *, organizational_unit_id: str) -> Result:
    """Answers with a unit."""
    organization = managed_by(call, tx)
    unit = get_unit(tx, organization, organizational_unit_id)
    return {"OrganizationalUnit": _shown(call, tx, organization, unit)}


@operation("organizations:UpdateOrganizationalUnit", writes=True, asks=asks("OrganizationalUnitId"))
def update_organizational_unit(call: Call, tx: Tx, *, organizational_unit_id: str, name: str | None = None) -> Result:
    """Renames a unit."""
    organization = managed_by(call, tx)
    unit = get_unit(tx, organization, organizational_unit_id)
    if name is not None and name != unit.name:
        if name.lower() != unit.name.lower():
            _require_free(tx, call.account, unit.owner, name)
        unit = tx.put(replace(unit, name=name))
    return {"OrganizationalUnit": _shown(call, tx, organization, unit)}


@operation("organizations:DeleteOrganizationalUnit", writes=True, asks=asks("OrganizationalUnitId"))
def delete_organizational_unit(call: Call, tx: Tx, *, organizational_unit_id: str) -> Result:
    """Deletes a unit that holds nothing."""
    unit = get_unit(tx, managed_by(call, tx), organizational_unit_id)
    accounts, units = tx.owned(Member, unit.id), tx.owned(Unit, unit.id)
    if accounts or units:
        raise Refusal(
            "OrganizationalUnitNotEmptyException",
            "You must move all accounts and child organizational units out of the organizational unit first.",
        )
    tx.remove(unit)
    return None


@operation("organizations:ListOrganizationalUnitsForParent", asks=asks("ParentId"))
def list_organizational_units_for_parent(
    call: Call, tx: Tx, *, parent_id: str, next_token: str | None = None, max_results: int = MOST_RESULTS
) -> Result:
    """Lists the units directly below a node."""
    organization = managed_by(call, tx)
    parent = get_parent(tx, organization, parent_id)
    return answered(
        "OrganizationalUnits",
        tx.owned(Unit, parent.id),
        key=lambda unit: unit.id,
        shown=lambda unit: _shown(call, tx, organization, unit),
        listing=f"{call.operation.name} {parent.id}",
        token=next_token,
        limit=max_results,
    )


@operation("organizations:ListParents", asks=asks("ChildId"))
def list_parents(
    call: Call, tx: Tx, *, child_id: str, next_token: str | None = None, max_results: int = MOST_RESULTS
) -> Result:
    """Lists the one parent of a unit or an account."""
    organization = managed_by(call, tx)
    child = get_node(tx, organization, child_id, CHILD)
    kind = "ROOT" if child.owner.startswith("r-") else "ORGANIZATIONAL_UNIT"
    return answered(
        "Parents",
        (child.owner,),
        key=str,
        shown=lambda id: {"Id": id, "Type": kind},
        listing=f"{call.operation.name} {child_id}",
        token=next_token,
        limit=max_results,
    )


@operation("organizations:ListChildren", asks=asks("ParentId"))
def list_children(
    call: Call,
    tx: Tx,
    *,
    parent_id: str,
    child_type: str,
    next_token: str | None = None,
    max_results: int = MOST_RESULTS,
) -> Result:
    """Lists the ids of the accounts or of the units directly below a node."""
    parent = get_parent(tx, managed_by(call, tx), parent_id)
    if child_type == "ACCOUNT":
        ids = [member.name for member in tx.owned(Member, parent.id)]
    else:
        ids = [unit.id for unit in tx.owned(Unit, parent.id)]
    return answered(
        "Children",
        ids,
        key=str,
        shown=lambda id: {"Id": id, "Type": child_type},
        listing=f"{call.operation.name} {parent.id} {child_type}",
        token=next_token,
        limit=max_results,
    )


def _shown(call: Call, tx: Tx, organization: Organization, unit: Unit) -> dict[str, Any]:
    return {
        "Id": unit.id,
        "Arn": arn_of_node(call, organization, unit),
        "Name": unit.name,
        "Path": path_of(tx, organization, unit),
    }


def _require_free(tx: Tx, account: str, parent: str, name: str) -> None:
    if tx.find(Unit, account, name, owner=parent) is not None:
        raise Refusal("DuplicateOrganizationalUnitException", Unit.exists, name=name)
