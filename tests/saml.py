"""Identity providers of these tests that speak SAML: certificates, metadata, responses, signed as real ones are.

Law: made by the libraries that clients use, with keys that are drawn once a run; nothing of Locum is used or replaced.
"""

from __future__ import annotations

import base64
import functools
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import signxml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from tests.served import ACCOUNT, NOW

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


SIGN_IN = "https://signin.aws.amazon.com/saml"
ROLE, PROVIDER = f"arn:aws:iam::{ACCOUNT}:role/sso", f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"
AWS = "https://aws.amazon.com/SAML/Attributes/"
NAMES = {
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
    "d": "http://www.w3.org/2000/09/xmldsig#",
}
_IDS = itertools.count()


def at(seconds: float = 0, now: datetime = NOW) -> str:
    """An instant so many seconds from now."""
    return (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def attributes(**changed: Any) -> dict[str, Any]:
    """The attributes of a good assertion by their short names; None takes one away."""
    good = {"Role": f"{ROLE},{PROVIDER}", "RoleSessionName": "ann@example.com", **changed}
    return {name: value for name, value in good.items() if value is not None}


def plain(
    *,
    now: datetime = NOW,
    given: Mapping[str, Any] | None = None,
    issuer: str = ENTITY,
    subject: str = "ann",
    recipient: str = SIGN_IN,
    audience: str = "urn:amazon:webservices",
    issued: float = 0,
    begins: float = -30,
    ends: float = 300,
    session: str = "",
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success",
) -> str:
    """A response that nobody has signed."""
    number = next(_IDS)
    stated = ""
    for name, values in (attributes() if given is None else given).items():
        full = name if ":" in name and not name.startswith("PrincipalTag") else AWS + name
        listed = [values] if isinstance(values, str) else values
        inside = "".join(f"<a:AttributeValue>{value}</a:AttributeValue>" for value in listed)
        stated += f'<a:Attribute Name="{full}">{inside}</a:Attribute>'
    return (
        f'<p:Response xmlns:p="{NAMES["p"]}" xmlns:a="{NAMES["a"]}" ID="_r{number}" Version="2.0"'
        f' IssueInstant="{at(issued, now)}" Destination="{SIGN_IN}"><a:Issuer>{issuer}</a:Issuer>'
        f'<p:Status><p:StatusCode Value="{status}"/></p:Status>'
        f'<a:Assertion ID="_a{number}" Version="2.0" IssueInstant="{at(issued, now)}"><a:Issuer>{issuer}</a:Issuer>'
        '<a:Subject><a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">'
        f"{subject}</a:NameID>"
        '<a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><a:SubjectConfirmationData'
        f' NotOnOrAfter="{at(ends, now)}" Recipient="{recipient}"/></a:SubjectConfirmation></a:Subject>'
        f'<a:Conditions NotBefore="{at(begins, now)}" NotOnOrAfter="{at(ends, now)}"><a:AudienceRestriction>'
        f"<a:Audience>{audience}</a:Audience></a:AudienceRestriction></a:Conditions>"
        f'<a:AuthnStatement AuthnInstant="{at(issued, now)}"{session}><a:AuthnContext><a:AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</a:AuthnContextClassRef></a:AuthnContext></a:AuthnStatement>"
        f"<a:AttributeStatement>{stated}</a:AttributeStatement></a:Assertion></p:Response>"
    )


def tree(text: str) -> Any:
    """The document as elements."""
    return etree.fromstring(text.encode())


def find(root: Any, path: str) -> Any:
    """The first element at a path of the short names above."""
    return root.find(path, NAMES)


def signed(root: Any, parts: Sequence[str] = ("Assertion",), by: str = "idp", **how: Any) -> Any:
    """The document with its assertion, its response, or both signed by a key."""
    key = signer(by)
    for part in parts:
        element = find(root, "a:Assertion") if part == "Assertion" else root
        place = etree.Element(f"{{{NAMES['d']}}}Signature", {"Id": "placeholder"}, nsmap={"ds": NAMES["d"]})
        element.insert(1, place)
        made = signxml.XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#", **how).sign(
            element, key=key.key, cert=key.certificate.decode(), reference_uri=element.get("ID"), id_attribute="ID"
        )
        if element is root:
            root = made
        else:
            root.replace(element, made)
    return root


def sent(root: Any) -> str:
    """The document as a client sends it."""
    octets = root.encode() if isinstance(root, str) else etree.tostring(root)
    return base64.b64encode(octets).decode()


def response(parts: Sequence[str] = ("Assertion",), by: str = "idp", **said: Any) -> str:
    """A good response, with what is said changed."""
    return sent(signed(tree(plain(**said)), parts, by))
