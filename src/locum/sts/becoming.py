"""What becoming a role asks and gives, whoever vouches for the caller: shared by the unsigned calls of STS.

Law: the trust policy alone decides (semantics 7, "Role trust"): the call itself, tags and a source identity that the
provider gives each need their action in it. The session is as long as asked, within the role's maximum, and has what
the provider gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from locum.aws.faults import Refusal
from locum.call import Asked, Call, Vouched
from locum.iam.request_tags import passed
from locum.session.session import Kind, Session
from locum.store.tx import Tx
from locum.sts.issue import issue
from locum.sts.roles import TOO_LONG, asked_of_role, assumed_role_user, role_of
from locum.sts.session_policies import PolicyDescriptor, managed_ids, session_policy
from locum.sts.session_tags import session_tags

USUAL_SECONDS = 3600


def vouched_of(call: Call) -> Vouched:
    """Who vouches for the caller. Raises AccessDenied when nobody does, which no call that was proved meets."""
    if call.caller.vouched is None:
        raise Refusal("AccessDenied", f"Not authorized to perform {call.operation.name}")
    return call.caller.vouched


def asked_of(call: Call, tx: Tx, *, session_name: str) -> Sequence[Asked]:
    """The call on the role, and sts:TagSession and sts:SetSourceIdentity when the provider gives tags or an identity.
    A role that does not exist is asked about like any other."""
    vouched = vouched_of(call)
    role = role_of(call, tx)
    context: dict[str, str | tuple[str, ...]] = {"sts:RoleSessionName": session_name}
    if vouched.source_identity is not None:
        context["sts:SourceIdentity"] = vouched.source_identity
    if vouched.tags:
        context.update(passed((tag.key, tag.value) for tag in vouched.tags))
    if vouched.transitive:
        context["sts:TransitiveTagKeys"] = vouched.transitive
    actions = [call.operation.name]
    if vouched.tags or vouched.transitive:
        actions.append("sts:TagSession")
    if vouched.source_identity is not None:
        actions.append("sts:SetSourceIdentity")
    return asked_of_role(call, role, actions, context)


def become(
    call: Call,
    tx: Tx,
    *,
    kind: Kind,
    session_name: str,
    seconds: int,
    policy: str | None,
    policy_arns: Sequence[PolicyDescriptor],
) -> dict[str, Any]:
    """Credentials of a new session of the role, and what every answer of this kind has. Raises ValidationError beyond
    the role's maximum."""
    vouched = vouched_of(call)
    role = role_of(call, tx)
    if role is None:  # authorized a moment ago in the same view
        raise Refusal("AccessDenied", f"Not authorized to perform {call.operation.name}")
    if seconds > role.max_session_duration:
        raise Refusal("ValidationError", TOO_LONG)
    tags, transitive = session_tags(vouched.tags, vouched.transitive, call.caller)
    expires = call.now + timedelta(seconds=seconds)
    session = Session(
        kind=kind,
        partition=call.place.partition,
        account=role.account,
        principal_id=role.id,
        name=session_name,
        issued=call.now,
        not_before=call.now,
        expires=expires if vouched.until is None else min(expires, vouched.until),
        source_identity=vouched.source_identity,
        provider=vouched.provider,
        policy=session_policy(policy),
        policy_ids=managed_ids(call, tx, policy_arns, account=role.account),
        tags=tags,
        transitive=transitive,
        epoch=role.session_epoch,
        region=call.origin.region,
    )
    issued = issue(call, session)
    answer: dict[str, Any] = {
        "Credentials": issued.shown,
        "AssumedRoleUser": assumed_role_user(call, role, session_name),
    }
    if policy is not None or policy_arns or vouched.tags:
        answer["PackedPolicySize"] = issued.packed_policy_size
    if vouched.source_identity is not None:
        answer["SourceIdentity"] = vouched.source_identity
    return answer
