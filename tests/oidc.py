"""OpenID Connect issuers of these tests: keys, key sets, discovery, and tokens, good ones and evil ones.

Law: tokens are made here from their octets, so that nothing keeps a test from making what no library would make. Keys
are drawn once a run; nothing of Locum is used or replaced.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.served import NOW

CLIENT = "sts.amazonaws.com"
SUBJECT = "repo:acme/shop:ref:refs/heads/main"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48), "P-521": (ec.SECP521R1(), 66)}


def b64(octets: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value: int, length: int = 0) -> str:
    """A number as a JWK writes it."""
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@functools.cache
def key(name: str) -> Any:
    """The private key of that name, which begins with its kind: `rsa`, `rsa1024`, `P-256`, `ed25519`…"""
    kind = name.partition("/")[0]
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:] or "2048"))
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(CURVES[kind][0])


def jwk(name: str, kid: str = "k1", **more: Any) -> dict[str, Any]:
    """The public key of that name as a JWK."""
    public = key(name).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        parts = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        curve = name.partition("/")[0]
        point, length = public.public_numbers(), CURVES[curve][1]
        parts = {"kty": "EC", "crv": curve, "x": number(point.x, length), "y": number(point.y, length)}
    else:
        parts = {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
    return {**parts, "kid": kid, "use": "sig", **more}


def signature(name: str, algorithm: str, octets: bytes) -> bytes:
    """The signature of these octets."""
    private = key(name)
    if algorithm.startswith("RS"):
        made: bytes = private.sign(octets, padding.PKCS1v15(), HASHES[algorithm[2:]])
    elif algorithm.startswith("PS"):
        hashed = HASHES[algorithm[2:]]
        made = private.sign(octets, padding.PSS(padding.MGF1(hashed), hashed.digest_size), hashed)
    elif algorithm == "EdDSA":
        made = private.sign(octets)
    else:
        length = (private.curve.key_size + 7) // 8
        parts = decode_dss_signature(private.sign(octets, ec.ECDSA(HASHES[algorithm[2:]])))
        made = b"".join(part.to_bytes(length, "big") for part in parts)
    return made


def claims(issuer: str, now: datetime = NOW, **changed: Any) -> dict[str, Any]:
    """The claims of a good token; None takes one away."""
    seconds = int(now.timestamp())
    good = {"iss": issuer, "aud": CLIENT, "sub": SUBJECT, "iat": seconds, "exp": seconds + 300, **changed}
    return {name: value for name, value in good.items() if value is not None}


def written(value: Any) -> bytes:
    """A header or claims, as text of their own or as JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def token(header: Any, payload: Any, name: str = "rsa", algorithm: str | None = None) -> str:
    """A token of this header and these claims, signed by that key; both may be octets of their own."""
    text = f"{b64(written(header))}.{b64(written(payload))}"
    used = algorithm or header["alg"]
    return f"{text}.{b64(signature(name, used, text.encode()))}"


class Issuer:
    """An issuer with one key of a kind. `documents` is what it answers, by URL."""

    def __init__(self, url: str = "https://idp.example.com", name: str = "rsa", algorithm: str = "RS256") -> None:
        self.url, self.name, self.algorithm = url, name, algorithm
        self.jwks: dict[str, Any] = {"keys": [jwk(name)]}
        self.discovery: dict[str, Any] = {"issuer": url, "jwks_uri": f"{url.rstrip('/')}/jwks"}
        self.asked: list[str] = []

    def get(self, url: str) -> bytes:
        """The document at that URL. Raises KeyError for any other."""
        self.asked.append(url)
        return json.dumps(self.documents[url]).encode()

    @property
    def documents(self) -> Mapping[str, Any]:
        return {
            f"{self.url.rstrip('/')}/.well-known/openid-configuration": self.discovery,
            self.discovery.get("jwks_uri", ""): self.jwks,
        }

    def header(self, **changed: Any) -> dict[str, Any]:
        """The header of a good token; None takes a member away."""
        good = {"alg": self.algorithm, "kid": "k1", "typ": "JWT", **changed}
        return {name: value for name, value in good.items() if value is not None}

    def token(self, now: datetime = NOW, **changed: Any) -> str:
        """A good token with these claims changed."""
        return token(self.header(), claims(self.url, now, **changed), self.name)
