"""sts:GetDelegatedAccessToken: a partner's trade-in token becomes credentials. No such token was ever given out here.

Law: tokens come from iam:SendDelegationToken for a delegation request, and of those there is none
(`iam/delegation_requests.py`), so no text is one. The text is never repeated: it might be a secret of AWS's. Source:
AWS STS API reference, GetDelegatedAccessToken; the sentence is ours.
"""

from __future__ import annotations

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.store.tx import Tx


@operation("sts:GetDelegatedAccessToken")
def get_delegated_access_token(call: Call, tx: Tx, *, trade_in_token: str) -> Result:
    """Refuses: the token was not given out here."""
    raise Refusal("InvalidParameterValue", "The trade-in token provided in the request is not valid")
