"""Strict JSON with positions: the only reader of policy text (security P4, Z3).

Law: what two parsers could read differently is refused: repeated keys and keys that differ only in case, NaN, lone
surrogates, a byte order mark, anything but UTF-8. Depth is counted before the parse (security D3). Numbers stay text.
Every node knows where it begins. It knows nothing of policies.
"""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from locum.policy.match import fold

MAX_DEPTH = 32
# Characters of a policy on the wire, from the service models of IAM and STS.
MAX_TEXT = 131_072


class Kind(Enum):
    """The kinds of JSON values, by the word a message uses."""

    OBJECT = "an object"
    LIST = "a list"
    STRING = "a string"
    NUMBER = "a number"
    BOOLEAN = "a boolean"
    NULL = "null"


class Node(msgspec.Struct, frozen=True, eq=False):
    """One JSON value: `at` is the offset of its first character.

    `text` holds strings unescaped, numbers as written, `true` and `false`; `items` the elements of a list; `members`
    those of an object, in order.
    """

    kind: Kind
    at: int
    text: str = ""
    items: tuple[Node, ...] = ()
    members: tuple[Member, ...] = ()

    def find(self, key: str) -> Node | None:
        """The value of `key` in this object, or None."""
        for member in self.members:
            if member.key == key:
                return member.value
        return None

    def one_or_many(self) -> tuple[Node, ...]:
        """The elements of this list; a single value means a list of one (rule 1.1)."""
        return self.items if self.kind is Kind.LIST else (self,)


class Member(msgspec.Struct, frozen=True, eq=False):
    """A key and its value; `at` is where the key begins."""

    key: str
    at: int
    value: Node


class Document(msgspec.Struct, frozen=True, eq=False):
    """A text and the value it holds."""

    text: str
    root: Node

    def position(self, at: int) -> tuple[int, int]:
        """Line and column of offset `at`, both from 1."""
        return position(self.text, at)


class DocumentError(ValueError):
    """A text that is not one strict JSON value: what was seen, what would be right, and where (both from 1)."""

    def __init__(self, seen: str, right: str, text: str, at: int) -> None:
        self.seen, self.right = seen, right
        self.line, self.column = position(text, at)
        super().__init__(f"line {self.line}, column {self.column}: {seen}; {right}")


def position(text: str, at: int) -> tuple[int, int]:
    """Line and column of offset `at` in `text`, both from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


_SPACES = (" ", "\n", "\r", "\t")
_SPACE = re.compile(r"[ \t\r\n]*", re.ASCII)
# Values with the white space behind them.
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)"[ \t\r\n]*+', re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z]++", re.ASCII)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.ASCII)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PAIR = re.compile(r"([\ud800-\udbff])([\udc00-\udfff])")
_PLAIN = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[{]|[\]}]', re.ASCII | re.DOTALL)
_WORDS = {"true": Kind.BOOLEAN, "false": Kind.BOOLEAN, "null": Kind.NULL}


def parse_document(text: str | bytes, *, max_text: int = MAX_TEXT) -> Document:
    """The document that `text` holds, bytes being UTF-8. Raises DocumentError; never RecursionError or MemoryError.

    It does not check that the value is a policy.
    """
    if isinstance(text, bytes):
        if len(text) > 4 * max_text:
            raise DocumentError(f"{len(text)} bytes", f"at most {max_text} characters would be right", "", 0)
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DocumentError("bytes that are not UTF-8", "UTF-8 would be right", "", 0) from error
    if len(text) > max_text:
        raise DocumentError(f"{len(text)} characters", f"at most {max_text} would be right", "", 0)
    if text.startswith("\ufeff"):
        raise DocumentError("a byte order mark", "text without one would be right", text, 0)
    alone = _SURROGATE.search(text)
    if alone:
        raise DocumentError("half of a surrogate pair", "whole characters would be right", text, alone.start())
    _refuse_depth(text)
    return Document(text, _Reader(text).whole())


def _refuse_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for found in _STRUCTURE.finditer(text):
        first = text[found.start()]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                right = f"at most {MAX_DEPTH} levels would be right"
                raise DocumentError("too many levels of brackets", right, text, found.start())
        elif first in "]}":
            depth -= 1


class _Reader:
    """The recursive descent; its depth is bounded by `_refuse_depth`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Node:
        self.skip()
        node = self.value()
        if self.at != len(self.text):
            raise self.error(self.seen(), "nothing more behind the value would be right")
        return node

    def error(self, seen: str, right: str, at: int | None = None) -> DocumentError:
        return DocumentError(seen, right, self.text, self.at if at is None else at)

    def seen(self) -> str:
        return f"`{self.text[self.at : self.at + 12].rstrip()}`" if self.at < len(self.text) else "the end of the text"

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, character: str) -> bool:
        text, at = self.text, self.at
        if not text.startswith(character, at):
            return False
        self.at = at + 1
        if text[at + 1 : at + 2] in _SPACES:
            self.skip()
        return True

    def value(self) -> Node:
        at = self.at
        first = self.text[at : at + 1]
        if first == "{":
            return self.object()
        if first == "[":
            return self.list()
        if first == '"':
            return Node(Kind.STRING, at, text=self.string())
        number = _NUMBER.match(self.text, at)
        if number:
            self.at = number.end()
            self.skip()
            return Node(Kind.NUMBER, at, text=number[0])
        word = _WORD.match(self.text, at)
        if word is None or word[0] not in _WORDS:
            raise self.error(self.seen(), "a JSON value would be right")
        self.at = word.end()
        self.skip()
        return Node(_WORDS[word[0]], at, text=word[0])

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            right = "a string that ends, without control characters and unknown escapes, would be right"
            raise self.error(self.seen(), right)
        text = found[1]
        if "\\" in text:
            text = _ESCAPE.sub(_unescaped, text)
            text = _PAIR.sub(_whole, text)
            if _SURROGATE.search(text):
                raise self.error("half of a surrogate pair", "whole characters would be right")
        self.at = found.end()
        return text

    def list(self) -> Node:
        at = self.at
        self.take("[")
        if self.take("]"):
            return Node(Kind.LIST, at)
        items = [self.value()]
        while self.take(","):
            items.append(self.value())
        if not self.take("]"):
            raise self.error(self.seen(), "`,` or `]` would be right")
        return Node(Kind.LIST, at, items=tuple(items))

    def object(self) -> Node:
        at = self.at
        self.take("{")
        if self.take("}"):
            return Node(Kind.OBJECT, at)
        members: list[Member] = []
        names: dict[str, str] = {}
        while True:
            key_at = self.at
            if not self.text.startswith('"', key_at):
                raise self.error(self.seen(), 'a key in `"` would be right')
            key = self.string()
            if fold(key) in names:
                same = names[fold(key)]
                seen = f"key `{key}` twice" if same == key else f"keys `{same}` and `{key}`"
                raise self.error(seen, "each key once, whatever its case, would be right", key_at)
            names[fold(key)] = key
            if not self.take(":"):
                raise self.error(self.seen(), "`:` would be right")
            members.append(Member(key, key_at, self.value()))
            if not self.take(","):
                break
        if not self.take("}"):
            raise self.error(self.seen(), "`,` or `}` would be right")
        return Node(Kind.OBJECT, at, members=tuple(members))


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _PLAIN[found[2]]


def _whole(found: re.Match[str]) -> str:
    high, low = ord(found[1]) - 0xD800, ord(found[2]) - 0xDC00
    return chr(0x10000 + (high << 10) + low)
