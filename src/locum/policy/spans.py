"""Where a statement begins and ends in its text, as AWS's simulator counts it.

Law: pure; lines and columns count from 1. AWS says where its reader stood: a statement of a list begins behind the `[`
or behind the statement before it, a statement that stands alone behind its own `{`; it ends behind its `}`. Origin:
the examples of the API reference of SimulateCustomPolicy, and answers of AWS published by others (2019 to 2026).
"""

from __future__ import annotations

import re
from typing import TypeAlias

from locum.policy.document import Kind, Node, parse_document, position

Position: TypeAlias = tuple[int, int]

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}]', re.ASCII | re.DOTALL)


def spans(text: str) -> tuple[tuple[Position, Position], ...]:
    """The begin and the end of every statement of this policy, in order. Raises DocumentError for what is no JSON."""
    statements = parse_document(text).root.find("Statement")
    if statements is None:
        return ()
    found: list[tuple[Position, Position]] = []
    alone = statements.kind is not Kind.LIST
    begin = statements.at + 1
    for node in statements.one_or_many():
        end = _end(text, node)
        found.append((position(text, begin), position(text, end)))
        begin = end
    return tuple(found[:1]) if alone else tuple(found)


def _end(text: str, node: Node) -> int:
    """The offset behind the `}` of an object; of what is none, the end of the text."""
    depth = 0
    for found in _STRUCTURE.finditer(text, node.at):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
            if depth == 0:
                return found.end()
    return len(text)
