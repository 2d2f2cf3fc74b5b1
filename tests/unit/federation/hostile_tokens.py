"""Hostile id tokens, a family a line: what each looks like, made for an issuer. None may be accepted (xF1).

Law: every family differs from a good token in the one thing that it is named for. A family is a function from an
issuer to a token, or to several.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tests.oidc import CLIENT, Issuer, b64, claims, jwk, key, signature, token, written
from tests.served import NOW

SECONDS = int(NOW.timestamp())
Family = Callable[[Issuer], str | list[str]]
FAMILIES: dict[str, Family] = {}


def family(name: str) -> Callable[[Family], Family]:
    """Names the function below."""

    def keep(make: Family) -> Family:
        assert name not in FAMILIES
        FAMILIES[name] = make
        return make

    return keep


def unsigned(issuer: Issuer, algorithm: str, rest: str = "") -> str:
    return f"{b64(written(issuer.header(alg=algorithm)))}.{b64(written(claims(issuer.url)))}.{rest}"


def by_hmac(issuer: Issuer, secret: bytes, algorithm: str = "HS256", **header: Any) -> str:
    text = f"{b64(written(issuer.header(alg=algorithm, **header)))}.{b64(written(claims(issuer.url)))}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{text}.{b64(hmac.digest(secret, text.encode(), digest))}"


def public(issuer: Issuer) -> Any:
    return key(issuer.name).public_key()


def pem(issuer: Issuer) -> bytes:
    octets: bytes = public(issuer).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return octets


def changed(name: str, **differs: Any) -> None:
    """A family of good tokens with one claim changed."""
    FAMILIES[name] = lambda issuer: issuer.token(**differs)


def headed(name: str, **differs: Any) -> None:
    """A family of good tokens with one member of the header changed."""
    FAMILIES[name] = lambda issuer: token(issuer.header(**differs), claims(issuer.url), issuer.name, issuer.algorithm)


# ---- algorithms
for spelling in ("none", "None", "NONE", "nOnE", "none ", ""):
    FAMILIES[f"alg `{spelling}` without a signature"] = lambda issuer, one=spelling: unsigned(issuer, one)
FAMILIES["alg none with a signature"] = lambda issuer: token(
    issuer.header(alg="none"), claims(issuer.url), issuer.name, issuer.algorithm
)
FAMILIES["a good header and an empty signature"] = lambda issuer: unsigned(issuer, issuer.algorithm)
FAMILIES["HS256 under the public key as PEM"] = lambda issuer: by_hmac(issuer, pem(issuer))
FAMILIES["HS256 under the public key as PEM without its last line end"] = lambda issuer: by_hmac(
    issuer, pem(issuer).strip()
)
FAMILIES["HS384 and HS512 under the public key"] = lambda issuer: [
    by_hmac(issuer, pem(issuer), one) for one in ("HS384", "HS512")
]
FAMILIES["HS256 under the public key as DER"] = lambda issuer: by_hmac(
    issuer,
    public(issuer).public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
)
FAMILIES["HS256 under the public key as a JWK"] = lambda issuer: by_hmac(
    issuer, json.dumps(issuer.jwks["keys"][0]).encode()
)
FAMILIES["HS256 under the public key as SSH writes it"] = lambda issuer: by_hmac(
    issuer, public(issuer).public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
)
FAMILIES["HS256 under an empty secret"] = lambda issuer: by_hmac(issuer, b"")
headed("alg in small letters", alg="rs256")
headed("alg of a list", alg=["RS256"])
headed("alg of null", alg=None)
headed("alg ES256K", alg="ES256K")
headed("alg RSA1_5", alg="RSA1_5")
FAMILIES["alg of another kind of key"] = lambda issuer: token(
    issuer.header(alg="ES384" if issuer.algorithm == "EdDSA" else "EdDSA"),
    claims(issuer.url),
    issuer.name,
    issuer.algorithm,
)
FAMILIES["alg of another hash than was signed"] = lambda issuer: token(
    issuer.header(alg={"RS256": "RS512", "ES256": "ES512", "EdDSA": "RS256"}[issuer.algorithm]),
    claims(issuer.url),
    issuer.name,
    issuer.algorithm,
)


# ---- keys
FAMILIES["a key of somebody else under a known id"] = lambda issuer: token(
    issuer.header(), claims(issuer.url), issuer.name + "/other", issuer.algorithm
)
FAMILIES["a key in the header"] = lambda issuer: token(
    issuer.header(jwk=jwk(issuer.name + "/other")), claims(issuer.url), issuer.name + "/other", issuer.algorithm
)
FAMILIES["the address of a key set in the header"] = lambda issuer: token(
    issuer.header(jku="https://evil.example/jwks"), claims(issuer.url), issuer.name + "/other", issuer.algorithm
)
headed("jku even with the right signature", jku="https://idp.example.com/jwks")
headed("x5u", x5u="https://evil.example/cert")
headed("x5c", x5c=["MIIB"])
headed("jwk even with the right signature", jwk={"kty": "oct", "k": "AA"})
headed("crit", crit=["exp"])
headed("crit of nothing", crit=[])
headed("crit of an extension that is there", crit=["b64"], b64=True)
headed("b64 false", b64=False)
headed("zip", zip="DEF")
headed("no kid", kid=None)
headed("an unknown kid", kid="k2")
headed("kid in another case", kid="K1")
headed("kid as a path", kid="../../../../dev/null")
headed("kid as SQL", kid="k1' OR '1'='1")
headed("kid with a NUL", kid="k1\0")
headed("kid that is no text", kid=1)
headed("kid of 300 characters", kid="k" * 300)
headed("a token for access by its type", typ="at+jwt")
headed("a type of something else", typ="JOSE+JSON")
headed("a type that is no text", typ=7)


@family("a key set with two keys of one id")
def doubled(issuer: Issuer) -> str:
    issuer.jwks = {"keys": [jwk(issuer.name + "/other"), jwk(issuer.name)]}
    return issuer.token()


@family("a key for encryption")
def encryption(issuer: Issuer) -> str:
    issuer.jwks = {"keys": [jwk(issuer.name, use="enc")]}
    return issuer.token()


@family("a key that the set has for another algorithm")
def otherwise(issuer: Issuer) -> str:
    issuer.jwks = {"keys": [jwk(issuer.name, alg="PS256" if issuer.name == "rsa" else "ES384")]}
    return issuer.token()


@family("an algorithm that the issuer does not use")
def not_used(issuer: Issuer) -> str:
    issuer.discovery["id_token_signing_alg_values_supported"] = ["PS256"]
    return issuer.token()


@family("an RSA key of 1024 bits")
def short(issuer: Issuer) -> str:
    issuer.jwks = {"keys": [jwk("rsa1024")]}
    return token(issuer.header(alg="RS256"), claims(issuer.url), "rsa1024")


@family("an RSA key with the exponent 1, or one of 600 bits")
def exponent(issuer: Issuer) -> str:
    private = key("rsa")
    assert isinstance(private, rsa.RSAPrivateKey)
    for e in (b"\1", b"\xff" * 75):
        issuer.jwks = {"keys": [{**jwk("rsa"), "e": b64(e)}]}
    return token(issuer.header(alg="RS256"), claims(issuer.url), "rsa")


@family("a symmetric key in the set")
def symmetric(issuer: Issuer) -> str:
    issuer.jwks = {"keys": [{"kty": "oct", "kid": "k1", "k": b64(b"secret" * 8)}]}
    return by_hmac(issuer, b"secret" * 8)


@family("a key that has gone from the set")
def gone(issuer: Issuer) -> str:
    issuer.jwks = {"keys": [jwk(issuer.name + "/other", "k9")]}
    return issuer.token()


# ---- claims
changed("a wrong audience", aud="other")
changed("no audience", aud=None)
changed("an empty list of audiences", aud=[])
changed("an audience in another case", aud=CLIENT.upper())
changed("an audience that begins alike", aud=CLIENT + ".evil.example")
changed("an audience with a blank", aud=CLIENT + " ")
changed("an audience inside an object", aud={CLIENT: True})
changed("several audiences without azp", aud=[CLIENT, "other"])
changed("several audiences with an azp that is not registered", aud=[CLIENT, "other"], azp="other")
changed("azp instead of the audience", aud="other", azp=CLIENT)
changed("azp that is a list", aud=[CLIENT, "other"], azp=[CLIENT])
changed("a list of audiences with a number in it", aud=[CLIENT, 1])
changed("another issuer", iss="https://evil.example")
changed("an issuer with a slash behind it", iss="https://idp.example.com/")
changed("an issuer that begins alike", iss="https://idp.example.com.evil.example")
changed("an issuer in another case", iss="https://IDP.example.com")
changed("an issuer with its port", iss="https://idp.example.com:443")
changed("an issuer over http", iss="http://idp.example.com")
changed("an issuer without its scheme", iss="idp.example.com")
changed("no issuer", iss=None)
changed("a list of issuers", iss=["https://idp.example.com"])
changed("expired", iat=SECONDS - 3600, exp=SECONDS - 61)
changed("no end", exp=None)
changed("an end that is a text", exp=str(SECONDS + 300))
changed("an end with an exponent", exp=1e30)
changed("an end below zero", exp=-1)
changed("not yet", nbf=SECONDS + 61)
changed("issued in the future", iat=SECONDS + 61)
changed("no time of issue", iat=None)
changed("valid for more than a day", exp=SECONDS + 86_401)
changed("an end before its beginning", iat=SECONDS + 30, exp=SECONDS + 20)
changed("no subject", sub=None)
changed("an empty subject", sub="")
changed("a subject that is a number", sub=7)
changed("a subject of 256 characters", sub="s" * 256)


# ---- the text itself
def rewritten(name: str, make: Callable[[Issuer, str], str]) -> None:
    """A family of good tokens whose text is written otherwise."""
    FAMILIES[name] = lambda issuer: make(issuer, issuer.token())


rewritten("one part too few", lambda issuer, good: good.rpartition(".")[0])
rewritten("one part too many", lambda issuer, good: good + ".e30")
rewritten("padded", lambda issuer, good: good + "=")
rewritten("a line end behind it", lambda issuer, good: good + "\n")
rewritten("a blank in it", lambda issuer, good: good[:20] + " " + good[20:])
rewritten("base64 that is not base64url", lambda issuer, good: good.replace("-", "+").replace("_", "/") + "+")
rewritten("the last bits of base64 changed", lambda issuer, good: good[:-1] + chr(ord(good[-1]) + 1))
rewritten(
    "a signature of another token",
    lambda issuer, good: f"{good.rpartition('.')[0]}.{issuer.token(sub='other').rpartition('.')[2]}",
)
rewritten(
    "claims changed behind the signature",
    lambda issuer, good: ".".join(
        (good.split(".")[0], b64(written(claims(issuer.url, sub="repo:evil/x"))), good.split(".")[2])
    ),
)
rewritten(
    "as JSON and not compact",
    lambda issuer, good: json.dumps(dict(zip(("protected", "payload", "signature"), good.split("."), strict=True))),
)
rewritten("longer than 20,000 characters", lambda issuer, good: issuer.token(filler="x" * 20_000))
FAMILIES["nothing"] = lambda issuer: ""
FAMILIES["dots"] = lambda issuer: ".."


def octets(name: str, make: Callable[[Issuer], tuple[bytes, bytes]]) -> None:
    """A family of tokens whose header and claims are octets of their own, well signed."""
    FAMILIES[name] = lambda issuer: token(*make(issuer), issuer.name, issuer.algorithm)


def doubled_claim(issuer: Issuer, first: str, second: str) -> tuple[bytes, bytes]:
    payload = written(claims(issuer.url, sub=None))[:-1]
    return written(issuer.header()), payload + f', "{first}": "x", "{second}": "y"}}'.encode()


octets("a claim twice", lambda issuer: doubled_claim(issuer, "sub", "sub"))
octets("a claim twice, once escaped", lambda issuer: doubled_claim(issuer, "sub", "s\\u0075b"))
octets("a claim twice in two cases", lambda issuer: doubled_claim(issuer, "sub", "SUB"))
octets(
    "the algorithm twice in the header",
    lambda issuer: (
        written(issuer.header())[:-1] + f', "alg": "{issuer.algorithm}"}}'.encode(),
        written(claims(issuer.url)),
    ),
)
octets("a byte order mark", lambda issuer: (written(issuer.header()), b"\xef\xbb\xbf" + written(claims(issuer.url))))
octets("UTF-16", lambda issuer: (written(issuer.header()), json.dumps(claims(issuer.url)).encode("utf-16")))
octets(
    "a claim that is NaN", lambda issuer: (written(issuer.header()), written(claims(issuer.url))[:-1] + b', "a": NaN}')
)
octets("claims that are a list", lambda issuer: (written(issuer.header()), b"[" + written(claims(issuer.url)) + b"]"))
octets("no claims at all", lambda issuer: (written(issuer.header()), b"{}"))
octets(
    "claims of a thousand levels",
    lambda issuer: (
        written(issuer.header()),
        written(claims(issuer.url))[:-1] + b', "a": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    ),
)
octets(
    "half of a surrogate pair",
    lambda issuer: (written(issuer.header()), written(claims(issuer.url))[:-1] + b', "a": "\\ud800"}'),
)


@family("a signature of ECDSA that is zero, or in DER")
def strange(issuer: Issuer) -> list[str]:
    issuer.jwks = {"keys": [jwk("P-256")]}
    text = f"{b64(written(issuer.header(alg='ES256')))}.{b64(written(claims(issuer.url)))}"
    raw = signature("P-256", "ES256", text.encode())
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return [f"{text}.{b64(bytes(64))}", f"{text}.{b64(der)}", f"{text}.{b64(raw + raw)}", f"{text}.{b64(raw[:63])}"]
