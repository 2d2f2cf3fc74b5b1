"""sts:GetFederationToken: a user's credentials for somebody else, narrowed by session policies.

Law: long-term credentials only. What the session may do is what the user may and the session policies allow; without a
session policy only what a resource's own policy grants it (semantics 7). It calls no IAM, and of STS GetCallerIdentity
alone. Tags need sts:TagSession. Source: AWS STS API reference, GetFederationToken; IAM User Guide, "Compare AWS STS
credentials".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Asked, Call, Result, operation
from locum.iam.entities import User
from locum.iam.request_tags import request_tags
from locum.session.session import Session
from locum.store.tx import Tx
from locum.sts.issue import issue
from locum.sts.session_policies import PolicyDescriptor, managed_ids, session_policy
from locum.sts.session_tags import session_tags

DEFAULT_SECONDS = 43_200
ROOT_SECONDS = 3_600


def asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """sts:GetFederationToken on the federated user, and sts:TagSession when tags are passed."""
    tags, context = call.inputs.get("Tags"), request_tags(call.inputs)
    arn = call.arn(f"federated-user/{call.inputs['Name']}", service="sts")
    actions = ("sts:GetFederationToken", "sts:TagSession") if tags else ("sts:GetFederationToken",)
    return [Asked(action=action, arn=arn, account=call.account, context=context) for action in actions]


@operation("sts:GetFederationToken", asks=asks, later=("MinimumSessionTokenSize",))
def get_federation_token(
    call: Call,
    tx: Tx,
    *,
    name: str,
    policy: str | None = None,
    policy_arns: tuple[PolicyDescriptor, ...] = (),
    duration_seconds: int | None = None,
    tags: Tags = (),
) -> Result:
    """Temporary credentials for 900 to 129600 seconds, twelve hours unless given; those of root one hour at most."""
    caller = call.caller
    if caller.temporary or caller.kind not in ("user", "root"):
        raise Refusal("AccessDenied", "Cannot call GetFederationToken with session credentials")
    root = caller.kind == "root"
    seconds = duration_seconds if duration_seconds is not None else DEFAULT_SECONDS
    user = None if root else tx.get_id(User, caller.entity_id)
    kept, _ = session_tags(tags, (), caller)
    session = Session(
        kind="federated-user",
        partition=call.place.partition,
        account=caller.account,
        principal_id=caller.entity_id,
        name=name,
        issued=call.now,
        not_before=call.now,
        expires=call.now + timedelta(seconds=min(seconds, ROOT_SECONDS) if root else seconds),
        policy=session_policy(policy),
        policy_ids=managed_ids(call, tx, policy_arns, account=caller.account),
        tags=kept,
        epoch=user.session_epoch if user is not None else 0,
        region=call.origin.region,
    )
    issued = issue(call, session)
    answer: dict[str, Any] = {
        "Credentials": issued.shown,
        "FederatedUser": {
            "FederatedUserId": f"{caller.account}:{name}",
            "Arn": call.arn(f"federated-user/{name}", service="sts"),
        },
        "PackedPolicySize": issued.packed_policy_size or 0,
    }
    return answer
