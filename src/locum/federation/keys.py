"""The keys of an issuer: its discovery document and its key set, read into what may verify a signature.

Law: a discovery document must name the very issuer it was asked of (rule F5); a key set has at most 20 keys, and what
in it is no key for signatures by our table is passed over, never guessed at (rules F3, F4). Private parts are not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import msgspec

from locum.federation.algorithms import ALGORITHMS, RSA_BITS
from locum.federation.base64url import decoded
from locum.federation.values import is_text, object_in

MOST_KEYS = 20
LARGEST = 262_144  # octets of a document (rule D1)
_TYPES = {("RSA", None), ("EC", "P-256"), ("EC", "P-384"), ("EC", "P-521"), ("OKP", "Ed25519")}
_PARTS = {"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)}


class KeySetError(ValueError):
    """A document of an issuer that cannot be used. The message is for logs."""


class Discovered(msgspec.Struct, frozen=True):
    """What a discovery document says: where the keys are, and by which algorithms tokens are signed, if it says."""

    jwks_uri: str
    algorithms: frozenset[str] | None = None


class Key(msgspec.Struct, frozen=True):
    """One public key: `parts` are the members of its JWK that make it."""

    kid: str
    kty: str
    crv: str | None
    algorithm: str | None
    parts: Mapping[str, str]


class Keys(msgspec.Struct, frozen=True):
    """All keys of an issuer. `algorithms` bounds what its tokens may be signed by; None bounds nothing."""

    keys: tuple[Key, ...] = ()
    algorithms: frozenset[str] | None = None

    def named(self, kid: str) -> tuple[Key, ...]:
        """The keys of that id; more than one is a fault of the issuer."""
        return tuple(key for key in self.keys if key.kid == kid)


def discovered(octets: bytes, issuer: str) -> Discovered:
    """What the discovery document of `issuer` says. Raises KeySetError."""
    document = _object(octets)
    if document.get("issuer") != issuer:
        raise KeySetError(f"the discovery document is of `{document.get('issuer')}`, not of `{issuer}`")
    uri = document.get("jwks_uri")
    if not is_text(uri, 2048):
        raise KeySetError("the discovery document names no `jwks_uri`")
    said = document.get("id_token_signing_alg_values_supported")
    algorithms = frozenset(one for one in said if isinstance(one, str)) if isinstance(said, list) else None
    return Discovered(str(uri), algorithms)


def read(octets: bytes, algorithms: frozenset[str] | None = None) -> Keys:
    """The keys in a key set. Raises KeySetError for what is none or too many."""
    listed = _object(octets).get("keys")
    if not isinstance(listed, list):
        raise KeySetError("the key set has no `keys`")
    if len(listed) > MOST_KEYS:
        raise KeySetError(f"the key set has {len(listed)} keys; at most {MOST_KEYS} are read")
    found = (_key(one) for one in listed if isinstance(one, dict))
    return Keys(tuple(key for key in found if key is not None), algorithms)


def public_key(key: Key) -> Any:
    """The key as the verifier takes it. Raises KeySetError for one that cannot be used."""
    jwk = import_module("joserfc.jwk")
    try:
        return jwk.import_key({"kty": key.kty, **({"crv": key.crv} if key.crv else {}), **key.parts})
    except Exception as error:  # whatever the library makes of numbers that are no key
        raise KeySetError(f"key `{key.kid}` is no {key.kty} key") from error


def _object(octets: bytes) -> Mapping[str, Any]:
    if len(octets) > LARGEST:
        raise KeySetError(f"the document has {len(octets)} octets; at most {LARGEST} are read")
    try:
        return object_in(octets, most=LARGEST)
    except ValueError as error:
        raise KeySetError(f"the document is no JSON object: {error}") from error


def _key(jwk: Mapping[str, Any]) -> Key | None:
    """The key for signatures that a JWK is, or None."""
    kid, kty, crv, algorithm = jwk.get("kid"), jwk.get("kty"), jwk.get("crv"), jwk.get("alg")
    operations = jwk.get("key_ops")
    if not is_text(kid, 256) or not isinstance(kty, str) or (kty, crv) not in _TYPES:
        return None
    if jwk.get("use", "sig") != "sig" or (operations is not None and "verify" not in operations):
        return None
    if algorithm is not None and (algorithm not in ALGORITHMS or ALGORITHMS[algorithm] != (kty, crv)):
        return None
    parts = {name: jwk.get(name) for name in _PARTS[kty]}
    octets = {name: decoded(value) if isinstance(value, str) else None for name, value in parts.items()}
    if None in octets.values() or (kty == "RSA" and not _is_sound(octets["n"] or b"", octets["e"] or b"")):
        return None
    return Key(str(kid), kty, crv, algorithm, {name: str(value) for name, value in parts.items()})


def _is_sound(modulus: bytes, exponent: bytes) -> bool:
    """Whether an RSA key is of a length that we take, with an exponent that costs nothing and means something."""
    n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    return n.bit_length() in RSA_BITS and n % 2 == 1 and 3 <= e < 2**32 and e % 2 == 1
