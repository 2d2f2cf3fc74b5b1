"""sts:GetSessionToken: a user's own temporary credentials, with MFA if a code is given.

Law: no permission is needed, though a Deny counts (semantics 7); long-term credentials are. The session has the user's
permissions; without MFA it cannot call IAM (semantics 8). Source: AWS STS API reference, GetSessionToken.
"""

from __future__ import annotations

from datetime import timedelta

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.entities import User
from locum.session.session import Session
from locum.store.tx import Tx
from locum.sts.issue import issue

DEFAULT_SECONDS = 43_200
ROOT_SECONDS = 3_600


@operation("sts:GetSessionToken", mfa=True, later=("MinimumSessionTokenSize",))
def get_session_token(
    call: Call,
    tx: Tx,
    *,
    duration_seconds: int | None = None,
    serial_number: str | None = None,
    token_code: str | None = None,
) -> Result:
    """Temporary credentials for 900 to 129600 seconds, twelve hours unless given; root gets one hour at most."""
    caller = call.caller
    if caller.temporary or caller.kind not in ("user", "root"):
        raise Refusal("AccessDenied", "Cannot call GetSessionToken with session credentials")
    root = caller.kind == "root"
    seconds = duration_seconds if duration_seconds is not None else DEFAULT_SECONDS
    user = None if root else tx.get_id(User, caller.entity_id)
    session = Session(
        kind="session",
        partition=call.place.partition,
        account=caller.account,
        principal_id=caller.entity_id,
        name="",
        issued=call.now,
        not_before=call.now,
        expires=call.now + timedelta(seconds=min(seconds, ROOT_SECONDS) if root else seconds),
        mfa_at=call.mfa_at,
        epoch=user.session_epoch if user is not None else 0,
        region=call.origin.region,
    )
    return {"Credentials": issue(call, session).shown}
