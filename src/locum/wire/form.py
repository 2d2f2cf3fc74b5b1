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

_UNDECODABLE = "a parameter holds a malformed percent escape or text that is not UTF-8"

_HEX = "0123456789abcdefABCDEF"
_OCTETS = {(high + low).encode(): bytes((int(high + low, 16),)) for high in _HEX for low in _HEX}


def parameters(request: Request) -> dict[str, str]:
    """Every parameter of a request, decoded, in order: the query's before the body's.

    Raises Refusal: MalformedQueryString or MalformedInput for what cannot be decoded, MalformedInput for a name twice
    and for a body that is not a form.
    """
    found: dict[str, str] = {}
    if request.query:
        if not request.query.isascii():
            raise Refusal("MalformedQueryString", "a query holds ASCII only; everything else is percent-escaped")
        _add(found, request.query, code="MalformedQueryString")
    if request.body:
        require_form(request)
        _add(found, _text(request.body).replace("+", " "), code="MalformedInput")
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
    parts = text.split(b"%")
    head = parts.pop(0)
    try:
        return (head + b"".join([_OCTETS[part[:2]] + part[2:] for part in parts])).decode()
    except KeyError:
        raise ValueError("malformed escape") from None


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refusal("MalformedInput", _UNDECODABLE) from None


def _add(found: dict[str, str], raw: str, *, code: str) -> None:
    """Adds the pairs of a form to those already found."""
    try:
        for pair in raw.split("&"):
            name, _, value = pair.partition("=")
            if "%" in value:
                value = decode(value.encode())
            if "%" in name:
                name = decode(name.encode())
            elif not pair:
                continue
            if name in found:
                raise Refusal("MalformedInput", f"`{name}` is given twice; a parameter is given once", parameter=name)
            found[name] = value
    except ValueError:
        raise Refusal(code, _UNDECODABLE) from None
