"""A result as the XML of the query protocol.

Law: what the result holds is sent, in the result's order, and nothing else; None is absent. A member that the output's
shape does not have, or a value of another type, is a mistake of ours and raises KeyError or TypeError. Writers are
compiled from the shape at first use. Text is made safe here: characters that XML 1.0 cannot carry become U+FFFD, a
carriage return is escaped because parsers would change it. The document's encoding is for the operation to do.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from locum.aws.shapes import OperationShape, Shape

Writer = Callable[[Any], str]

_UNSAFE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", re.ASCII)
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}


def render(operation: OperationShape, result: Mapping[str, Any] | None, request_id: str) -> bytes:
    """The whole answer of a success. A result is needed where the model has an output, and refused where it has none.

    Raises KeyError for a member that the shape does not have, TypeError for a value that is not of its type.
    """
    before, write, after = _envelope(operation)
    if write is None:
        if result:
            raise KeyError(f"{operation.action} has no output, got {', '.join(result)}")
        return (before + escape(request_id) + after).encode()
    return (before + write(result or {}) + after.format(escape(request_id))).encode()


def escape(text: str) -> str:
    """Text as the content of an element. Raises TypeError for what is not text."""
    if str.isprintable(text) and "<" not in text and ">" not in text and "&" not in text:
        return text  # the quick way for most: nothing unsafe is printable but the three
    return _UNSAFE.sub(lambda found: _ESCAPES.get(found.group(), "\ufffd"), text)


@functools.cache
def _envelope(operation: OperationShape) -> tuple[str, Writer | None, str]:
    """What stands around the result: with an output its wrapper is there even when empty (wire.md 3)."""
    name = f"{operation.name}Response"
    opening = f'<{name} xmlns="{operation.namespace}">'
    if operation.output is None:
        return f"{opening}<ResponseMetadata><RequestId>", None, f"</RequestId></ResponseMetadata></{name}>"
    wrapper = operation.result_wrapper
    closing = f"</{wrapper}><ResponseMetadata><RequestId>{{}}</RequestId></ResponseMetadata></{name}>"
    return f"{opening}<{wrapper}>", _structure(operation.output, operation.shapes), closing


def _writer(shape: Shape, shapes: Mapping[str, Shape]) -> Writer:
    """The writer of a shape's content, without the element around it."""
    if shape.flattened:
        raise ValueError("flattened lists and maps are not written here: no service of the query protocol has them")
    if shape.type == "structure":
        return _structure(shape, shapes)
    if shape.type == "list" and shape.member:
        return _list(shapes[shape.member.shape], shapes)
    if shape.type == "map" and shape.key and shape.value:
        return _map(_writer(shapes[shape.key.shape], shapes), _writer(shapes[shape.value.shape], shapes))
    return _WRITERS[shape.type]


def _structure(shape: Shape, shapes: Mapping[str, Shape]) -> Writer:
    members = {
        name: (f"<{name}>", _writer(shapes[ref.shape], shapes), f"</{name}>", f"<{name}/>")
        for name, ref in shape.members.items()
    }

    def write(value: Any) -> str:
        out = ""
        for name, held in value.items():
            opening, inner, closing, empty = members[name]
            if held is None:
                continue
            text = inner(held)
            out += opening + text + closing if text else empty
        return out

    return write


def _list(element: Shape, shapes: Mapping[str, Shape]) -> Writer:
    inner = _writer(element, shapes)

    def write(value: Any) -> str:
        if isinstance(value, str | bytes | Mapping):
            raise TypeError(f"a list is written from a sequence, not from {type(value).__name__}")
        return "".join([f"<member>{inner(one)}</member>" for one in value])

    return write


def _map(key: Writer, inner: Writer) -> Writer:
    def write(value: Any) -> str:
        return "".join(
            [f"<entry><key>{key(name)}</key><value>{inner(one)}</value></entry>" for name, one in value.items()]
        )

    return write


def _boolean(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    raise TypeError(f"a boolean is written from a bool, not from {type(value).__name__}")


def _integer(value: Any) -> str:
    if type(value) is not int:
        raise TypeError(f"an integer is written from an int, not from {type(value).__name__}")
    return str(value)


def _timestamp(value: Any) -> str:
    """UTC, whole seconds, `2026-11-23T19:00:00Z` (wire.md 5.3)."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a time is written from a datetime with a zone")
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(timespec="seconds")[:19] + "Z"


def _blob(value: Any) -> str:
    return base64.b64encode(value).decode("ascii")


_WRITERS: Mapping[str, Writer] = {
    "string": escape,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
