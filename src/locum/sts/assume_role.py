"""sts:AssumeRole: becoming a role for a limited time.

Law: the trust policy must allow, always, and the caller's own policies where the trust policy names only the account
(semantics 7, "Role trust"); one hour at most when the caller is temporary itself. No row of a session is written: the
session is its token. Source: AWS STS API reference, AssumeRole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Asked, Call, Result, operation
from locum.iam.entities import Role
from locum.iam.request_tags import request_tags
from locum.session.session import Session
from locum.store.tx import Tx
from locum.sts.issue import issue
from locum.sts.roles import TOO_LONG, asked_of_role, assumed_role_user, role_of
from locum.sts.session_policies import PolicyDescriptor, managed_ids, session_policy
from locum.sts.session_tags import session_tags, source_identity_of

CHAINED_SECONDS = 3600
CHAINED = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."


def asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """sts:AssumeRole on the role, and sts:TagSession and sts:SetSourceIdentity when tags or an identity are passed or
    come down the chain: the new session has them either way (IAM User Guide, "Pass session tags in AWS STS" and
    "Monitor and control actions taken with assumed roles")."""
    if call.caller.kind == "root":
        raise Refusal("AccessDenied", "Roles may not be assumed by root accounts.")
    inputs = call.inputs
    role = role_of(call, tx)
    context: dict[str, str | tuple[str, ...]] = {"sts:RoleSessionName": inputs["RoleSessionName"]}
    if "ExternalId" in inputs:
        context["sts:ExternalId"] = inputs["ExternalId"]
    if "SourceIdentity" in inputs:
        context["sts:SourceIdentity"] = inputs["SourceIdentity"]
    if tags := inputs.get("Tags"):
        context.update(request_tags(inputs))
    if transitive := inputs.get("TransitiveTagKeys"):
        context["sts:TransitiveTagKeys"] = tuple(transitive)
    if call.mfa_at is not None:  # the code came with this very call
        context.update({"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"})
    actions = ["sts:AssumeRole"]
    held = call.caller.session
    if tags or transitive or (held is not None and held.transitive):
        actions.append("sts:TagSession")
    if "SourceIdentity" in inputs or (held is not None and held.source_identity):
        actions.append("sts:SetSourceIdentity")
    return asked_of_role(call, role, actions, context)


@operation("sts:AssumeRole", asks=asks, mfa=True, later=("ProvidedContexts", "MinimumSessionTokenSize"))
def assume_role(
    call: Call,
    tx: Tx,
    *,
    role_arn: str,
    role_session_name: str,
    policy_arns: tuple[PolicyDescriptor, ...] = (),
    policy: str | None = None,
    duration_seconds: int | None = None,
    tags: Tags = (),
    transitive_tag_keys: tuple[str, ...] = (),
    external_id: str | None = None,
    serial_number: str | None = None,
    token_code: str | None = None,
    source_identity: str | None = None,
) -> Result:
    """Credentials of a new session of the role, for `duration_seconds` (900 to 43200, one hour unless given)."""
    role = role_of(call, tx)
    if role is None:  # authorized a moment ago in the same view
        raise Refusal("AccessDenied", f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole")
    seconds = _seconds(call, role, duration_seconds)
    kept, transitive = session_tags(tags, transitive_tag_keys, call.caller)
    identity = source_identity_of(source_identity, call.caller)
    session = Session(
        kind="assumed-role",
        partition=call.place.partition,
        account=role.account,
        principal_id=role.id,
        name=role_session_name,
        issued=call.now,
        not_before=call.now,
        expires=call.now + timedelta(seconds=seconds),
        chained=call.caller.temporary,
        mfa_at=call.mfa_at,
        source_identity=identity,
        policy=session_policy(policy),
        policy_ids=managed_ids(call, tx, policy_arns, account=role.account),
        tags=kept,
        transitive=transitive,
        epoch=role.session_epoch,
        region=call.origin.region,
    )
    issued = issue(call, session)
    answer: dict[str, Any] = {
        "Credentials": issued.shown,
        "AssumedRoleUser": assumed_role_user(call, role, role_session_name),
    }
    if policy is not None or policy_arns or tags:
        answer["PackedPolicySize"] = issued.packed_policy_size
    if identity is not None:
        answer["SourceIdentity"] = identity
    return answer


def _seconds(call: Call, role: Role, wanted: int | None) -> int:
    """The length of the session. Raises ValidationError beyond the chain's hour or the role's maximum."""
    if wanted is None:
        return CHAINED_SECONDS
    if call.caller.temporary and wanted > CHAINED_SECONDS:
        raise Refusal("ValidationError", CHAINED)
    if wanted > role.max_session_duration:
        raise Refusal("ValidationError", TOO_LONG)
    return wanted
