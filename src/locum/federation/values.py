"""Strict JSON as plain values: what a token, a discovery document or a key set says.

Law: read by the project's one JSON parser, which refuses doubled keys, half characters and depth; numbers stay text in
a type of their own, so that nothing takes `1e9` for a text or a text for a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from locum.policy.document import DocumentError, Kind, Node, parse_document

MOST = 65_536
_WHOLE = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?", re.ASCII)


class Number(str):
    """A number as it is written."""

    __slots__ = ()

    def whole(self) -> int | None:
        """Its whole part, when it is a plain number that is not negative."""
        found = _WHOLE.fullmatch(self)
        return None if found is None else int(found[1])


def object_in(octets: bytes, *, most: int = MOST) -> Mapping[str, Any]:
    """The object that these octets are. Raises ValueError for anything else."""
    root = parse_document(octets, max_text=most).root
    if root.kind is not Kind.OBJECT:
        raise ValueError("not an object")
    found: Mapping[str, Any] = _value(root)
    return found


def _value(node: Node) -> Any:
    if node.kind is Kind.OBJECT:
        return {member.key: _value(member.value) for member in node.members}
    if node.kind is Kind.LIST:
        return [_value(item) for item in node.items]
    if node.kind is Kind.NUMBER:
        return Number(node.text)
    if node.kind is Kind.BOOLEAN:
        return node.text == "true"
    return None if node.kind is Kind.NULL else node.text


def is_string(value: object) -> bool:
    """Whether a value is a text, of any length."""
    return isinstance(value, str) and not isinstance(value, Number)


def is_text(value: object, longest: int = 255) -> bool:
    """Whether a value is a text of 1 to so many characters."""
    return isinstance(value, str) and is_string(value) and 1 <= len(value) <= longest


__all__ = ["MOST", "DocumentError", "Number", "is_string", "is_text", "object_in"]
