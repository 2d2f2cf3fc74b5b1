"""The inputs of a query call: one merged, typed map in AWS's member names.

Law: read only after the caller is known (rule S21), from query and body together (rule S4), by the shape of the
operation, which is compiled at first use. Parsing comes first and refuses with MalformedInput; then the constraints of
the model refuse with ValidationError (wire.md 3, order of checks). Parameters that the operation does not have are
ignored. A sentence without a source in wire.md 7.2 is ours.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from locum.aws.faults import Refusal
from locum.aws.shapes import OperationShape, Shape
from locum.http import Request
from locum.wire import constraints, form
from locum.wire.xml import render as render

# How far an index may lie above the highest one before it [P].
_SPARSE = 10
_LARGEST = 2**31 - 1

_INTEGER = re.compile(r"[+-]?0*[0-9]{1,19}", re.ASCII)
_INDEX = re.compile(r"0*[0-9]{1,10}", re.ASCII)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_ABSENT: Any = object()


def read(request: Request, operation: OperationShape) -> dict[str, Any]:
    """The inputs that were sent, typed: str, int, bool, bytes, datetime in UTC, list and dict.

    Raises Refusal: MalformedInput, MalformedQueryString or ValidationError. Does not check the signature, who asks, or
    anything that needs to know what is stored.
    """
    inputs: dict[str, Any] = {}
    root = _root(operation)
    members = root.members
    nested: dict[str, Any] = {}
    for name, text in form.parameters(request).items():
        reader = members.get(name)
        if reader is not None:
            if reader.convert is not None:
                inputs[name] = reader.convert(text)
            else:
                nested[name] = _put(reader, nested.get(name, _ABSENT), (name,), 1, text)
        elif "." in name:
            parts = tuple(name.split("."))
            reader = members.get(parts[0])
            if reader is not None:
                held = inputs if reader.convert is not None else nested
                held[parts[0]] = _put(reader, held.get(parts[0], _ABSENT), parts, 1, text)
    if nested:
        inputs |= _finish(root, nested)
    wrong = constraints.fault(operation, inputs)
    if wrong is not None:
        raise Refusal("ValidationError", wrong)
    return inputs


class _Reader(msgspec.Struct, frozen=True, eq=False):
    """How a value of one shape is read: `convert` for one text, else the readers of what is inside."""

    kind: str
    convert: Callable[[str], Any] | None = None
    members: Mapping[str, _Reader] = {}
    required: frozenset[str] = frozenset()
    element: _Reader | None = None
    key: _Reader | None = None


@functools.cache
def _root(operation: OperationShape) -> _Reader:
    return _reader(operation.input, operation.shapes) if operation.input else _Reader("structure")


def _reader(shape: Shape, shapes: Mapping[str, Shape]) -> _Reader:
    if shape.flattened:
        raise ValueError("flattened lists and maps are not read here: no service of the query protocol has them")
    if shape.type == "structure":
        members = {name: _reader(shapes[ref.shape], shapes) for name, ref in shape.members.items()}
        return _Reader(shape.type, members=members, required=frozenset(shape.required))
    if shape.type == "list" and shape.member:
        return _Reader(shape.type, element=_reader(shapes[shape.member.shape], shapes))
    if shape.type == "map" and shape.key and shape.value:
        return _Reader(
            shape.type, key=_reader(shapes[shape.key.shape], shapes), element=_reader(shapes[shape.value.shape], shapes)
        )
    return _Reader(shape.type, convert=_CONVERT[shape.type])


class _Items(dict[int, Any]):
    """The elements of a list or map while it is being read, by their index from 1."""

    highest = 0

    def place(self, text: str) -> int:
        """The index that `text` names; `01` is 1. Raises MalformedInput in AWS's sentences [P]."""
        if text.startswith("-"):
            raise _malformed(f"Key {text} may not have a leading '-'")
        if not _INDEX.fullmatch(text):
            raise _malformed("Start of list found where not expected")
        index = int(text.lstrip("0") or "0")
        if index > _LARGEST:
            raise _malformed("Start of list found where not expected")
        if index == 0:
            raise _malformed("0 is not a valid index")
        if index > self.highest + _SPARSE:
            raise _malformed(f"Excessively sparse input would skip {index - self.highest - 1} list elements")
        self.highest = max(self.highest, index)
        return index


def _put(reader: _Reader, held: Any, parts: tuple[str, ...], at: int, text: str) -> Any:
    """What is held so far, with one more parameter at `parts[at:]`. Lists and maps are held as `_Items`."""
    ended = at == len(parts)
    if reader.convert is not None:
        if not ended:
            raise _malformed(f"`{'.'.join(parts)}` goes into `{'.'.join(parts[:at])}`, which is a single value")
        if held is not _ABSENT:
            raise _malformed(f"`{'.'.join(parts)}` is given twice; a parameter is given once")
        return reader.convert(text)
    if held is _ABSENT:
        held = {} if reader.kind == "structure" else _Items()
    if ended:
        if text or reader.kind == "structure":
            raise _malformed(f"`{'.'.join(parts)}` is a {reader.kind} and has no value of its own")
        return held
    if reader.kind == "structure":
        member = reader.members.get(parts[at])
        if member is not None:
            held[parts[at]] = _put(member, held.get(parts[at], _ABSENT), parts, at + 1, text)
        return held
    if parts[at] != ("member" if reader.kind == "list" else "entry") or at + 1 == len(parts):
        raise _malformed("Start of list found where not expected")
    index = held.place(parts[at + 1])
    if reader.kind == "list":
        if reader.element is not None:
            held[index] = _put(reader.element, held.get(index, _ABSENT), parts, at + 2, text)
        return held
    side = parts[at + 2] if at + 2 < len(parts) else ""
    inner = {"key": reader.key, "value": reader.element}.get(side)
    if inner is None:
        raise _malformed(f"`{'.'.join(parts)}` names neither the key nor the value of its entry")
    entry = held.setdefault(index, {})
    entry[side] = _put(inner, entry.get(side, _ABSENT), parts, at + 3, text)
    return held


def _finish(reader: _Reader, held: Any) -> Any:
    """The plain value of what is held: gaps of a list are None, an entry without a key or a value is refused."""
    if held is _ABSENT:
        return None
    if reader.kind == "structure":
        inner = {name: _finish(reader.members[name], value) for name, value in held.items()}
        # An empty list arrives as `Name=`; where null is refused it counts as null [P].
        null = [
            name
            for name in reader.required & inner.keys()
            if not inner[name] and reader.members[name].kind in ("list", "map")
        ]
        for name in null:
            del inner[name]
        return inner
    if reader.element is None or reader.convert is not None:
        return held
    if reader.kind == "list":
        return [_finish(reader.element, held.get(index, _ABSENT)) for index in range(1, held.highest + 1)]
    found: dict[str, Any] = {}
    for entry in held.values():
        if "key" not in entry or "value" not in entry:
            raise _malformed("an entry of a map needs a key and a value")
        if entry["key"] in found:
            raise _malformed(f"the key `{entry['key']}` is given twice in one map")
        found[entry["key"]] = _finish(reader.element, entry["value"])
    return found


def parse_int(text: str, least: int, most: int) -> int:
    """The integer that `text` is: ASCII digits, perhaps a sign (rule P5). Raises ValueError, also when out of range."""
    if not _INTEGER.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError(text)
    return int(text)


def _integer(text: str) -> int:
    try:
        return parse_int(text, -(2**31), _LARGEST)
    except ValueError:
        raise _malformed(f"`{text}` is not an integer of 32 bits") from None


def _long(text: str) -> int:
    try:
        return parse_int(text, -(2**63), 2**63 - 1)
    except ValueError:
        raise _malformed(f"`{text}` is not an integer of 64 bits") from None


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text)
    if value is None:
        raise _malformed(f"`{text}` is not a boolean: true, false, 1 or 0")
    return value


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise _malformed("a binary value is not base64") from None


def _timestamp(text: str) -> datetime:
    """ISO 8601 with seconds and a zone, read by hand (rule P6)."""
    found = _TIME.fullmatch(text)
    if not found:
        raise _malformed(f"`{text}` is not a time such as 2026-11-23T19:00:00Z")
    *fields, fraction, zone = found.groups()
    try:
        offset = UTC if zone == "Z" else timezone(_offset(zone))
        moment = datetime(*map(int, fields), tzinfo=offset)  # type: ignore[misc,arg-type]
        return moment.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6])).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _malformed(f"`{text}` is not a time of the calendar") from None


def _offset(zone: str) -> timedelta:
    distance = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -distance if zone[0] == "-" else distance


_CONVERT: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _integer,
    "long": _long,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}


def _malformed(sentence: str) -> Refusal:
    return Refusal("MalformedInput", sentence)
