"""Suites of policy tests as text: JSON or YAML into plain values.

Law: what two readers could take differently is refused, repeated keys first of all. In YAML only `true`, `false` and
`null` are more than text: `on` stays a word, 012345678901 an account, 2026-01-15 a date in text. It reads no file.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from locum.policy.document import MAX_DEPTH, DocumentError, Kind, Node, parse_document
from locum.policy.shorthand import CaseError

MAX_SUITE = 16 * 1024 * 1024
# Values of a YAML suite when each anchor's is counted as often as it is used: a few lines could mean billions.
MAX_VALUES = 1_000_000


def read_json(text: str | bytes) -> Any:
    """The plain value of a JSON suite; numbers are their text. Raises CaseError."""
    try:
        return plain(parse_document(text, max_text=MAX_SUITE).root)
    except DocumentError as error:
        raise CaseError(f"not JSON, {error}") from error


def plain(node: Node) -> Any:
    """The value of a node as dict, list, str, bool and None."""
    if node.kind is Kind.OBJECT:
        return {member.key: plain(member.value) for member in node.members}
    if node.kind is Kind.LIST:
        return [plain(item) for item in node.items]
    if node.kind is Kind.BOOLEAN:
        return node.text == "true"
    return None if node.kind is Kind.NULL else node.text


class _Loader(yaml.SafeLoader):
    """YAML with the types of JSON: what is neither a boolean nor null is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                mark = key.start_mark
                raise CaseError(f"line {mark.line + 1}: key `{name}` twice; each key once would be right")
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _resolve(tag: str, pattern: str, *first: str) -> None:
    _Loader.add_implicit_resolver(tag, re.compile(pattern, re.ASCII), list(first))


_resolve("tag:yaml.org,2002:bool", r"(?:true|false)\Z", "t", "f")
_resolve("tag:yaml.org,2002:null", r"(?:~|null)?\Z", "~", "n", "")
_resolve("tag:yaml.org,2002:merge", r"<<\Z", "<")


def read_yaml(text: str | bytes) -> Any:
    """The plain value of a YAML suite; numbers and dates are their text. Raises CaseError."""
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer types
    except RecursionError as error:
        raise CaseError(f"not YAML: too many levels; at most {MAX_DEPTH} levels would be right") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, CaseError):
            raise
        raise CaseError(f"not YAML: {' '.join(str(error).split())}") from error
    if _values(value, (), {}) > MAX_VALUES:
        raise CaseError(f"more than {MAX_VALUES} values, each repeated one counted; fewer would be right")
    return value


def _values(value: Any, above: tuple[int, ...], counted: dict[int, int]) -> int:
    """How many values there are in this one. Anchors may repeat a value, but not inside itself; each is looked at once,
    however often it is repeated."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) in above:
        raise CaseError("a value that holds itself; plain values would be right")
    found = counted.get(id(value))
    if found is None:
        inner = value.values() if isinstance(value, dict) else value
        found = counted[id(value)] = 1 + sum(_values(one, (*above, id(value)), counted) for one in inner)
    return found
