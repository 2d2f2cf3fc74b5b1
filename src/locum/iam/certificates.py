"""X.509 certificates and private keys as texts: read, and held against each other.

Law: text and a time in, a certificate or a refusal out; no rows. Only `cryptography` reads the text, and its part for
certificates is imported at the first one, which no start pays for. Nothing here says who trusts a certificate: that its
chain leads upward is all that is checked. Sentences as users report them from AWS, save where they are marked ours.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from locum.aws.faults import Refusal

if TYPE_CHECKING:
    from cryptography import x509

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

LEAST_RSA_BITS = 1024
UNREADABLE = "Unable to parse certificate. Please ensure the certificate is in PEM format."
UNREADABLE_CHAIN = "Unable to parse certificate chain. Please ensure the certificate chain is in PEM format."
MANY = "the certificate body holds more than one certificate; the others belong into the chain"  # ours
PAST = "Certificate is no longer valid. The 'Not After' date for the certificate is in the past."
FUTURE = "Certificate is not valid yet. The 'Not Before' date for the certificate is in the future."
BROKEN_CHAIN = (
    "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate,"
    " followed by any intermediaries in order. The index within the chain of the invalid certificate is: {at}"
)
BAD_KEY = "Invalid Private Key."
MISMATCH = "the private key is not that of the certificate"  # ours
ODD_KEY = f"the certificate's key is neither RSA of {LEAST_RSA_BITS} bits or more nor of an elliptic curve"  # ours


def certificate(text: str, now: datetime) -> x509.Certificate:
    """The one certificate that is in a text, and valid now. Raises MalformedCertificate."""
    found = _certificates(text, UNREADABLE)
    if len(found) != 1:
        raise Refusal("MalformedCertificate", MANY)
    only = found[0]
    if only.not_valid_after_utc <= now:
        raise Refusal("MalformedCertificate", PAST)
    if only.not_valid_before_utc > now:
        raise Refusal("MalformedCertificate", FUTURE)
    return only


def public_key(found: x509.Certificate) -> PublicKey:
    """A certificate's key. Raises InvalidCertificate for one of a kind that nobody here can use."""
    try:
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Refusal("InvalidCertificate", ODD_KEY) from None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        return key
    raise Refusal("InvalidCertificate", ODD_KEY)


def require_chain(leaf: x509.Certificate, text: str) -> None:
    """Refuses a chain in which some certificate did not sign the one before it. Raises MalformedCertificate."""
    below = leaf
    for at, above in enumerate(_certificates(text, UNREADABLE_CHAIN)):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            raise Refusal("MalformedCertificate", BROKEN_CHAIN.format(at=at), at=at) from None
        below = above


def require_key(leaf: x509.Certificate, text: str) -> None:
    """Refuses a private key that is not the certificate's. Raises MalformedCertificate or KeyPairMismatch; neither
    holds a word of the key."""
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        raise Refusal("MalformedCertificate", BAD_KEY) from None
    if _octets(key.public_key()) != _octets(leaf.public_key()):
        raise Refusal("KeyPairMismatch", MISMATCH)


def id_of(found: x509.Certificate) -> str:
    """The id of a signing certificate: base32 of the SHA-1 of its DER, as AWS has it (third party, September 2026)."""
    der = found.public_bytes(Encoding.DER)
    return base64.b32encode(hashlib.sha1(der, usedforsecurity=False).digest()).decode("ascii")


def _certificates(text: str, unreadable: str) -> list[x509.Certificate]:
    try:
        found: list[x509.Certificate] = import_module("cryptography.x509").load_pem_x509_certificates(text.encode())
    except ValueError:
        raise Refusal("MalformedCertificate", unreadable) from None
    return found


def _octets(key: object) -> bytes:
    octets: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return octets
