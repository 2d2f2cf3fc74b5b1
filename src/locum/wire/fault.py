"""A refusal as the bytes of an answer.

Law: code, sentence and status come from the Refusal as they are; nothing else of it is shown, and nothing of the
request but its id. No other element than AWS's (wire.md 3): a lower-case `<message>` would show up in clients.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.http import Headers
from locum.wire import protocols
from locum.wire.json import MEDIA_TYPE
from locum.wire.xml import escape

# The namespace of errors that belong to no operation, as AWS's query services use it for InvalidAction.
FAULT_NAMESPACE = "http://webservices.amazon.com/AWSFault/2005-15-09"


# The names that the JSON protocol has for what can go wrong with every call.
_IN_JSON: Mapping[str, str] = {
    "AccessDenied": "AccessDeniedException",
    "ConcurrentModification": "ConcurrentModificationException",
    "ExpiredToken": "ExpiredTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidAction": "UnknownOperationException",
    "InvalidInput": "InvalidInputException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "LimitExceeded": "ConstraintViolationException",
    "MalformedInput": "SerializationException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "Throttling": "ThrottlingException",
    "ValidationError": "InvalidInputException",
}


def status(refusal: Refusal, service: str | None) -> int:
    """The status of an error answer: in the JSON protocol 400 for whatever a caller may do better."""
    return 400 if service in protocols.SERVICES and refusal.status < 500 else refusal.status


def code(refusal: Refusal, service: str | None) -> str:
    """The code of an error answer, as that service's clients know it."""
    return _IN_JSON.get(refusal.code, refusal.code) if service in protocols.SERVICES else refusal.code


def render(refusal: Refusal, service: str | None, request_id: str) -> bytes:
    """The body of an error answer. `service` is None where the request named none. A `Reason` among the facts is a
    member of AWS's own in the errors of the JSON protocol."""
    if service in protocols.SERVICES:
        body = {"__type": code(refusal, service), "Message": refusal.message}
        if "Reason" in refusal.facts:
            body["Reason"] = str(refusal.facts["Reason"])
        return json.dumps(body).encode()
    kind = "Receiver" if refusal.status >= 500 else "Sender"
    return (
        f'<ErrorResponse xmlns="{_namespace(service)}"><Error><Type>{kind}</Type><Code>{escape(refusal.code)}</Code>'
        f"<Message>{escape(refusal.message)}</Message></Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>"
    ).encode()


def headers(request_id: str, service: str | None = None) -> Headers:
    """The headers of every answer, success or error; in the query protocol the id is that of the body (wire.md 3)."""
    media = MEDIA_TYPE if service in protocols.SERVICES else "text/xml"
    return (("Content-Type", media), ("x-amzn-RequestId", request_id))


# Query services only: their namespaces are in the models.
_NAMESPACES: Mapping[str, str] = {
    name: f"https://{name}.amazonaws.com/doc/{shapes.VERSIONS[name]}/" for name in ("iam", "sts")
}


def _namespace(service: str | None) -> str:
    return _NAMESPACES.get(service or "", FAULT_NAMESPACE)
