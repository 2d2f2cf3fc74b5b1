"""The pairs of a form: names and values, decoded once.

Law: one decoder for every parameter (rules S4, S23, S24). Pairs are split on `&` only; a name without `=` has an empty
value; a malformed escape or invalid UTF-8 is refused, and so is a name given twice, in the query, in the body or across
the two. `+` is a blank in a body, which is signed as bytes; in a query it is the plus that the signature is computed
over. Nothing here knows an operation.
"""

from __future__ import annotations

from locum.aws.faults import Refusal
from locum.http import Request

MEDIA_TYPE = "application/x-www-form-urlencoded"

_HEX = "0123456789abcdefABCDEF"
_OCTETS = {(high + low).encode(): bytes((int(high + low, 16),)) for high in _HEX for low in _HEX}


def parameters(request: Request) -> dict[str, str]:
    """Every parameter of a request, decoded, in order: the query's before the body's.

    Raises Refusal: MalformedQueryString or MalformedInput for what cannot be decoded, MalformedInput for a name twice
    and for a body that is not a form.
    """
    found: dict[str, str] = {}
    if request.query:
        _add(found, request.query.encode("utf-8", "surrogateescape"), code="MalformedQueryString")
    if request.body:
        require_form(request)
        _add(found, request.body.replace(b"+", b" "), code="MalformedInput")
    return found


def require_form(request: Request) -> None:
    """Refuses a body that says it is something else than a form: its parameters would silently be missing."""
    kind = request.header("content-type", MEDIA_TYPE)
    if kind.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Refusal("MalformedInput", f"`{kind}` is not the content type of a query call: {MEDIA_TYPE}")


def decode(text: bytes) -> str:
    """The text behind percent escapes. Raises ValueError for a malformed escape and for bytes that are not UTF-8."""
    if b"%" not in text:
        return text.decode()
    head, *rest = text.split(b"%")
    out = [head]
    for part in rest:
        octet = _OCTETS.get(part[:2])
        if octet is None:
            raise ValueError("malformed escape")
        out += (octet, part[2:])
    return b"".join(out).decode()


def _add(found: dict[str, str], raw: bytes, *, code: str) -> None:
    """Adds the pairs of a form to those already found."""
    for pair in raw.split(b"&"):
        if not pair:
            continue
        name, _, value = pair.partition(b"=")
        try:
            key, text = decode(name), decode(value)
        except ValueError:
            raise Refusal(code, "a parameter holds a malformed percent escape or text that is not UTF-8") from None
        if key in found:
            raise Refusal("MalformedInput", f"`{key}` is given twice; a parameter is given once", parameter=key)
        found[key] = text
