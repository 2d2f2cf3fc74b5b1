"""The plain HTTP messages that everything below the server works on.

Law: frozen values only. No framework knows these types and they know no framework; nothing here parses a body,
decodes a path or trusts a header. Header names are lower case; values are Latin-1 text, exactly as received and in
the order received, because a signature is computed over them (security rule S25).
"""

from __future__ import annotations

import msgspec

Headers = tuple[tuple[str, str], ...]


class Request(msgspec.Struct, frozen=True):
    """One HTTP request as it arrived.

    `path` is the raw path, still percent-encoded and without its query (rule S22); `query` is the raw text behind
    the first `?`, without it. `peer` is the address of the client as the transport saw it (or as a configured proxy
    reported it, rule S45), without a port. `secure` says whether it came through TLS.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes = b""
    peer: str = ""
    secure: bool = False

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of the header called `name` (lower case), in the order received."""
        return tuple(value for key, value in self.headers if key == name)

    def header(self, name: str, default: str = "") -> str:
        """The first value of the header called `name` (lower case), or `default`."""
        for key, value in self.headers:
            if key == name:
                return value
        return default


class Response(msgspec.Struct, frozen=True):
    """One HTTP answer: status, headers (names as they are to be sent) and the whole body."""

    status: int
    headers: Headers
    body: bytes = b""
