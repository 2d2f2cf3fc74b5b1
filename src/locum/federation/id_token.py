"""An id token of OpenID Connect: opened, then verified against the keys of the issuer that was configured.

Law: rules F1 to F8, in their order. `opened` proves nothing: it says which issuer and which key to look for. `verified`
answers the claims that were signed, read anew from what the signature covers. The header chooses a key and an algorithm
out of what is allowed and nothing else: no key, address, compression or extension of its own. Time is told.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

import msgspec

from locum.federation.algorithms import ALGORITHMS
from locum.federation.base64url import decoded
from locum.federation.fault import Rejected
from locum.federation.keys import Key, Keys, KeySetError, public_key
from locum.federation.values import Number, is_text, object_in

LONGEST = 20_000
SKEW = 60  # seconds that clocks may be apart
LONGEST_LIFE = 86_400  # seconds from iat to exp

NO_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity"
    " documentation for requirements"
)
WRONG_AUDIENCE = "Incorrect token audience"

# What a header may not carry: keys, addresses of keys, and anything that changes how the rest is read.
FORBIDDEN = frozenset({"crit", "jku", "x5u", "x5c", "jwk", "zip", "b64", "enc", "epk", "apu", "apv", "cty"})


class Opened(msgspec.Struct, frozen=True):
    """A token whose signature nobody has verified yet: good for looking up, for nothing else."""

    token: str
    algorithm: str
    kid: str
    issuer: str


class Claims(msgspec.Struct, frozen=True):
    """What the issuer has signed. `audience` is the client that the token is for: `azp` where there are several."""

    issuer: str
    subject: str
    audience: str
    all: Mapping[str, Any]


def opened(token: str) -> Opened:
    """The token as far as it says where to look (rules F1, F2). Raises Rejected."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3:
        raise _no_jwt("F1")
    header, payload = _object(parts[0]), _object(parts[1])
    if not parts[2] or decoded(parts[2]) is None:
        raise _no_jwt("F1")
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Rejected("InvalidIdentityToken", "The algorithm of the token's signature is not supported", "F2")
    if FORBIDDEN & header.keys():
        raise Rejected("InvalidIdentityToken", "The token's header carries what is not accepted", "F2")
    if kind is not None and (not isinstance(kind, str) or kind.upper() not in ("JWT", "APPLICATION/JWT")):
        raise _no_jwt("F2")
    if not is_text(kid, 256):
        raise Rejected("InvalidIdentityToken", NO_KEY, "F3")
    issuer = payload.get("iss")
    if not is_text(issuer, 2048):
        raise Rejected("InvalidIdentityToken", "Missing a required claim: iss", "F5")
    return Opened(token, algorithm, str(kid), str(issuer))


def verified(token: Opened, keys: Keys, *, issuer: str, client_ids: tuple[str, ...], now: datetime) -> Claims:
    """The claims of a token of `issuer` for one of its registered clients (rules F3 to F7). Raises Rejected."""
    key = _key(token, keys)
    claims = _signed(token, key)
    if claims.get("iss") != issuer:
        raise Rejected("InvalidIdentityToken", "The token is of another issuer", "F5")
    audience = _audience(claims, client_ids)
    _require_time(claims, int(now.timestamp()))
    subject = claims.get("sub")
    if not is_text(subject):
        raise Rejected("InvalidIdentityToken", "Missing a required claim: sub", "F7")
    return Claims(issuer, str(subject), audience, claims)


def _key(token: Opened, keys: Keys) -> Key:
    """The one key that the token names and that fits its algorithm."""
    if keys.algorithms is not None and token.algorithm not in keys.algorithms:
        raise Rejected("InvalidIdentityToken", "The algorithm of the token's signature is not its issuer's", "F2")
    named = keys.named(token.kid)
    if len(named) != 1:
        raise Rejected("InvalidIdentityToken", NO_KEY, "F3")
    [key] = named
    if (key.kty, key.crv) != ALGORITHMS[token.algorithm] or key.algorithm not in (None, token.algorithm):
        raise Rejected("InvalidIdentityToken", "The token's key is not for the algorithm of its signature", "F4")
    return key


def _signed(token: Opened, key: Key) -> Mapping[str, Any]:
    """The claims under the signature."""
    jws = import_module("joserfc.jws")
    try:
        found = jws.deserialize_compact(token.token, public_key(key), registry=_registry(token.algorithm))
    except KeySetError as error:
        raise Rejected("InvalidIdentityToken", NO_KEY, "F4") from error
    except Exception as error:  # whatever the library finds wrong
        raise Rejected("InvalidIdentityToken", "The signature of the token is not its issuer's", "F4") from error
    try:
        return object_in(found.payload)
    except ValueError:
        raise _no_jwt("F1") from None


@functools.cache
def _registry(algorithm: str) -> Any:
    """The library, told of this one algorithm. It warns that `EdDSA` has a newer name, which issuers do not use yet."""
    warnings.filterwarnings("ignore", category=import_module("joserfc.errors").SecurityWarning)
    return import_module("joserfc.jws").JWSRegistry(algorithms=[algorithm], strict_check_header=False)


def _audience(claims: Mapping[str, Any], client_ids: tuple[str, ...]) -> str:
    """The registered client that the token is for. Raises Rejected (rule F6)."""
    said, authorized = claims.get("aud"), claims.get("azp")
    several = said if isinstance(said, list) else [said]
    if not several or not all(is_text(one) for one in several) or (authorized is not None and not is_text(authorized)):
        raise Rejected("InvalidIdentityToken", WRONG_AUDIENCE, "F6")
    if not any(one in client_ids for one in several):
        raise Rejected("InvalidIdentityToken", WRONG_AUDIENCE, "F6")
    if len(several) == 1:
        return str(several[0])
    if authorized is None or authorized not in client_ids:
        raise Rejected("InvalidIdentityToken", WRONG_AUDIENCE, "F6")
    return str(authorized)


def _require_time(claims: Mapping[str, Any], now: int) -> None:
    """Raises Rejected for a token before or after its time, or with a longer one than a day (rule F7)."""
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    begins = _seconds(claims, "nbf") if "nbf" in claims else issued
    if now >= expires + SKEW:
        raise Rejected(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {expires}",
            "F7",
        )
    if begins > now + SKEW or issued > now + SKEW:
        raise Rejected("InvalidIdentityToken", "The token is not valid yet", "F7")
    if not 0 <= expires - issued <= LONGEST_LIFE:
        raise Rejected("InvalidIdentityToken", "The token is valid for longer than 24 hours", "F7")


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    seconds = value.whole() if isinstance(value, Number) else None
    if seconds is None:
        raise Rejected("InvalidIdentityToken", f"Missing a required claim: {name}", "F7")
    return seconds


def _object(part: str) -> Mapping[str, Any]:
    octets = decoded(part)
    if octets is None:
        raise _no_jwt("F1")
    try:
        return object_in(octets)
    except ValueError:
        raise _no_jwt("F1") from None


def _no_jwt(rule: str) -> Rejected:
    return Rejected("InvalidIdentityToken", NO_JWT, rule)
