"""A record in the shape of CloudTrail, for tools that read CloudTrail.

Law: AWS's member names and forms (CloudTrail User Guide, "CloudTrail record contents", version 1.11); what we know has
its place there and nothing is made up. What has no place stands under `additionalEventData`, with our names. Pure.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from locum.audit.record import ALLOWED, Record, SessionUsed

VERSION = "1.11"
_NAMESPACE = uuid.UUID("6f1b2a52-7a0e-5d0a-9a57-0c9a6ad8c0de")

#: caller's kind -> userIdentity.type
TYPES = {
    "root": "Root",
    "user": "IAMUser",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    "web-identity": "WebIdentityUser",
    "saml": "SAMLUser",
}
DENIALS = frozenset({"explicitDeny", "implicitDeny"})
_READS = ("Get", "List", "Simulate", "Generate", "Decode")


def event(record: Record) -> Mapping[str, Any]:
    """One event. Its id follows from the request's, so that an export made twice has the same ids."""
    found: dict[str, Any] = {
        "eventVersion": VERSION,
        "userIdentity": _identity(record),
        "eventTime": _time(record.at),
        "eventSource": f"{record.service or 'unknown'}.amazonaws.com",
        "eventName": record.operation.rpartition(":")[2],
        "awsRegion": record.region,
        "sourceIPAddress": record.source_ip,
        "userAgent": record.user_agent,
        "requestParameters": _camel(record.inputs) or None,
        "responseElements": None,
        "additionalEventData": _more(record),
        "requestID": record.request_id,
        "eventID": str(uuid.uuid5(_NAMESPACE, record.request_id)),
        "readOnly": not record.changes and record.operation.rpartition(":")[2].startswith(_READS),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": record.account,
        "eventCategory": "Management",
    }
    if record.outcome != ALLOWED:
        found["errorCode"] = "AccessDenied" if record.outcome in DENIALS else record.outcome
    return found


def _identity(record: Record) -> Mapping[str, Any]:
    if not record.caller:
        return {"type": "Unknown", "accessKeyId": record.access_key_id}
    found: dict[str, Any] = {
        "type": TYPES.get(record.caller_kind, "Unknown"),
        "principalId": record.caller_id,
        "arn": record.caller,
        "accountId": record.account,
        "accessKeyId": record.access_key_id,
    }
    if record.caller_kind in ("web-identity", "saml"):  # it has no ARN and no key
        return {"type": found["type"], "principalId": record.caller_id, "identityProvider": record.caller}
    if record.caller_kind == "user":
        found["userName"] = record.caller.rpartition("/")[2]
    if record.session is not None:
        found["sessionContext"] = _session(record, record.session)
    return found


def _session(record: Record, session: SessionUsed) -> Mapping[str, Any]:
    mfa = "true" if session.mfa_at is not None else "false"
    found: dict[str, Any] = {"attributes": {"creationDate": _time(session.issued), "mfaAuthenticated": mfa}}
    if session.source_identity is not None:
        found["sourceIdentity"] = session.source_identity
    if record.caller_kind == "assumed-role":
        role = record.caller.rpartition(":")[2].split("/")[1]
        found["sessionIssuer"] = {
            "type": "Role",
            "principalId": record.caller_id.partition(":")[0],
            "accountId": record.account,
            "userName": role,
        }
    return found


def _more(record: Record) -> Mapping[str, Any]:
    found: dict[str, Any] = {"outcome": record.outcome, "generation": record.generation}
    if record.statements:
        found["statements"] = list(record.statements)
    if record.layers:
        found["layers"] = list(record.layers)
    if record.reason:
        found["reason"] = record.reason
    return found


def _camel(value: Any) -> Any:
    """Inputs as CloudTrail writes them: members begin with a small letter."""
    if isinstance(value, Mapping):
        return {f"{name[:1].lower()}{name[1:]}": _camel(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_camel(one) for one in value]
    return value


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
