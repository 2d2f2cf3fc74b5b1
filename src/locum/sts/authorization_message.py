"""DecodeAuthorizationMessage: what a denial was about, for those who may know.

Law: only what this server sealed for the caller's account opens; everything else is refused alike. The answer is JSON
as AWS shows it: the verdict, the statements, the principal, the action, the resource and the condition keys.
"""

from __future__ import annotations

from typing import Any

import msgspec

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.session.message import open_message
from locum.store.tx import Tx

Value = str | tuple[str, ...]


class Denied(msgspec.Struct, frozen=True, array_like=True):
    """A denial as a message holds it. `statements` are the sid, the policy and the layer of each that decided."""

    explicit: bool
    principal_id: str
    principal_arn: str
    action: str
    resource: str
    statements: tuple[tuple[str, str, str], ...]
    context: dict[str, Value]


@operation("sts:DecodeAuthorizationMessage")
def decode_authorization_message(call: Call, tx: Tx, *, encoded_message: str) -> Result:
    """Opens a message that came with a denial."""
    text = open_message(encoded_message, call.account, call.keyring)
    if text is None:
        raise Refusal("InvalidAuthorizationMessageException", "Message is not valid")
    return {"DecodedMessage": msgspec.json.encode(_shown(msgspec.json.decode(text, type=Denied))).decode()}


def _shown(denied: Denied) -> dict[str, Any]:
    """The denial in the form of AWS's answer."""
    return {
        "allowed": False,
        "explicitDeny": denied.explicit,
        "matchedStatements": {
            "items": [
                {"statementId": sid, "effect": "DENY", "sourcePolicyId": source, "sourcePolicyType": layer}
                for sid, source, layer in denied.statements
            ]
        },
        "failures": {"items": []},
        "context": {
            "principal": {"id": denied.principal_id, "arn": denied.principal_arn},
            "action": denied.action,
            "resource": denied.resource,
            "conditions": {
                "items": [
                    {"key": key, "values": {"items": [{"value": one} for one in _many(value)]}}
                    for key, value in sorted(denied.context.items())
                ]
            },
        },
    }


def _many(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
