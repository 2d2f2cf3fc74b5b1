"""The carrier: the one place of a request in which its signature travels, read but not yet believed.

Law: `carrier` finds exactly one carrier, the `Authorization` header or the query string, and parses it (rules S11,
S12, S17). What it returns is UNVERIFIED: it may serve to look up a key and to choose an operation, never to name a
caller. Two carriers, half a carrier, or one written in another case are refused, because every bypass of the kind
"verify one credential, act as another" began with two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from locum.http import Request
from locum.sigv4 import refusals
from locum.sigv4.canonical import ALGORITHM, pairs

Form = Literal["header", "query"]
_Own = dict[str, list[str]]

_CLAIMED = re.compile(rb"[ ,]Credential=([A-Za-z0-9_]{1,128})/", re.ASCII)
_KEY_ID = re.compile(r"[A-Za-z0-9_]{1,128}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIGNED_HEADERS = re.compile(r"[!-:<-~]+(?:;[!-:<-~]+)*", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)

WEEK = 604_800
SECURITY_TOKEN = "x-amz-security-token"  # noqa: S105  a header's name

# The parameters of the query form, by their lower-case names. All but the token are needed.
_PARAMETERS = {
    name.lower(): name
    for name in (
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "X-Amz-Security-Token",
    )
}
_HEADERS = frozenset({"authorization", "date", "x-amz-date", SECURITY_TOKEN})
_CLAIMS_A_SIGNATURE = frozenset({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"})
_NEEDED = tuple(name for name in _PARAMETERS.values() if name != "X-Amz-Security-Token")
_SIGV2 = frozenset({"awsaccesskeyid", "signatureversion", "signaturemethod"})

_POST_FORM = "multipart/form-data"

_OLD = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."


class Carrier(msgspec.Struct, frozen=True):
    """What a request says about its own signature: UNVERIFIED.

    `date`, `region`, `service` and `terminator` are the credential scope; `timestamp` is the text of X-Amz-Date, or of
    `Date` when there is no other; `expires` are seconds, in the query form only.
    """

    form: Form
    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str | None = None
    expires: int | None = None

    @property
    def scope(self) -> str:
        """The credential scope as it is signed."""
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"

    def __repr__(self) -> str:
        return f"Carrier({self.form}, {self.access_key_id}, {self.scope})"


def claimed_key_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The key id that raw headers claim, or nothing; UNVERIFIED, and good for one thing: to say who waits for whom
    (rule D7). Does not look at the rest of the carrier, nor at the query."""
    for name, value in headers:
        if name == b"authorization" and (found := _CLAIMED.search(value)):
            return found[1].decode("ascii")
    return ""


def carrier(request: Request, *, shortest_key_id: int = 16) -> Carrier | None:
    """The one carrier of this request, UNVERIFIED, or None when it has none at all.

    Raises SignatureError: IncompleteSignature for two carriers or a malformed one (rules S11, S12), InvalidRequest for
    another way of signing (S33, S34), MalformedQueryString. `shortest_key_id` is 16, and 4 in `dev` (S48).
    """
    own = _own_headers(request)
    authorization = own.get("authorization")
    inquiry = _parameters(request.query) if request.query else {}
    claimed = not _CLAIMS_A_SIGNATURE.isdisjoint(inquiry)
    if authorization:
        if len(authorization) > 1:
            raise refusals.incomplete("the request has more than one `Authorization` header; send exactly one")
        if inquiry:
            raise refusals.incomplete(
                "the request carries a signature in its `Authorization` header and "
                f"`{next(iter(inquiry))}` in its query; sign in one place only"
            )
        return _from_header(own, authorization[0], shortest_key_id)
    if claimed:
        return _from_query(own, inquiry, shortest_key_id)
    if request.method == "POST" and request.header("content-type").lower().startswith(_POST_FORM):
        raise refusals.unsupported(f"a signature in a POST form (`{_POST_FORM}`) is not built yet; sign the request")
    return None


def _own_headers(request: Request) -> _Own:
    """The values of the signature's own headers, whatever the case of their names."""
    found: _Own = {}
    for key, value in request.headers:
        name = key.lower()
        if name in _HEADERS:
            found.setdefault(name, []).append(value.strip(" "))
    return found


def _parameters(query: str) -> dict[str, str]:
    """The signature's own parameters of this query, each at most once and in AWS's spelling."""
    found: dict[str, str] = {}
    for raw_name, raw_value in pairs(query):
        name = raw_name.decode("latin-1")
        lower = name.lower()
        if lower in _SIGV2:
            raise refusals.unsupported(_OLD)
        known = _PARAMETERS.get(lower)
        if known is None:
            continue
        if known != name or known in found:
            raise refusals.incomplete(f"the query must hold `{known}` at most once and in exactly this spelling")
        found[known] = raw_value.decode("latin-1")
    return found


def _from_header(own: _Own, text: str, shortest_key_id: int) -> Carrier:
    algorithm, _, rest = text.partition(" ")
    _require_algorithm(algorithm)
    fields: dict[str, str] = {}
    for field in rest.split(","):
        name, equal_sign, value = field.strip(" ").partition("=")
        if not equal_sign:
            raise refusals.incomplete("the `Authorization` header holds a part that is not a key=value pair")
        if name not in ("Credential", "SignedHeaders", "Signature") or name in fields:
            raise refusals.incomplete(
                "the `Authorization` header must hold `Credential`, `SignedHeaders` and `Signature` once each; "
                f"seen `{refusals.shown(name)}`"
            )
        fields[name] = value
    lacking = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not fields.get(name)
    ]
    dates = own.get("x-amz-date") or own.get("date") or []
    if not dates:
        lacking.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if lacking:
        raise refusals.incomplete(" ".join(lacking))
    if len(dates) > 1:
        raise refusals.incomplete("the request must hold `X-Amz-Date` at most once")
    return _carrier(
        "header",
        fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        signature=fields["Signature"],
        timestamp=dates[0],
        token=_token_of_header(own),
        expires=None,
        shortest_key_id=shortest_key_id,
    )


def _from_query(own: _Own, inquiry: dict[str, str], shortest_key_id: int) -> Carrier:
    lacking = [f"AWS query-string parameters must include '{name}'." for name in _NEEDED if not inquiry.get(name)]
    if lacking:
        raise refusals.incomplete(" ".join(lacking))
    _require_algorithm(inquiry["X-Amz-Algorithm"])
    if _token_of_header(own) is not None:
        raise refusals.incomplete(f"a presigned request carries its token in the query, not as `{SECURITY_TOKEN}`")
    seconds = inquiry["X-Amz-Expires"]
    if not _WHOLE_NUMBER.fullmatch(seconds) or not 1 <= int(seconds) <= WEEK:
        raise refusals.incomplete(f"X-Amz-Expires must be a number of seconds from 1 to {WEEK}")
    return _carrier(
        "query",
        inquiry["X-Amz-Credential"],
        signed_headers=inquiry["X-Amz-SignedHeaders"],
        signature=inquiry["X-Amz-Signature"],
        timestamp=inquiry["X-Amz-Date"],
        token=inquiry.get("X-Amz-Security-Token"),
        expires=int(seconds),
        shortest_key_id=shortest_key_id,
    )


def _carrier(
    form: Form,
    credential: str,
    *,
    signed_headers: str,
    signature: str,
    timestamp: str,
    token: str | None,
    expires: int | None,
    shortest_key_id: int,
) -> Carrier:
    """The part that both forms share: credential, names and signature by their grammar (rules S12, S48)."""
    parts = credential.split("/")
    if len(parts) != 5:
        raise refusals.incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{refusals.shown(credential)}'"
        )
    access_key_id, date, region, service, terminator = parts
    if not _KEY_ID.fullmatch(access_key_id) or len(access_key_id) < shortest_key_id:
        raise refusals.incomplete(
            f"the access key id must have {shortest_key_id} to 128 characters out of `A-Z a-z 0-9 _`"
        )
    if not _SIGNED_HEADERS.fullmatch(signed_headers):
        raise refusals.incomplete("SignedHeaders must be header names separated by `;`")
    if not _SIGNATURE.fullmatch(signature):
        raise refusals.incomplete("Signature must have 64 lower-case hexadecimal digits")
    return Carrier(
        form=form,
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        terminator=terminator,
        signed_headers=tuple(signed_headers.split(";")),
        signature=signature,
        timestamp=timestamp,
        token=token,
        expires=expires,
    )


def _token_of_header(own: _Own) -> str | None:
    tokens = own.get(SECURITY_TOKEN)
    if tokens is None:
        return None
    if len(tokens) > 1:
        raise refusals.incomplete(f"the request must hold `{SECURITY_TOKEN}` at most once")
    return tokens[0]


def _require_algorithm(seen: str) -> None:
    if seen == ALGORITHM:
        return
    if seen == "AWS" or seen.startswith(("AWS3", "AWS2")):
        raise refusals.unsupported(_OLD)
    if seen == "AWS4-ECDSA-P256-SHA256":
        raise refusals.unsupported("the algorithm `AWS4-ECDSA-P256-SHA256` (SigV4A) is not built yet; use SigV4")
    named = seen if _SCHEME.fullmatch(seen) else "?"
    raise refusals.incomplete(f"Unsupported AWS 'algorithm': '{named}' (only {ALGORITHM} for now).")
