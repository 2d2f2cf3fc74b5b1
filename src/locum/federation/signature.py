"""The signature of a SAML response: what is signed, by whom, or nothing.

Law: rules F14 to F17. Where signatures may stand, what they may refer to and how it is transformed is checked here,
before the library looks at them; the certificates are those of the metadata, whatever a KeyInfo says; what is answered
is the element that the library read from the octets that were signed, and nobody looks at the document again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from locum.federation.fault import Rejected
from locum.federation.names import ASSERTION, PROTOCOL, SIGNATURE
from locum.federation.xml import Element

INVALID = "Response signature invalid"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_IDS = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


def signed_assertion(root: Element, certificates: Sequence[bytes]) -> Element:
    """The one assertion of a response, as it was signed by one of these certificates (DER). Raises Rejected."""
    assertion = _only_assertion(root)
    signatures = list(root.iter(SIGNATURE + "Signature"))
    if not signatures or len(signatures) > 2:
        raise Rejected("InvalidIdentityToken", INVALID, "F14")
    found: dict[str, Element] = {}
    for signature in signatures:
        parent = signature.getparent()
        if parent is not root and parent is not assertion:
            raise Rejected("InvalidIdentityToken", INVALID, "F14")
        if parent.tag in found:
            raise Rejected("InvalidIdentityToken", INVALID, "F14")
        _require_plain(signature, parent)
        found[parent.tag] = _verified(root, parent, certificates)
    if ASSERTION + "Assertion" in found:
        return found[ASSERTION + "Assertion"]
    return _only_assertion(found[PROTOCOL + "Response"])


def _only_assertion(root: Element) -> Element:
    """The one assertion of a response, a child of it; every id in it is there once (rule F14)."""
    if root.tag != PROTOCOL + "Response" or len(list(root.iter(PROTOCOL + "Response"))) != 1:
        raise Rejected("InvalidIdentityToken", "Invalid SAML Response", "F14")
    every = list(root.iter(ASSERTION + "Assertion"))
    if len(every) != 1 or every[0].getparent() is not root or list(root.iter(ASSERTION + "EncryptedAssertion")):
        raise Rejected("InvalidIdentityToken", "Invalid SAML Response", "F14")
    ids = list(_ids(root))
    if len(set(ids)) < len(ids):
        raise Rejected("InvalidIdentityToken", "Invalid SAML Response", "F14")
    return every[0]


def _ids(root: Element) -> Iterator[str]:
    for element in root.iter():
        for name in _IDS:
            if element.get(name) is not None:
                yield element.get(name)


def _require_plain(signature: Element, parent: Element) -> None:
    """Refuses a signature that refers to anything but its parent, or transforms it other than by taking itself out
    and canonicalising exclusively (rules F14, F15)."""
    information = signature.findall(SIGNATURE + "SignedInfo")
    references = list(signature.iter(SIGNATURE + "Reference"))
    identifier = parent.get("ID") or ""
    plain = len(information) == 1 and len(references) == 1 and references[0].getparent() is information[0]
    plain = plain and bool(identifier) and references[0].get("URI") == f"#{identifier}"
    plain = plain and not list(signature.iter(SIGNATURE + "Object", SIGNATURE + "Manifest"))
    transforms = [one.get("Algorithm") for one in signature.iter(SIGNATURE + "Transform")]
    plain = plain and transforms in ([ENVELOPED, EXCLUSIVE], [ENVELOPED])
    methods = [one.get("Algorithm") for one in signature.iter(SIGNATURE + "CanonicalizationMethod")]
    if not plain or methods != [EXCLUSIVE]:
        raise Rejected("InvalidIdentityToken", INVALID, "F15")


def _verified(root: Element, parent: Element, certificates: Sequence[bytes]) -> Element:
    """The element that was signed, read from the octets that were signed (rules F16, F17)."""
    signxml = import_module("signxml")
    location = "./" if parent is root else f"./{ASSERTION}Assertion/"
    for der in certificates:
        certificate = import_module("cryptography.x509").load_der_x509_certificate(der)
        try:
            result = signxml.XMLVerifier().verify(
                root, x509_cert=certificate, id_attribute="ID", expect_config=_configured(location)
            )
        except Exception:  # noqa: S112  whatever the library finds wrong: the next certificate may be the right one
            continue
        signed = result.signed_xml
        if not result.signed_data or signed is None or (signed.tag, signed.get("ID")) != (parent.tag, parent.get("ID")):
            break
        return signed
    raise Rejected("InvalidIdentityToken", INVALID, "F16")


@functools.lru_cache(maxsize=4)
def _configured(location: str) -> Any:
    """What the library shall take: RSA and ECDSA with SHA-256 or more, one reference, the signature in one place."""
    signxml = import_module("signxml")
    methods = [one for one in signxml.SignatureMethod if one.name in _NAMES]
    digests = [one for one in signxml.DigestAlgorithm if one.name in ("SHA256", "SHA384", "SHA512")]
    return signxml.SignatureConfiguration(
        require_x509=True,
        location=location,
        expect_references=1,
        signature_methods=frozenset(methods),
        digest_algorithms=frozenset(digests),
        ignore_ambiguous_key_info=True,
    )


_NAMES = frozenset(f"{kind}_SHA{bits}" for kind in ("RSA", "ECDSA") for bits in (256, 384, 512)) | frozenset(
    f"SHA{bits}_RSA_MGF1" for bits in (256, 384, 512)
)
