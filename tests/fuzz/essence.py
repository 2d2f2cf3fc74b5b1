"""What a signed request means, said in the slowest and most obvious way.

Law: written from rules S11 to S26 alone and sharing no code with `locum.sigv4`. Two requests may be taken under one
signature only if they have the same essence. It does not compute signatures and does not say who is right.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from locum.http import Request


def essence(request: Request, *, literal_path: bool = False) -> dict[str, Any]:
    """Everything of the request that must not change under its signature."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name.lower(), []).append(re.sub(" +", " ", value.strip(" "), flags=re.ASCII))
    parameters = sorted(
        tuple(unquote_to_bytes(half.encode("utf-8")) for half in (part.split("=", 1) + [""])[:2])
        for part in request.query.split("&")
        if part
    )
    fields = carrier_fields(headers, dict(parameters))
    named = set(fields["SignedHeaders"].split(";"))
    counted = {name for name in headers if name in named or name.startswith("x-amz-") or name == "content-type"}
    if "Expires" in fields:  # its own parameters may be echoed as headers
        counted -= {name for name in counted - named if echoed(name, headers[name], dict(parameters))}
    return {
        "method": request.method,
        "path": request.path if literal_path else resolved(request.path),
        "parameters": parameters,
        "headers": {name: headers[name] for name in sorted(counted)},
        "time": headers.get("x-amz-date") or headers.get("date") if "Expires" not in fields else None,
        "body": request.body,
        "carrier": fields,
    }


def carrier_fields(headers: dict[str, list[str]], parameters: dict[bytes, bytes]) -> dict[str, str]:
    """What the carrier says, by field, whatever its form and order."""
    texts = headers.get("authorization")
    if texts:
        (text,) = texts
        return dict(tuple(part.strip(" ").split("=", 1)) for part in text.partition(" ")[2].split(","))  # type: ignore[misc]
    prefix = b"X-Amz-"
    return {
        name.removeprefix(prefix).decode(): value.decode("latin-1")
        for name, value in parameters.items()
        if name.startswith(prefix)
    }


def echoed(name: str, values: list[str], parameters: dict[bytes, bytes]) -> bool:
    """Whether this header only repeats a parameter of the signature (rule S16)."""
    of_own = {"algorithm", "credential", "date", "expires", "signedheaders", "signature"}
    return name.removeprefix("x-amz-") in of_own and any(
        key.decode("latin-1").lower() == name and [value.decode("latin-1")] == values
        for key, value in parameters.items()
    )


def resolved(path: str) -> str:
    """The path without dots and double slashes."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")
