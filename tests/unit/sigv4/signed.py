"""Signed requests for the tests of signatures, and one plain question: is this request accepted?"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from locum import sigv4
from locum.aws.secret import Secret
from locum.http import Headers, Request
from locum.sigv4 import canonical, instant

NOW = datetime(2026, 1, 1, 0, 0, 0, tzinfo=UTC)
KEY_ID = "AKIAQ3EGRIT4EXAMPLE7"
SECRET = "Aq1ZkEXAMPLEKEYwJalrXUtnFEMIsK7MDENGbPxR"
TEMPORARY_ID = "ASIAQ3EGRIT4EXAMPLE7"
TEMPORARY_SECRET = "Bq1ZkEXAMPLEKEYwJalrXUtnFEMIsK7MDENGbPxR"
TOKEN = "TFQBc29tZSB0b2tlbiB0aGF0IHRoZSB2ZXJpZmllciBuZXZlciBvcGVucw=="
SECRETS = {KEY_ID: SECRET, TEMPORARY_ID: TEMPORARY_SECRET}
REGIONS = frozenset({"us-east-1", "eu-central-1"})
BODY = (
    b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdemo&RoleSessionName=a+b"
)

SIGNER = sigv4.Signer(KEY_ID, Secret(SECRET), "us-east-1", "sts")
TEMPORARY_SIGNER = sigv4.Signer(TEMPORARY_ID, Secret(TEMPORARY_SECRET), "us-east-1", "sts", TOKEN)

Accept = Callable[[Request], bool]


def post(*more: tuple[str, str], query: str = "", body: bytes = BODY, path: str = "/") -> Request:
    """A form for STS, not signed yet."""
    headers: Headers = (
        ("host", "127.0.0.1:4566"),
        ("accept-encoding", "identity"),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("user-agent", "Boto3/1.44"),
        *more,
        ("content-length", str(len(body))),
    )
    return Request("POST", path, query, headers, body)


def get(*more: tuple[str, str], query: str = "Action=GetCallerIdentity&Version=2011-06-15") -> Request:
    """A question to STS in the query, not signed yet."""
    return Request("GET", "/", query, (("host", "sts.example"), *more))


def signed(request: Request, signer: sigv4.Signer = SIGNER, *, now: datetime = NOW) -> Request:
    """The request with an `Authorization` header."""
    return sigv4.sign(request, signer, now=now)


def presigned(request: Request, signer: sigv4.Signer = SIGNER, *, now: datetime = NOW, expires: int = 900) -> Request:
    """The request with its signature in the query."""
    return sigv4.presign(request, signer, now=now, expires=expires)


def dated(request: Request, date: str) -> Request:
    """The request signed with a `Date` header that is not under the signature, instead of `X-Amz-Date`."""
    moment = instant.parse(date)
    assert moment is not None
    written = instant.compact(moment)
    scope = f"{written[:8]}/us-east-1/sts/aws4_request"
    headers = canonical.gather(request.headers)
    names = sorted({"host", "content-type"} & set(headers))
    text = canonical.canonical_request(
        request.method,
        path=canonical.canonical_path(request.path),
        query=canonical.canonical_query(canonical.pairs(request.query)),
        headers=canonical.canonical_headers(names, headers),
        signed_headers=";".join(names),
        payload=canonical.payload_hash(request.body),
    )
    key = sigv4.signing_key(SECRET.encode(), written[:8], "us-east-1", "sts")
    to_sign = canonical.string_to_sign(text, timestamp=written, scope=scope)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return with_headers(request, ("date", date), ("authorization", authorization))


def with_headers(request: Request, *more: tuple[str, str]) -> Request:
    """The request with more headers behind its own."""
    return msgspec.structs.replace(request, headers=request.headers + more)


def replaced(request: Request, name: str, value: str | None) -> Request:
    """The request with the header `name` changed, or taken away."""
    headers = tuple((n, v if n != name else value) for n, v in request.headers)
    return msgspec.structs.replace(request, headers=tuple((n, v) for n, v in headers if v is not None))


def verified(
    request: Request,
    *,
    now: datetime = NOW,
    service: str = "sts",
    window: timedelta = sigv4.HEADER_WINDOW,
    allow_unsigned_token: bool = False,
    reading: sigv4.Reading = sigv4.STANDARD,
    day_keys: sigv4.DayKeys | None = None,
    carrier: Callable[..., sigv4.Carrier | None] = sigv4.carrier,
    verify: Callable[..., sigv4.Verified] = sigv4.verify,
) -> sigv4.Verified | None:
    """The proof of one request as a server would ask for it, or None without a signature. Raises SignatureError.

    `carrier` and `verify` are those of a build with a fault, in controls.
    """
    carried = carrier(request)
    if carried is None:
        return None
    secret = SECRETS.get(carried.access_key_id)
    return verify(
        request,
        carried,
        secret or "a dummy of this process",
        now=now,
        service=service,
        regions=REGIONS,
        window=window,
        refusal=None if secret else UNKNOWN,
        day_keys=day_keys,
        allow_unsigned_token=allow_unsigned_token,
        reading=reading,
    )


UNKNOWN = sigv4.SignatureError("InvalidClientTokenId", "The security token included in the request is invalid")


def refusal_of(request: Request, **how: object) -> sigv4.SignatureError:
    """The refusal of this request. Fails when it is accepted."""
    try:
        answer = verified(request, **how)  # type: ignore[arg-type]
    except sigv4.SignatureError as refusal:
        return refusal
    raise AssertionError(f"not refused: {answer}")


def accepts(request: Request, **how: object) -> bool:
    """Whether a server takes this request as signed. Anything but a SignatureError is a fault and gets out."""
    try:
        return verified(request, **how) is not None  # type: ignore[arg-type]
    except sigv4.SignatureError:
        return False
