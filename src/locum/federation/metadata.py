"""A SAML metadata document: who the identity providers in it are, and by which certificates they sign.

Law: read by the one parser, once, when it is registered; what is kept is what this answers. Certificates for
encryption are not for signatures. Nothing in it is fetched, and its own signature is not looked at: whoever registers
it vouches for it. Source: OASIS SAML 2.0 metadata; limits: IAM and AWS STS quotas.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module

import msgspec

from locum.federation.names import METADATA, SAML2, SIGNATURE
from locum.federation.xml import Element, XmlError, parse

_BLANKS = re.compile(r"[ \t\r\n]+", re.ASCII)
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


class MetadataError(ValueError):
    """A text that is no metadata of an identity provider."""


class IdentityProvider(msgspec.Struct, frozen=True):
    """One identity provider: its entity id and the certificates (DER) that its signatures may be by."""

    entity_id: str
    certificates: tuple[bytes, ...]


class Metadata(msgspec.Struct, frozen=True):
    """What a document says: the identity providers, and until when."""

    providers: tuple[IdentityProvider, ...]
    valid_until: datetime | None = None


def read(text: str, *, most_entities: int = 10, most_keys: int = 10) -> Metadata:
    """The metadata in `text`. Raises MetadataError."""
    try:
        root = parse(text, comments=True)
    except XmlError as error:
        raise MetadataError(f"the document has {error}") from error
    if root.tag not in (METADATA + "EntityDescriptor", METADATA + "EntitiesDescriptor"):
        raise MetadataError("the document is no EntityDescriptor")
    entities = [one for one in root.iter(METADATA + "EntityDescriptor") if list(_roles(one))]
    if not 1 <= len(entities) <= most_entities:
        raise MetadataError(f"the document describes {len(entities)} identity providers; 1 to {most_entities} may be")
    found = tuple(_provider(one) for one in entities)
    if len({one.entity_id for one in found}) < len(found):
        raise MetadataError("an entity id stands in it twice")
    if sum(len(one.certificates) for one in found) > most_keys:
        raise MetadataError(f"the document has more than {most_keys} keys")
    ends = [instant(one.get("validUntil")) for one in root.iter() if one.get("validUntil") is not None]
    if None in ends:
        raise MetadataError("`validUntil` is no instant")
    return Metadata(found, min((end for end in ends if end is not None), default=None))


def instant(text: str | None) -> datetime | None:
    """An instant of SAML, in UTC; None for what is none. A fraction of a second is cut off."""
    found = _INSTANT.fullmatch(text or "")
    if found is None:
        return None
    try:
        at = datetime(*(int(part) for part in found.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    zone = found[7]
    if zone in (None, "Z"):
        return at
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return at - offset if zone[0] == "+" else at + offset


def _roles(entity: Element) -> Iterator[Element]:
    """The descriptors of an identity provider that speaks SAML 2.0."""
    for one in entity.findall(METADATA + "IDPSSODescriptor"):
        if SAML2 in (one.get("protocolSupportEnumeration") or "").split():
            yield one


def _provider(entity: Element) -> IdentityProvider:
    entity_id = entity.get("entityID") or ""
    if not 1 <= len(entity_id) <= 1024:
        raise MetadataError("an `entityID` has 1 to 1024 characters")
    found: dict[bytes, None] = {}
    for role in _roles(entity):
        for descriptor in role.findall(METADATA + "KeyDescriptor"):
            if descriptor.get("use") in (None, "signing"):
                for one in descriptor.iter(SIGNATURE + "X509Certificate"):
                    found[_certificate(one)] = None
    if not found:
        raise MetadataError(f"`{entity_id}` has no certificate to sign by")
    return IdentityProvider(entity_id, tuple(found))


def _certificate(element: Element) -> bytes:
    try:
        der = base64.b64decode(_BLANKS.sub("", element.text or ""), validate=True)
        import_module("cryptography.x509").load_der_x509_certificate(der).public_key()
    except Exception as error:  # whatever the library makes of what is no certificate
        raise MetadataError("a certificate cannot be read") from error
    return der
