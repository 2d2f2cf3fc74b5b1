"""The JSON protocol, version 1.1: inputs read from an object and a result written as one, both by AWS's own shapes.

Law: as `query.py` for the query protocol: read only after the caller is known (rule S21), typed by the shape of the
operation, MalformedInput for what has another type and ValidationError for what breaks a constraint of the model. A
member that the operation does not have is ignored, null is absent, a member given twice is refused (rule S4). Times are
seconds since 1970. Source: wire.md 4.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from locum.aws.faults import Refusal
from locum.aws.shapes import OperationShape, Shape
from locum.http import Request
from locum.wire import constraints

MEDIA_TYPE = "application/x-amz-json-1.1"

_MOST = {"integer": 2**31 - 1, "long": 2**63 - 1}


def read(request: Request, operation: OperationShape) -> dict[str, Any]:
    """The inputs that were sent, typed: str, int, bool, bytes, datetime in UTC, list and dict.

    Raises Refusal: MalformedInput or ValidationError. Does not check the signature, who asks, or what is stored.
    """
    sent = _parsed(request.body)
    inputs: dict[str, Any] = {}
    if operation.input is not None:
        inputs = _structure(sent, operation.input, operation.shapes, "")
    wrong = constraints.fault(operation, inputs)
    if wrong is not None:
        raise Refusal("ValidationError", wrong)
    return inputs


def render(operation: OperationShape, result: Mapping[str, Any] | None) -> bytes:
    """The body of a success. Raises KeyError for a member that the shape does not have, TypeError for another type."""
    if operation.output is None:
        if result:
            raise KeyError(f"{operation.action} has no output, got {', '.join(result)}")
        return b"{}"
    return json.dumps(_written(result or {}, operation.output, operation.shapes), separators=(",", ":")).encode()


def _parsed(body: bytes) -> Mapping[str, Any]:
    if not body:
        return {}
    try:
        sent = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _malformed("the body is not a JSON object") from None
    if not isinstance(sent, dict):
        raise _malformed("the body is not a JSON object")
    return sent


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _malformed("a member is given twice; it is given once")
    return found


def _refuse_constant(text: str) -> Any:
    raise ValueError(text)


def _structure(value: Any, shape: Shape, shapes: Mapping[str, Shape], path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(f"`{path or 'the body'}` is not an object")
    return {
        name: _read(value[name], shapes[ref.shape], shapes, f"{path}.{name}" if path else name)
        for name, ref in shape.members.items()
        if value.get(name) is not None
    }


def _read(value: Any, shape: Shape, shapes: Mapping[str, Shape], path: str) -> Any:
    """The value of one member."""
    if shape.type == "structure":
        return _structure(value, shape, shapes, path)
    if shape.type == "list" and shape.member:
        if not isinstance(value, list):
            raise _malformed(f"`{path}` is not a list")
        element = shapes[shape.member.shape]
        return [None if one is None else _read(one, element, shapes, path) for one in value]
    if shape.type == "map" and shape.value:
        if not isinstance(value, dict):
            raise _malformed(f"`{path}` is not an object")
        element = shapes[shape.value.shape]
        return {_text(name, path): _read(one, element, shapes, path) for name, one in value.items()}
    return _scalar(value, shape.type, path)


def _scalar(value: Any, type: str, path: str) -> Any:
    if type == "string" and isinstance(value, str):
        return _text(value, path)
    if type == "boolean" and isinstance(value, bool):
        return value
    if type in _MOST and isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST[type]:
        return value
    if type == "timestamp" and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            raise _malformed(f"`{path}` is not a time of the calendar") from None
    if type == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise _malformed(f"`{path}` is not base64") from None
    raise _malformed(f"`{path}` is not a {type}")


def _text(value: str, path: str) -> str:
    """A text that can be written again: an escape may name half a character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _malformed(f"`{path}` holds half of a character") from None
    return value


def _written(value: Any, shape: Shape, shapes: Mapping[str, Shape]) -> Any:
    """A value as JSON has it; absent members (None) are left out."""
    if shape.type == "structure":
        return {
            name: _written(one, shapes[shape.members[name].shape], shapes)
            for name, one in value.items()
            if one is not None
        }
    if shape.type == "list" and shape.member:
        if isinstance(value, str | bytes | Mapping):
            raise TypeError(f"a list is written from a sequence, not from {type(value).__name__}")
        return [_written(one, shapes[shape.member.shape], shapes) for one in value]
    if shape.type == "map" and shape.value:
        return {name: _written(one, shapes[shape.value.shape], shapes) for name, one in value.items()}
    if shape.type == "timestamp" and isinstance(value, datetime) and value.tzinfo is not None:
        return int(value.timestamp())
    if shape.type == "blob" and isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    expected = {"string": str, "boolean": bool, "integer": int, "long": int}.get(shape.type)
    if expected is None or not isinstance(value, expected) or isinstance(value, bool) != (expected is bool):
        raise TypeError(f"a {shape.type} is not written from {type(value).__name__}")
    return value


def _malformed(sentence: str) -> Refusal:
    return Refusal("MalformedInput", sentence)
