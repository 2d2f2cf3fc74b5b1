"""sts:AssumeRoot: one task as the root user of a member account, for fifteen minutes at most.

Law: only the account that manages the organization asks, only for its members, and only for one of AWS's tasks whose
feature is on (`iam/root_access.py`). The session is the root user, but for what the task's policy denies, and that is
everything else. Nobody is told which of these was missing. Source: AWS STS API reference, AssumeRoot; IAM User Guide,
"Perform a privileged task on an AWS Organizations member account".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from locum.aws import managed_policies
from locum.aws.arn import Arn, ArnError, account_id
from locum.aws.faults import Refusal
from locum.call import Asked, Call, Result, operation
from locum.iam.organization import ACTIVE, Organization, member_of
from locum.iam.root_access import CREDENTIALS, SESSIONS, TRUSTED
from locum.session.session import Session
from locum.store.tx import Tx
from locum.sts.issue import issue
from locum.sts.session_policies import PolicyDescriptor

LONGEST = 900

# Task (the name of AWS's policy) -> the feature that must be on.
TASKS = {
    "IAMAuditRootUserCredentials": CREDENTIALS,
    "IAMCreateRootUserPassword": CREDENTIALS,
    "IAMDeleteRootUserCredentials": CREDENTIALS,
    "S3UnlockBucketPolicy": SESSIONS,
    "SQSUnlockQueuePolicy": SESSIONS,
}


def asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """sts:AssumeRoot on the root user, which lets in whoever its organization's management account lets."""
    target = _target(call, call.inputs["TargetPrincipal"])
    task = call.inputs["TaskPolicyArn"].get("arn", "")
    manager = call.arn("root")
    granted = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"'
        + manager
        + '"},"Action":"sts:AssumeRoot","Resource":"*"}]}'
    )
    return [
        Asked(
            action="sts:AssumeRoot",
            arn=call.arn("root", account=target),
            account=target,
            context={"sts:TaskPolicyArn": task},
            granted=granted,
            absent=not _may_be_managed(call, tx, target, task),
        )
    ]


@operation("sts:AssumeRoot", asks=asks, later=("MinimumSessionTokenSize",))
def assume_root(
    call: Call,
    tx: Tx,
    *,
    target_principal: str,
    task_policy_arn: PolicyDescriptor,
    duration_seconds: int = LONGEST,
) -> Result:
    """Credentials for one task as the root user of a member account."""
    account = _target(call, target_principal)
    held = call.caller.session
    identity = held.source_identity if held is not None else None
    session = Session(
        kind="root-task",
        partition=call.place.partition,
        account=account,
        principal_id=account,
        name="",
        issued=call.now,
        not_before=call.now,
        expires=call.now + timedelta(seconds=duration_seconds),
        chained=call.caller.temporary,
        source_identity=identity,
        policy_ids=(task_policy_arn.arn,),
        region=call.origin.region,
    )
    answer: dict[str, Any] = {"Credentials": issue(call, session).shown}
    return answer if identity is None else answer | {"SourceIdentity": identity}


def _target(call: Call, text: str) -> str:
    """The account meant by its number or by the ARN of its root user. Raises ValidationError for any other text."""
    try:
        if not text.startswith("arn:"):
            return account_id(text)
        arn = Arn.parse(text)
        if (arn.partition, arn.service, arn.region, arn.resource) == (call.place.partition, "iam", "", "root"):
            return account_id(arn.account)
    except (ArnError, ValueError):
        pass
    raise Refusal("ValidationError", f"{text} is invalid", seen=text)


def _may_be_managed(call: Call, tx: Tx, target: str, task: str) -> bool:
    """Whether the caller is a user or role of the account that manages `target`, and the task's feature is on."""
    if call.caller.kind not in ("user", "assumed-role"):
        return False
    policy = managed_policies.find(task)
    member = member_of(tx, target)
    if policy is None or policy.path != managed_policies.ROOT_TASK or policy.partition != call.place.partition:
        return False
    if member is None or member.management != call.account or member.name == call.account or member.status != ACTIVE:
        return False
    organization = tx.get_id(Organization, member.organization)
    return TRUSTED in organization.services and TASKS.get(policy.name) in organization.root_features
