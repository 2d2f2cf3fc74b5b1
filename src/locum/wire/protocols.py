"""Which protocol a service speaks: how its inputs are read, its results written, and what its answers say they are.

Law: one table; the query protocol where it says nothing. What both have in common stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locum.aws.shapes import OperationShape
from locum.http import Request
from locum.wire import json, query, xml

# X-Amz-Target's prefix -> service (wire.md 1).
JSON = {"AWSOrganizationsV20161128": "organizations"}
SERVICES = frozenset(JSON.values())


def read(request: Request, shape: OperationShape) -> dict[str, Any]:
    """The inputs of a call, typed. Raises Refusal: MalformedInput, MalformedQueryString or ValidationError."""
    if shape.service in SERVICES:
        return json.read(request, shape)
    return query.read(request, shape)


def render(shape: OperationShape, result: Mapping[str, Any] | None, request_id: str) -> bytes:
    """The body of a success."""
    if shape.service in SERVICES:
        return json.render(shape, result)
    return xml.render(shape, result, request_id)
