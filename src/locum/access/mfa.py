"""The MFA code that comes with a call: accepted once, in a step of its own, before anything else is decided.

Law: what must outlive a refusal commits by itself (decisions 17): the accepted step of the clock, and the failed try.
Only the caller's own device counts. Sentences as AWS shows them, double and trailing blanks included.
"""

from __future__ import annotations

from datetime import datetime

from locum.aws.faults import Refusal
from locum.call import Call
from locum.iam.mfa_devices import accept_code, find_device
from locum.store.tx import Store, Tx

UNABLE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and"
    " associated with this user."
)
WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


def brings_code(call: Call) -> bool:
    """Whether the call carries an MFA code, or half of one."""
    return "TokenCode" in call.inputs or "SerialNumber" in call.inputs


def accept_mfa(call: Call, store: Store) -> datetime:
    """When the code of this call was accepted. Raises AccessDenied for a code that is not
    right, ValidationError for a code without a serial number or the reverse."""
    serial, code = call.inputs.get("SerialNumber"), call.inputs.get("TokenCode")
    if serial is None or code is None:
        raise Refusal("ValidationError", "SerialNumber and TokenCode go together: send both or neither")
    caller = call.caller
    device = store.read(lambda tx: find_device(tx, serial))
    if caller.temporary or device is None or not device.user or device.user != caller.entity_id:
        raise Refusal("AccessDenied", UNABLE)

    def step(tx: Tx) -> bool:
        tx.written_by(call.author)
        return accept_code(tx, caller.entity_id, serial, code, call.wire_now)

    if not store.write(step):
        raise Refusal("AccessDenied", WRONG)
    return call.now
