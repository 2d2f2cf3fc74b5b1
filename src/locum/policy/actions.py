"""The few actions that AWS treats by rules of their own.

Law: a table of facts about actions, by folded name; everything else is decided by policies alone.
Rules 7.3 and 7.15 to 7.22 of docs/spec/policy.md.
"""

from __future__ import annotations

from enum import Enum

from locum.policy.match import fold


class Special(Enum):
    """What is special about an action."""

    ALWAYS = "always allowed"
    UNLESS_DENIED = "needs no permission"
    ASSUME = "needs the trust policy"
    ASSUME_FEDERATED = "needs the trust policy, and no caller's policy"
    BUCKET_POLICY = "the owner's root user may always"
    IAM_CHANGE = "refused on what AWS owns in IAM"
    KMS_ALIAS = "refused on aliases of AWS"


_TABLE = {
    "sts:getcalleridentity": Special.ALWAYS,
    "sts:getsessiontoken": Special.UNLESS_DENIED,
    "sts:assumerole": Special.ASSUME,
    "sts:assumerolewithwebidentity": Special.ASSUME_FEDERATED,
    "sts:assumerolewithsaml": Special.ASSUME_FEDERATED,
    "s3:getbucketpolicy": Special.BUCKET_POLICY,
    "s3:putbucketpolicy": Special.BUCKET_POLICY,
    "s3:deletebucketpolicy": Special.BUCKET_POLICY,
    "kms:createalias": Special.KMS_ALIAS,
    "kms:updatealias": Special.KMS_ALIAS,
    "kms:deletealias": Special.KMS_ALIAS,
}

# IAM actions that change nothing begin with one of these; every other one is refused on AWS's own policies and roles.
_IAM_READS = ("iam:get", "iam:list", "iam:generate", "iam:simulate", "iam:passrole")

# Services whose resources RCPs hold (rule 7.3), by the vendor of their actions.
RCP_SERVICES = frozenset({"s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss"})

# Actions that come along with an AssumeRole of somebody whom an identity provider vouches for.
ACCOMPANYING = frozenset({"sts:tagsession", "sts:setsourceidentity"})


def special(action: str) -> Special | None:
    """What is special about `action`, in any case, or None."""
    folded = fold(action)
    found = _TABLE.get(folded)
    if found is None and folded.startswith("iam:") and not folded.startswith(_IAM_READS):
        return Special.IAM_CHANGE
    return found


def held_by_rcps(action: str) -> bool:
    """Whether RCPs hold the service of `action`."""
    return fold(action.partition(":")[0]) in RCP_SERVICES


def owned_by_aws(kind: Special, resource: str) -> bool:
    """Whether a change of this kind would touch what AWS owns: its managed policies, reserved roles, KMS aliases."""
    fields = resource.split(":", 5)
    if len(fields) != 6:
        return False
    _, _, service, _, account, name = fields
    if kind is Special.KMS_ALIAS:
        return service == "kms" and name.startswith("alias/aws/")
    return service == "iam" and (
        (account == "aws" and name.startswith("policy/")) or name.startswith("role/aws-reserved/")
    )
