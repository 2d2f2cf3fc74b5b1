"""The versions of a managed policy: five at most, numbered from `v1`, one of them in force.

Law: numbers are not reused. Of AWS's own policies only the version in force is known.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from locum.aws.faults import Refusal
from locum.aws.managed_policies import ManagedDocument
from locum.call import Call, Result, operation
from locum.iam import quotas
from locum.iam.documents import encoded
from locum.iam.listing import answered, page_of
from locum.iam.policies import ManagedPolicy, PolicyVersion, add_version, get_own, get_policy_of
from locum.policy import accepted
from locum.store.tx import Tx

_NUMBER = re.compile(r"v([1-9][0-9]*)", re.ASCII)


@operation("iam:CreatePolicyVersion", writes=True)
def create_policy_version(
    call: Call, tx: Tx, *, policy_arn: str, policy_document: str, set_as_default: bool = False
) -> Result:
    """Adds a version, in force at once when asked to."""
    policy = get_own(call, tx, policy_arn)
    accepted.require_identity_policy(policy_document)
    quotas.require_size(call, "PolicySize", policy_document)
    limit = call.place.limits["VersionsPerPolicy"]
    if len(tx.owned(PolicyVersion, policy.id)) >= limit:
        raise Refusal(
            "LimitExceeded",
            f"A managed policy can have up to {limit} versions. Before you create a new version, you must delete an"
            " existing version.",
            arn=policy_arn,
        )
    number = policy.last_version + 1
    name = f"v{number}"
    version = add_version(call, tx, policy, name, policy_document)
    default = name if set_as_default else policy.default_version
    tx.put(msgspec.structs.replace(policy, last_version=number, default_version=default, updated=call.now))
    return {"PolicyVersion": _summary(version, default)}


@operation("iam:GetPolicyVersion")
def get_policy_version(call: Call, tx: Tx, *, policy_arn: str, version_id: str) -> Result:
    """Shows one version with its document."""
    policy = get_policy_of(call, tx, policy_arn)
    if isinstance(policy, ManagedDocument):
        if version_id != policy.default_version:
            raise _missing(policy_arn, version_id)
        document = encoded(policy.document)
        return {"PolicyVersion": {"Document": document} | _provided(policy)}
    return {"PolicyVersion": _whole(_get(tx, policy, policy_arn, version_id), policy.default_version)}


def versions_with_documents(tx: Tx, policy: ManagedPolicy | ManagedDocument) -> list[dict[str, Any]]:
    """Every version of a policy with its document, the newest first."""
    if isinstance(policy, ManagedDocument):
        return [{"Document": encoded(policy.document)} | _provided(policy)]
    versions = sorted(tx.owned(PolicyVersion, policy.id), key=lambda version: -_number(version.name))
    return [_whole(version, policy.default_version) for version in versions]


@operation("iam:ListPolicyVersions")
def list_policy_versions(
    call: Call, tx: Tx, *, policy_arn: str, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the versions, the newest first, without their documents (wire.md 5.2)."""
    policy = get_policy_of(call, tx, policy_arn)
    if isinstance(policy, ManagedDocument):
        return answered("Versions", [_provided(policy)], None)
    page = page_of(
        tx.owned(PolicyVersion, policy.id),
        key=lambda version: f"{10**9 - _number(version.name):09}",
        listing=f"ListPolicyVersions {policy.id}",
        marker=marker,
        limit=max_items,
    )
    return answered("Versions", [_summary(each, policy.default_version) for each in page.items], page.marker)


@operation("iam:DeletePolicyVersion", writes=True)
def delete_policy_version(call: Call, tx: Tx, *, policy_arn: str, version_id: str) -> Result:
    """Removes a version that is not in force."""
    policy = get_own(call, tx, policy_arn)
    version = _get(tx, policy, policy_arn, version_id)
    if version.name == policy.default_version:
        raise Refusal("DeleteConflict", "Cannot delete the default version of a policy.", arn=policy_arn)
    tx.remove(version)
    return None


@operation("iam:SetDefaultPolicyVersion", writes=True)
def set_default_policy_version(call: Call, tx: Tx, *, policy_arn: str, version_id: str) -> Result:
    """Puts a version in force, for everything that the policy is attached to."""
    policy = get_own(call, tx, policy_arn)
    version = _get(tx, policy, policy_arn, version_id)
    tx.put(msgspec.structs.replace(policy, default_version=version.name))
    return None


def document_in_force(tx: Tx, policy: ManagedPolicy) -> str:
    """The document of the version in force."""
    return tx.get_id(PolicyVersion, f"{policy.id}/{policy.default_version}").document


def _get(tx: Tx, policy: ManagedPolicy, arn: str, name: str) -> PolicyVersion:
    version = tx.find(PolicyVersion, policy.account, name, owner=policy.id)
    if version is None:
        raise _missing(arn, name)
    return version


def _missing(arn: str, name: str) -> Refusal:
    return Refusal(
        "NoSuchEntity", f"Policy {arn} version {name} does not exist or is not attachable.", arn=arn, version=name
    )


def _number(name: str) -> int:
    """The number of a stored version."""
    number = _NUMBER.fullmatch(name)
    return int(number[1]) if number else 0


def _summary(version: PolicyVersion, default: str) -> dict[str, Any]:
    return {"VersionId": version.name, "IsDefaultVersion": version.name == default, "CreateDate": version.created}


def _whole(version: PolicyVersion, default: str) -> dict[str, Any]:
    return {"Document": encoded(version.document)} | _summary(version, default)


def _provided(policy: ManagedDocument) -> dict[str, Any]:
    return {"VersionId": policy.default_version, "IsDefaultVersion": True, "CreateDate": policy.updated}
