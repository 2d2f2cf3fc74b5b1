"""SAML metadata: what is read of it, and what is no metadata."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.saml import ENTITY, entity, key_descriptor, metadata, signer

from locum.federation.metadata import IdentityProvider, MetadataError, instant, read

DER = signer("idp").der
NAMESPACE = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'


def test_the_entity_id_and_the_certificates_are_read() -> None:
    found = read(metadata())
    assert found.providers == (IdentityProvider(ENTITY, (DER,)),)
    assert found.valid_until is None


def test_two_certificates_are_both_kept() -> None:
    [provider] = read(metadata(ENTITY, "idp", "next")).providers
    assert provider.certificates == (DER, signer("next").der)


def test_a_certificate_for_encryption_signs_nothing() -> None:
    keys = key_descriptor(DER) + key_descriptor(signer("other").der, ' use="encryption"')
    assert read(entity(keys=keys)).providers[0].certificates == (DER,)


def test_a_key_without_a_use_signs_too() -> None:
    assert read(entity(keys=key_descriptor(DER, ""))).providers[0].certificates == (DER,)


def test_the_earliest_end_counts() -> None:
    inner = entity(keys=key_descriptor(DER), attributes=' validUntil="2027-06-01T00:00:00+02:00"')
    outer = f'<md:EntitiesDescriptor {NAMESPACE} validUntil="2028-01-01T00:00:00Z">{inner}</md:EntitiesDescriptor>'
    assert read(outer).valid_until == datetime(2027, 5, 31, 22, tzinfo=UTC)


def test_comments_in_metadata_do_not_matter() -> None:
    assert read(metadata().replace("<md:Single", "<!-- by hand --><md:Single")).providers


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "well-formed"),
        ("{}", "well-formed"),
        ("<a/>", "no EntityDescriptor"),
        (metadata().replace("<md:Entity", "<!DOCTYPE x><md:Entity", 1), "document type"),
        (
            metadata().replace("<md:Entity", '<!DOCTYPE x [<!ENTITY e "x">]><md:Entity', 1).replace(ENTITY, "&e;"),
            "document type",
        ),
        (metadata().replace("<md:Single", "<?go?><md:Single"), "processing instruction"),
        (metadata() + "<?go?>", "processing instruction"),
        (entity(keys=""), "no certificate"),
        (entity(keys=key_descriptor(DER, ' use="encryption"')), "no certificate"),
        (entity(keys=key_descriptor(b"certificate")), "cannot be read"),
        (entity(name="", keys=key_descriptor(DER)), "entityID"),
        (metadata(attributes=' validUntil="soon"'), "no instant"),
        (metadata().replace("IDPSSO", "SPSSO"), "0 identity providers"),
        (metadata().replace("SAML:2.0:protocol", "SAML:1.1:protocol"), "0 identity providers"),
        (f"<md:EntitiesDescriptor {NAMESPACE}>{entity(keys=key_descriptor(DER)) * 2}</md:EntitiesDescriptor>", "twice"),
        (metadata()[:-5], "well-formed"),
        ("<a>" * 300 + "</a>" * 300, "well-formed"),
    ],
)
def test_what_is_no_metadata_is_said(text: str, seen: str) -> None:
    with pytest.raises(MetadataError, match=seen):
        read(text)


def test_there_are_at_most_so_many_providers_and_keys() -> None:
    many = "".join(entity(f"https://{number}.example.com", key_descriptor(DER)) for number in range(3))
    text = f"<md:EntitiesDescriptor {NAMESPACE}>{many}</md:EntitiesDescriptor>"
    assert len(read(text, most_entities=3).providers) == 3
    with pytest.raises(MetadataError, match="3 identity providers"):
        read(text, most_entities=2)
    with pytest.raises(MetadataError, match="more than 2 keys"):
        read(text, most_keys=2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-23T19:00:00Z", datetime(2026, 11, 23, 19, tzinfo=UTC)),
        ("2026-11-23T19:00:00.123456Z", datetime(2026, 11, 23, 19, tzinfo=UTC)),
        ("2026-11-23T19:00:00-01:30", datetime(2026, 11, 23, 20, 30, tzinfo=UTC)),
        ("2026-02-30T19:00:00Z", None),
        ("2026-11-23", None),
        ("٢026-11-23T19:00:00Z", None),
        (None, None),
    ],
)
def test_an_instant_of_saml(text: str | None, found: datetime | None) -> None:
    assert instant(text) == found
