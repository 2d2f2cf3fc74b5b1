"""sts:GetCallerIdentity and sts:GetAccessKeyInfo: who am I, and whose is this key.

Law: no permission is needed for GetCallerIdentity and none can deny it (semantics 7). GetAccessKeyInfo reads the
account out of the id (rule S46) and looks nothing up.
"""

from __future__ import annotations

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.access_keys import AccessKey
from locum.store.tx import Tx


@operation("sts:GetCallerIdentity", authorized=False)
def get_caller_identity(call: Call, tx: Tx) -> Result:
    """The account, the ARN and the unique id of whoever signed the request."""
    return {"UserId": call.caller.user_id, "Account": call.caller.account, "Arn": call.caller.arn}


@operation("sts:GetAccessKeyInfo")
def get_access_key_info(call: Call, tx: Tx, *, access_key_id: str) -> Result:
    """The account that an access-key id belongs to. Says nothing of whether the key exists or is active."""
    account = ids.account_of(access_key_id)
    if account is None:  # an id that a person chose (`dev`): only its row knows
        key = tx.find_id(AccessKey, access_key_id)
        account = key.account if key is not None else None
    if account is None:
        raise Refusal("ValidationError", "The access key id does not name an account")
    return {"Account": account}
