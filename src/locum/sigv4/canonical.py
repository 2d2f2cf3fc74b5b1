"""The canonical form of a request: the one text that a signature is computed over.

Law: pure text work after rules S22 to S26. Two requests with one canonical form mean the same to everything behind
the verifier; whatever could be read in two ways (a broken escape, a control character, a line break in a value) has no
canonical form and is refused. Nothing here knows keys, time or who signed.
Facts: "Create a signed AWS API request" in the IAM User Guide.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote_from_bytes, unquote_to_bytes

from locum.http import Headers
from locum.sigv4 import refusals

Pairs = tuple[tuple[bytes, bytes], ...]

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
EMPTY_PAYLOAD = hashlib.sha256(b"").hexdigest()

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
_UNRESERVED_PATH = re.compile(r"/[A-Za-z0-9\-._~/]*", re.ASCII)
_RUN_OF_BLANKS = re.compile(r" {2,}", re.ASCII)


def _latin1(text: str) -> bytes | None:
    """The bytes that stood on the wire, or None when this text was never on one."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None


def pairs(query: str) -> Pairs:
    """The parameters of a raw query string, decoded once, in the order sent (rule S23).

    Split on `&` only; blank values are kept; a name without `=` gets a blank value; `+` stays a plus. This is the
    decoder for the signature and for query parameters alike. Raises SignatureError (MalformedQueryString) for a broken
    escape (rule S24). Does NOT check that names are unique or that values are UTF-8.
    """
    if not query:
        return ()
    raw = _latin1(query)
    if raw is None or _BROKEN_ESCAPE.search(query):
        raise refusals.malformed_query()
    found = []
    for part in raw.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            if b"%" in part:
                name, value = unquote_to_bytes(name), unquote_to_bytes(value)
            found.append((name, value))
    return tuple(found)


def canonical_query(parameters: Iterable[tuple[bytes, bytes]]) -> str:
    """The parameters encoded anew and sorted by encoded name, then encoded value (rule S23)."""
    encoded = sorted((quote_from_bytes(name, ""), quote_from_bytes(value, "")) for name, value in parameters)
    return "&".join([f"{name}={value}" for name, value in encoded])


def _without_dots(path: str) -> str:
    """The path with `.`, `..` and empty segments resolved; a slash at the end stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    closing = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + closing


def canonical_path(path: str, *, literal: bool = False) -> str:
    """The path as it is signed (rule S22): normalised and encoded once more, or, when `literal` (s3), neither.

    Raises SignatureError (InvalidRequest) for a broken escape or a path that does not start with a slash.
    """
    if path == "/":
        return path
    raw = _latin1(path)
    if raw is None or not path.startswith("/") or _BROKEN_ESCAPE.search(path):
        raise refusals.malformed_request("the path must start with `/` and hold no broken `%` escape")
    if literal:
        if _UNRESERVED_PATH.fullmatch(path):
            return path
        return "/".join([quote_from_bytes(unquote_to_bytes(segment), "") for segment in raw.split(b"/")])
    plain = _without_dots(path)
    if _UNRESERVED_PATH.fullmatch(plain):
        return plain
    return quote_from_bytes(plain.encode("latin-1"), "/")


def gather(headers: Headers) -> dict[str, str]:
    """Every header by its lower-case name; several values joined by commas in the order received (rule S25).

    Values are trimmed, and inner blanks become one, inside quotes too.
    """
    found: dict[str, str] = {}
    for key, value in headers:
        name = key.lower()
        if "  " in value:
            value = _RUN_OF_BLANKS.sub(" ", value)
        value = value.strip(" ")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def canonical_headers(signed: Iterable[str], headers: Mapping[str, str]) -> str:
    """The lines of the signed headers, each closed by a line break. The caller has made sure that `headers` holds all
    of them (rule S16).

    Raises SignatureError when a value holds a control or a non-ASCII character (rule S43): with a line break in it,
    one header would look like two.
    """
    lines = []
    for name in signed:
        value = headers[name]
        if not (value.isprintable() and value.isascii()):
            raise refusals.malformed_request(f"the signed header `{name}` must hold printable ASCII characters only")
        lines.append(f"{name}:{value}\n")
    return "".join(lines)


def canonical_request(
    method: str,
    *,
    path: str,
    query: str,
    headers: str,
    signed_headers: str,
    payload: str,
) -> str:
    """The six parts in their order, joined by line breaks. `payload` is a hash in hexadecimal or AWS's marker for none.

    Raises SignatureError for a method that is not upper-case ASCII letters (rule S22): it stands in a line of its own.
    """
    if not (method.isascii() and method.isalpha() and method.isupper()):
        raise refusals.malformed_request("the method must be written in capital letters")
    return f"{method}\n{path}\n{query}\n{headers}\n{signed_headers}\n{payload}"


def string_to_sign(canonical: str, *, timestamp: str, scope: str) -> str:
    """The text under the HMAC: algorithm, time, credential scope and the hash of the canonical request."""
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"


def payload_hash(body: bytes) -> str:
    """SHA-256 of the body received, in hexadecimal (rule S19)."""
    return hashlib.sha256(body).hexdigest() if body else EMPTY_PAYLOAD
