"""Identity providers of these tests that speak SAML: certificates, metadata, responses, signed as real ones are.

Law: made by the libraries that clients use, with keys that are drawn once a run; nothing of Locum is used or replaced.
"""

from __future__ import annotations

import base64
import functools
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ENTITY = "https://idp.example.com/metadata"


class Signer(msgspec.Struct, frozen=True):
    """A private key and the certificate that stands for it, as PEM."""

    key: bytes
    certificate: bytes

    @property
    def der(self) -> bytes:
        return x509.load_pem_x509_certificate(self.certificate).public_bytes(serialization.Encoding.DER)


@functools.cache
def signer(name: str) -> Signer:
    """The key of that name; each name has one of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Signer(plain, made.public_bytes(pem))


def key_descriptor(der: bytes, use: str = ' use="signing"') -> str:
    """A KeyDescriptor around a certificate."""
    return (
        f'<md:KeyDescriptor{use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{base64.b64encode(der).decode()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</md:KeyDescriptor>"
    )


def entity(name: str = ENTITY, keys: str = "", attributes: str = "") -> str:
    """An EntityDescriptor of an identity provider."""
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{name}"{attributes}>'
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{keys}"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        ' Location="https://idp.example.com/sso"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def metadata(name: str = ENTITY, *signers: str, attributes: str = "") -> str:
    """The metadata of an identity provider that signs by these keys."""
    keys = "".join(key_descriptor(signer(one).der) for one in signers or ("idp",))
    return f'<?xml version="1.0"?>\n{entity(name, keys, attributes)}'
