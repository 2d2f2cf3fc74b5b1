"""A refusal as the bytes of an answer.

Law: code, sentence and status come from the Refusal as they are; nothing else of it is shown, and nothing of the
request but its id. No other element than AWS's (wire.md 3): a lower-case `<message>` would show up in clients.
"""

from __future__ import annotations

from collections.abc import Mapping

from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.http import Headers
from locum.wire.xml import escape

# The namespace of errors that belong to no operation, as AWS's query services use it for InvalidAction.
FAULT_NAMESPACE = "http://webservices.amazon.com/AWSFault/2005-15-09"


def render(refusal: Refusal, service: str | None, request_id: str) -> bytes:
    """The body of an error answer of the query protocol. `service` is None where the request named none."""
    kind = "Receiver" if refusal.status >= 500 else "Sender"
    return (
        f'<ErrorResponse xmlns="{_namespace(service)}"><Error><Type>{kind}</Type><Code>{escape(refusal.code)}</Code>'
        f"<Message>{escape(refusal.message)}</Message></Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>"
    ).encode()


def headers(request_id: str) -> Headers:
    """The headers of every answer of the query protocol, success or error; the id is that of the body (wire.md 3)."""
    return (("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id))


# Query services only: their namespaces are in the models.
_NAMESPACES: Mapping[str, str] = {
    name: f"https://{name}.amazonaws.com/doc/{shapes.VERSIONS[name]}/" for name in ("iam", "sts")
}


def _namespace(service: str | None) -> str:
    return _NAMESPACES.get(service or "", FAULT_NAMESPACE)
