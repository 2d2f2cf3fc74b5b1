"""The front: what a raw HTTP request must look like before anything reads it.

Law: works on the ASGI scope alone, on its raw header pairs, raw path and query string (rules D1, S10, S41 to S43,
S45); refuses whatever two parsers could understand differently. Knows no operation and no key; does not normalise,
join or repair. The parser in front of it is httptools: what that one lets through can still be seen here (S41).
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from locum.aws.faults import Refusal
from locum.http import Request

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Pair = tuple[bytes, bytes]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Rule D1, in bytes.
LARGEST_HEADERS = 32 * 1024
LARGEST_HEADER = 16 * 1024
MOST_HEADERS = 100
# Of a query: for whoever claims to have signed it each is decoded, sorted and encoded anew. A body may hold more.
MOST_PARAMETERS = 1_000

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})

# Headers that decide: at most one of each (rule S42), and printable ASCII only (rule S43).
_SINGLE = (b"authorization", b"content-length", b"content-type", b"date", b"host", b"transfer-encoding")
_SINGLE_AMZ = (b"x-amz-content-sha256", b"x-amz-date", b"x-amz-security-token", b"x-amz-target")
_AT_MOST_ONE = frozenset(_SINGLE + _SINGLE_AMZ)

_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
_PRINTABLE = bytes(range(0x20, 0x7F))
_TARGET = re.compile(rb"/[!-\"$-~]*")
_QUERY = re.compile(rb"[!-\"$-~]*")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_LENGTH = re.compile(rb"[0-9]{1,18}")


def check(scope: Scope) -> Refusal | None:
    """The reason to refuse this request unread, or None. Does NOT look at the body, nor at any signature."""
    headers: Sequence[Pair] = scope["headers"]
    names = tuple([name.lower() for name, _ in headers])
    values = [value for _, value in headers]
    return _limits(names, values) or _target(scope) or _names(names) or _values(names, values)


def declared_length(scope: Scope) -> int | None:
    """Content-Length, or None when the request has none that `check` would let pass."""
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and _LENGTH.fullmatch(value):
            return int(value)
    return None


async def read_body(receive: Receive, cap: int, declared: int | None) -> bytes:
    """The whole body, of at most `cap` bytes. Raises Refusal (RequestEntityTooLarge) as soon as it is known to be
    longer, without reading the rest; InvalidRequest when the client leaves before the end (rule D1)."""
    if declared is not None and declared > cap:
        raise too_large(cap)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal("InvalidRequest", "the connection was closed before the body was complete")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > cap:
            raise too_large(cap)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def request_of(scope: Scope, body: bytes, proxies: tuple[str, ...] = ()) -> Request:
    """The Request that this scope and body are. `proxies` are the networks (CIDR) whose `X-Forwarded-For` and
    `X-Forwarded-Proto` count (rule S45); without them the peer is who the socket says."""
    pairs = scope["headers"]
    names = _as_text(tuple([name for name, _ in pairs]))
    headers = tuple(zip(names, [value.decode("latin-1") for _, value in pairs], strict=True))
    client = scope.get("client")
    peer: str = client[0] if client else ""
    secure = scope.get("scheme") == "https"
    if proxies:
        peer, secure = _forwarded(peer, secure, headers, _networks(proxies))
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        peer=peer,
        secure=secure,
    )


@lru_cache(maxsize=128)
def _as_text(names: tuple[bytes, ...]) -> tuple[str, ...]:
    """These names as text in lower case. A client sends the same ones each time."""
    return tuple([name.decode("latin-1").lower() for name in names])


def peer_of(scope: Scope, proxies: tuple[str, ...] = ()) -> str:
    """The address that `request_of` would name, for a scope that `check` lets pass."""
    client = scope.get("client")
    peer: str = client[0] if client else ""
    if not proxies:
        return peer
    hops = tuple([("x-forwarded-for", v.decode("latin-1")) for n, v in scope["headers"] if n == b"x-forwarded-for"])
    return _forwarded(peer, False, hops, _networks(proxies))[0]


def _refuse(sentence: str) -> Refusal:
    return Refusal("InvalidRequest", sentence)


def too_large(cap: int) -> Refusal:
    """The refusal of a body beyond its cap."""
    return Refusal("RequestEntityTooLarge", f"the body is larger than {cap} bytes", limit=cap)


def _limits(names: Sequence[bytes], values: Sequence[bytes]) -> Refusal | None:
    """D1: how many headers, how large each, how large together."""
    if len(names) > MOST_HEADERS:
        return _refuse(f"the request has more than {MOST_HEADERS} headers")
    together = sum(map(len, names)) + sum(map(len, values)) + 4 * len(names)
    if together <= LARGEST_HEADER:
        return None  # then none of them is larger either
    if max([len(name) + len(value) + 4 for name, value in zip(names, values, strict=True)]) > LARGEST_HEADER:
        return _refuse(f"a header is larger than {LARGEST_HEADER} bytes")
    if together > LARGEST_HEADERS:
        return _refuse(f"the headers are larger than {LARGEST_HEADERS} bytes together")
    return None


def _target(scope: Scope) -> Refusal | None:
    """S24, S43: a known method; an origin-form path without fragment, blanks or broken escapes."""
    if scope["method"] not in METHODS:
        return _refuse(f"the method must be one of {', '.join(sorted(METHODS))}")
    path = scope.get("raw_path") or b""
    if not _TARGET.fullmatch(path) or (b"%" in path and _BROKEN_ESCAPE.search(path)):
        return _refuse("the path must start with `/` and be percent-encoded ASCII without a fragment")
    query = scope["query_string"]
    if query and (not _QUERY.fullmatch(query) or _BROKEN_ESCAPE.search(query)):
        return Refusal("MalformedQueryString", "The query string contains a syntax error.")
    if query.count(b"&") >= MOST_PARAMETERS:
        return _refuse(f"the query has more than {MOST_PARAMETERS} parameters; send them in the body")
    return None


def _names(names: tuple[bytes, ...]) -> Refusal | None:
    """S42, S43: names are tokens, what decides stands once, none looks like another to a server behind."""
    fault = _fault_of(names)
    return None if fault is None else _refuse(fault)


@lru_cache(maxsize=128)
def _fault_of(names: tuple[bytes, ...]) -> str | None:
    """What is wrong with these names. A client sends the same ones each time, and values have no part in it."""
    present = set(names)
    if b"" in present or b"".join(names).translate(None, _TOKEN):
        return "a header name holds a character that names do not have"
    if len(present) != len(names):
        for name, times in Counter(names).items():
            if times > 1 and name in _AT_MOST_ONE:
                return f"the header `{name.decode('ascii')}` was sent {times} times; send it once"
    if b"host" not in present:
        return "the request must have a `Host` header"
    if b"content-length" in present and b"transfer-encoding" in present:
        return "the request has both `Content-Length` and `Transfer-Encoding`"
    for name in present:
        if b"_" in name and name.replace(b"_", b"-") in present:
            return f"the header `{name.decode('ascii')}` differs from another one in `_` and `-` only"
    return None


def _values(names: Sequence[bytes], values: Sequence[bytes]) -> Refusal | None:
    """S43: no control characters, no tabs at either end; printable ASCII in every header that decides."""
    strange = b"".join(values).translate(None, _PRINTABLE)
    if strange:
        if any(octet < 0x20 and octet != 0x09 or octet == 0x7F for octet in strange):
            return _refuse("a header value holds a control character")
        for name, value in zip(names, values, strict=True):
            if value != value.strip(b"\t"):
                return _refuse("a header value starts or ends with a tab")
            decides = name in _AT_MOST_ONE or name.startswith(b"x-amz-")
            if decides and value.translate(None, _PRINTABLE):
                return _refuse(f"the header `{name.decode('ascii')}` must hold printable ASCII only")
    by_name = dict(zip(names, values, strict=True))
    length, coding = by_name.get(b"content-length"), by_name.get(b"transfer-encoding")
    if length is not None and not _LENGTH.fullmatch(length):
        return _refuse("`Content-Length` must be a whole number")
    if coding is not None and coding.lower() != b"chunked":
        return _refuse("the only `Transfer-Encoding` taken is `chunked`")
    if not by_name[b"host"]:
        return _refuse("the `Host` header must not be empty")
    return None


@lru_cache(maxsize=16)
def _networks(proxies: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(proxy) for proxy in proxies)


def _forwarded(
    peer: str, secure: bool, headers: tuple[tuple[str, str], ...], proxies: tuple[Network, ...]
) -> tuple[str, bool]:
    """Who is behind the configured proxies: walk `X-Forwarded-For` from the right as long as each hop is one of them.

    A unix socket has no address; with proxies configured only a proxy can reach it.
    """
    if peer and not _among(peer, proxies):
        return peer, secure
    hops = [hop.strip() for name, value in headers if name == "x-forwarded-for" for hop in value.split(",")]
    for hop in reversed(hops):
        if _address(hop) is None:
            break
        peer = hop
        if not _among(hop, proxies):
            break
    schemes = [value.strip().lower() for name, value in headers if name == "x-forwarded-proto"]
    return peer, schemes == ["https"] if schemes else secure


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _among(text: str, networks: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)
