"""The signer: our own side of SigV4, for tests, demonstrations and requests sent on to a backend.

Law: pure; returns a new Request and changes none. It signs every header present but those that proxies rewrite (rule
S26), and drops what an earlier signature left behind, so that a request never carries two.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime

import msgspec

from locum.aws.secret import Secret
from locum.http import Headers, Request
from locum.sigv4 import canonical, instant
from locum.sigv4.carrier import SECURITY_TOKEN
from locum.sigv4.keys import signing_key
from locum.sigv4.verify import STANDARD, Reading

# Rule S26; `authorization` cannot sign itself.
_NEVER_SIGNED = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)
_NEVER_SIGNED_PREFIXES = ("proxy-", "sec-websocket-")
_REPLACED = frozenset({"authorization", "x-amz-date", SECURITY_TOKEN})
_REPLACED_PARAMETERS = frozenset(
    f"x-amz-{name}".encode("ascii")
    for name in ("algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token")
)


class Signer(msgspec.Struct, frozen=True):
    """Who signs, and for what: a key, with the token that belongs to it, in one region and service."""

    access_key_id: str
    secret_access_key: Secret
    region: str
    service: str
    token: str | None = None

    def scope(self, timestamp: str) -> str:
        """The credential scope of this signer on the day of `timestamp`."""
        return f"{timestamp[:8]}/{self.region}/{self.service}/{canonical.TERMINATOR}"


def sign(request: Request, signer: Signer, *, now: datetime, reading: Reading = STANDARD) -> Request:
    """The request with `x-amz-date`, the token and an `Authorization` header added. `request` must have a `host`."""
    timestamp = instant.compact(now)
    headers = _without(request.headers, _REPLACED) + (("x-amz-date", timestamp),)
    if signer.token is not None:
        headers += ((SECURITY_TOKEN, signer.token),)
    signed = _names(headers)
    parameters = canonical.pairs(request.query)
    signature = _signature(request, signer, reading, headers, signed, parameters, timestamp)
    authorization = (
        f"{canonical.ALGORITHM} Credential={signer.access_key_id}/{signer.scope(timestamp)}, "
        f"SignedHeaders={';'.join(signed)}, Signature={signature}"
    )
    return msgspec.structs.replace(request, headers=headers + (("authorization", authorization),))


def presign(request: Request, signer: Signer, *, now: datetime, expires: int, reading: Reading = STANDARD) -> Request:
    """The request with its signature in the query, good for `expires` seconds (1 to 604800)."""
    timestamp = instant.compact(now)
    headers = _without(request.headers, _REPLACED)
    signed = _names(headers)
    added = [
        ("X-Amz-Algorithm", canonical.ALGORITHM),
        ("X-Amz-Credential", f"{signer.access_key_id}/{signer.scope(timestamp)}"),
        ("X-Amz-Date", timestamp),
        ("X-Amz-Expires", str(expires)),
        ("X-Amz-SignedHeaders", ";".join(signed)),
    ]
    if signer.token is not None:
        added.append(("X-Amz-Security-Token", signer.token))
    kept = tuple(pair for pair in canonical.pairs(request.query) if pair[0].lower() not in _REPLACED_PARAMETERS)
    parameters = kept + tuple((name.encode("ascii"), value.encode("ascii")) for name, value in added)
    signature = _signature(request, signer, reading, headers, signed, parameters, timestamp)
    query = f"{canonical.canonical_query(parameters)}&X-Amz-Signature={signature}"
    return msgspec.structs.replace(request, headers=headers, query=query)


def _without(headers: Headers, names: Iterable[str]) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() not in names)


def _names(headers: Headers) -> tuple[str, ...]:
    found = {name.lower() for name, _ in headers}
    return tuple(sorted(n for n in found if n not in _NEVER_SIGNED and not n.startswith(_NEVER_SIGNED_PREFIXES)))


def _signature(
    request: Request,
    signer: Signer,
    reading: Reading,
    headers: Headers,
    signed: tuple[str, ...],
    parameters: canonical.Pairs,
    timestamp: str,
) -> str:
    text = canonical.canonical_request(
        request.method,
        path=reading.path(request.path),
        query=reading.query(parameters),
        headers=canonical.canonical_headers(signed, canonical.gather(headers)),
        signed_headers=";".join(signed),
        payload=canonical.payload_hash(request.body),
    )
    to_sign = canonical.string_to_sign(text, timestamp=timestamp, scope=signer.scope(timestamp))
    secret = signer.secret_access_key.reveal().encode("utf-8")  # SECRET
    key = signing_key(secret, timestamp[:8], signer.region, signer.service)
    return hmac.digest(key, to_sign.encode("ascii"), "sha256").hex()
