"""The verifier: does this request come from whoever knows this secret, now, and for this service?

Law: one function, `verify`, in the order of rules S13 to S20; the first failure decides the error. What depends on a
key (S17, S18) never stops early: the HMAC runs, over a dummy secret if need be, and only then the first error is
reported (S5). Nothing here looks a key up, reads a clock, or takes part of the answer from the request a second time.
Chunked bodies and POST forms (S32, S33) are not built: their markers are refused by name.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache, partial

import msgspec

from locum.aws.faults import Refusal
from locum.aws.ids import ACCESS_KEY, TEMPORARY_KEY
from locum.aws.mac import SHA256, Mac
from locum.http import Request
from locum.sigv4 import canonical, instant, refusals
from locum.sigv4.carrier import SECURITY_TOKEN, Carrier
from locum.sigv4.keys import DayKeys, signing_key
from locum.sigv4.refusals import SignatureError

MINUTE = timedelta(minutes=1)
HEADER_WINDOW = 5 * MINUTE  # iam, sts, sso (rule S14)

_REGION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_UPPER = re.compile(r"[A-Z]", re.ASCII)
_CONTENT_HASH = "x-amz-content-sha256"
_ORDER = "SignedHeaders must be sorted, unique and in lower case"
_NOT_SENT = "the header `{}` is named in SignedHeaders but was not sent"

# Query parameters that may also stand as unsigned headers of the same value (rule S16). The token is not among them.
_ECHOES = {
    f"x-amz-{name.lower()}": f"X-Amz-{name}".encode("ascii")
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
}


class Verified(msgspec.Struct, frozen=True):
    """A request whose signature was computed again and found equal, with the very form that was signed."""

    carrier: Carrier
    instant: datetime
    canonical_request: str
    parameters: canonical.Pairs

    def __repr__(self) -> str:
        return f"Verified({self.carrier!r})"


class Reading(msgspec.Struct, frozen=True):
    """How a request is read into the form that is signed; s3 alone reads its path differently (rule S22)."""

    path: Callable[[str], str] = canonical.canonical_path
    query: Callable[[canonical.Pairs], str] = canonical.canonical_query
    instant: Callable[[str], datetime | None] = instant.parse


STANDARD = Reading()
LITERAL = Reading(path=partial(canonical.canonical_path, literal=True))


def verify(
    request: Request,
    carrier: Carrier,
    secret: bytes | str,
    *,
    now: datetime,
    service: str,
    regions: Collection[str] | None,
    window: timedelta = HEADER_WINDOW,
    refusal: Refusal | None = None,
    day_keys: DayKeys | None = None,
    allow_unsigned_token: bool = False,
    reading: Reading = STANDARD,
) -> Verified:
    """The proof that `request` was signed with `secret` as `carrier` says.

    `carrier` must come from `carrier(request)`. `now` is the wire's clock in UTC; `service` the operation's signing
    name; `regions` the configured set (None: any well-formed name). `refusal` is the error that the caller met when it
    looked for the key (S17, S18): pass it with a dummy secret, and it is raised after the HMAC has run.
    Raises SignatureError, or `refusal`. Does NOT check that the key is active, that the token opens, or any right.
    """
    moment, written = _time(carrier, reading)
    _within(carrier, moment, now, window)
    _scope(carrier, service, regions)
    headers = canonical.gather(request.headers)
    parameters = canonical.pairs(request.query)
    _signed_headers(carrier, headers, parameters, allow_unsigned_token)

    payload = canonical.payload_hash(request.body)
    path = reading.path(request.path)
    lines = canonical.canonical_headers(carrier.signed_headers, headers)
    key = _key(carrier, secret, day_keys)
    for signed in _signed_parameters(carrier, parameters, allow_unsigned_token):
        text = canonical.canonical_request(
            request.method,
            path=path,
            query=reading.query(signed) if signed else "",
            headers=lines,
            signed_headers=";".join(carrier.signed_headers),
            payload=payload,
        )
        to_sign = canonical.string_to_sign(text, timestamp=written, scope=carrier.scope)
        expected = key(to_sign.encode("ascii")).hex().encode("ascii")
        equal = hmac.compare_digest(expected, carrier.signature.encode("utf-8"))  # SECRET: bytes, rule S20
        if equal:
            break

    # All four are made before the first is raised: a wrong secret takes the work of an unknown id (S5).
    wrong = None if equal else refusals.WrongSignature(text, to_sign)
    for first in (_token(carrier), refusal, _payload(headers, parameters, payload), wrong):
        if first is not None:
            raise first
    return Verified(carrier=carrier, instant=moment, canonical_request=text, parameters=parameters)


def _key(carrier: Carrier, secret: bytes | str, day_keys: DayKeys | None) -> Mac:
    raw = secret.encode("utf-8") if isinstance(secret, str) else secret
    if day_keys is None:
        return Mac(signing_key(raw, carrier.date, carrier.region, carrier.service), SHA256)
    return day_keys.key(carrier.access_key_id, raw, date=carrier.date, region=carrier.region, service=carrier.service)


def _time(carrier: Carrier, reading: Reading) -> tuple[datetime, str]:
    """S13: a real second, and the scope of its day: else a day key that leaked once would count for ever."""
    moment = reading.instant(carrier.timestamp)
    if moment is None:
        raise refusals.mismatch(
            f"Date must be in ISO-8601 'basic format'. Got '{refusals.shown(carrier.timestamp)}'. "
            "See http://en.wikipedia.org/wiki/ISO_8601"
        )
    written = carrier.timestamp if len(carrier.timestamp) == 16 else instant.compact(moment)
    if carrier.date != written[:8]:
        raise refusals.mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{refusals.shown(carrier.date)}' != '{written[:8]}', from '{written}'."
        )
    return moment, written


def _within(carrier: Carrier, moment: datetime, now: datetime, window: timedelta) -> None:
    """S14, to the second; both ends belong to the window. Differences of instants cannot overflow, sums can."""
    now = now.replace(microsecond=0)
    age = now - moment
    if carrier.expires is not None:
        if age > timedelta(seconds=carrier.expires):
            raise refusals.expired("Request has expired")
        if -age > window:
            raise refusals.expired("Request is not yet valid")
        return
    if -window <= age <= window:
        return
    minutes = window // MINUTE
    if age > window:
        raise refusals.mismatch(
            f"Signature expired: {instant.compact(moment)} is now earlier than {instant.compact(now - window)} "
            f"({instant.compact(now)} - {minutes} min.)"
        )
    raise refusals.mismatch(
        f"Signature not yet current: {instant.compact(moment)} is still later than "
        f"{instant.compact(now + window)} ({instant.compact(now)} + {minutes} min.)"
    )


def _scope(carrier: Carrier, service: str, regions: Collection[str] | None) -> None:
    """S15. As on AWS every part that does not fit is named, each sentence with a blank behind it."""
    wrong = ""
    known = _REGION.fullmatch(carrier.region) if regions is None else carrier.region in regions
    if not known:
        wrong += f"Credential should be scoped to a valid region, not '{refusals.shown(carrier.region)}'. "
    if carrier.service != service:
        wrong += f"Credential should be scoped to correct service: '{service}'. "
    if carrier.terminator != canonical.TERMINATOR:
        wrong += (
            f"Credential should be scoped with a valid terminator: '{canonical.TERMINATOR}', "
            f"not '{refusals.shown(carrier.terminator)}'. "
        )
    if wrong:
        raise refusals.mismatch(wrong)


def _signed_headers(
    carrier: Carrier, headers: Mapping[str, str], parameters: canonical.Pairs, allow_unsigned_token: bool
) -> None:
    """S16: host, content-type and every x-amz header present are signed, and what is named as signed is there."""
    signed = carrier.signed_headers
    if len(signed) > len(headers):  # one is missing or stands twice; what is kept below stays small (rule D8)
        for name in signed[: len(headers) + 1]:
            if name not in headers and not _UPPER.search(name):
                raise refusals.mismatch(_NOT_SENT.format(refusals.shown(name)))
        raise refusals.mismatch(_ORDER)
    if not _in_order(signed):
        raise refusals.mismatch(_ORDER)
    if "host" not in signed and ":authority" not in signed:
        raise refusals.mismatch(refusals.HOST_NOT_SIGNED)
    if _complete(signed, tuple(headers)):
        return
    for name in signed:
        if name not in headers:
            raise refusals.mismatch(_NOT_SENT.format(refusals.shown(name)))
    for name, value in headers.items():
        if not name.startswith("x-amz-") and name != "content-type":
            continue
        if name in signed or (allow_unsigned_token and name == SECURITY_TOKEN):
            continue
        if carrier.form == "query" and (_ECHOES.get(name), value.encode("utf-8")) in parameters:
            continue
        raise refusals.mismatch(f"the header `{refusals.shown(name)}` was sent and must be named in SignedHeaders")


@lru_cache(maxsize=256)
def _complete(signed: tuple[str, ...], sent: tuple[str, ...]) -> bool:
    """Whether all that is named as signed was sent, and all that must be signed is named. Names alone decide, and a
    client sends the same ones each time."""
    must = {name for name in sent if name.startswith("x-amz-") or name == "content-type"}
    return must <= set(signed) <= set(sent)


@lru_cache(maxsize=256)
def _in_order(signed: tuple[str, ...]) -> bool:
    """Whether these names are sorted, unique and in lower case. A client signs the same ones each time."""
    return list(signed) == sorted(set(signed)) and not any(map(_UPPER.search, signed))


def _signed_parameters(
    carrier: Carrier, parameters: canonical.Pairs, allow_unsigned_token: bool
) -> Iterable[canonical.Pairs]:
    """The parameters under the signature: all but the signature; and, for old SDKs that add their token after signing
    (S17, a setting that is off), all but the token too."""
    if carrier.form == "header":
        return (parameters,)
    signed = tuple(pair for pair in parameters if pair[0] != b"X-Amz-Signature")
    if not allow_unsigned_token or carrier.token is None:
        return (signed,)
    return (signed, tuple(pair for pair in signed if pair[0] != b"X-Amz-Security-Token"))


def _token(carrier: Carrier) -> SignatureError | None:
    """S17: a temporary key goes with a token, a long-term key goes without."""
    prefix = carrier.access_key_id[:4]
    if (prefix == TEMPORARY_KEY and not carrier.token) or (prefix == ACCESS_KEY and carrier.token is not None):
        return refusals.invalid_token()
    return None


def _payload(headers: Mapping[str, str], parameters: canonical.Pairs, payload: str) -> SignatureError | None:
    """S19: whatever says a hash of the body says the hash of the body received."""
    said = headers.get(_CONTENT_HASH)
    hashes = [] if said is None else [said]
    hashes += [value.decode("latin-1") for name, value in parameters if name.lower() == _CONTENT_HASH.encode("ascii")]
    for seen in hashes:
        if seen == payload:
            continue
        if seen == "UNSIGNED-PAYLOAD" or seen.startswith("STREAMING-"):
            return refusals.mismatch(f"`{_CONTENT_HASH}: {refusals.shown(seen)}` is not accepted here; sign the body")
        return refusals.mismatch(refusals.WRONG_PAYLOAD)
    return None
