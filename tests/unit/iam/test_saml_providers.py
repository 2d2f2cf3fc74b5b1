"""SAML providers: registered by their metadata."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.iam_house import ACCOUNT, NOW, IamHouse
from tests.saml import ENTITY, metadata

ARN = f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"
CREATE, GET, UPDATE = "iam:CreateSAMLProvider", "iam:GetSAMLProvider", "iam:UpdateSAMLProvider"
TEXT = metadata()


@pytest.fixture
def corp(house: IamHouse) -> IamHouse:
    """A house with the provider `Corp`."""
    house.perform(CREATE, Name="Corp", SAMLMetadataDocument=TEXT)
    return house


def get(house: IamHouse) -> dict[str, Any]:
    return dict(house.perform(GET, SAMLProviderArn=ARN))


def test_a_new_provider_is_answered_by_its_arn(house: IamHouse) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    made = house.perform(CREATE, Name="Corp", SAMLMetadataDocument=TEXT, Tags=tags)
    assert made == {"SAMLProviderArn": ARN, "Tags": tags}


def test_a_provider_is_shown_with_its_document_as_it_came(corp: IamHouse) -> None:
    found = get(corp)
    assert len(found.pop("SAMLProviderUUID")) == 32
    assert found == {"SAMLMetadataDocument": TEXT, "CreateDate": NOW, "ValidUntil": NOW + timedelta(days=36_500)}


def test_metadata_with_an_end_is_valid_until_then(house: IamHouse) -> None:
    text = metadata(attributes=' validUntil="2027-01-01T00:00:00Z"')
    house.perform(CREATE, Name="Corp", SAMLMetadataDocument=text)
    [listed] = house.perform("iam:ListSAMLProviders")["SAMLProviderList"]
    assert listed == {"Arn": ARN, "ValidUntil": datetime(2027, 1, 1, tzinfo=UTC), "CreateDate": NOW}


@pytest.mark.parametrize(
    "text", ["no metadata", metadata(attributes=' validUntil="2026-11-23T19:00:00Z"'), "<!DOCTYPE x><x/>"]
)
def test_what_is_no_metadata_is_refused(house: IamHouse, text: str) -> None:
    refusal = house.refused(CREATE, Name="Corp", SAMLMetadataDocument=text)
    assert refusal.code == "InvalidInput"
    assert refusal.message.startswith("Could not parse metadata: ")


def test_a_name_is_taken_in_any_case(corp: IamHouse) -> None:
    refusal = corp.refused(CREATE, Name="CORP", SAMLMetadataDocument=TEXT)
    assert refusal.code == "EntityAlreadyExists"


def test_new_metadata_takes_the_place_of_the_old(corp: IamHouse) -> None:
    new = metadata(ENTITY, "next")
    uuid = get(corp)["SAMLProviderUUID"]
    assert corp.perform(UPDATE, SAMLProviderArn=ARN, SAMLMetadataDocument=new) == {"SAMLProviderArn": ARN}
    assert get(corp)["SAMLMetadataDocument"] == new
    assert get(corp)["SAMLProviderUUID"] == uuid


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        (CREATE, {"Name": "Corp", "SAMLMetadataDocument": TEXT, "AssertionEncryptionMode": "Required"}),
        (CREATE, {"Name": "Corp", "SAMLMetadataDocument": TEXT, "AddPrivateKey": "-----BEGIN"}),
        (UPDATE, {"SAMLProviderArn": ARN, "RemovePrivateKey": "A" * 22}),
    ],
)
def test_encrypted_assertions_are_refused_and_not_promised(house: IamHouse, operation: str, inputs: Any) -> None:
    assert house.refused(operation, **inputs).code == "NotImplemented"


def test_a_deleted_provider_leaves_nothing(corp: IamHouse) -> None:
    corp.perform("iam:DeleteSAMLProvider", SAMLProviderArn=ARN)
    for operation in (GET, UPDATE, "iam:DeleteSAMLProvider"):
        refusal = corp.refused(operation, SAMLProviderArn=ARN)
        assert (refusal.code, refusal.message) == ("NoSuchEntity", f"Manifest not found for arn {ARN}")
    assert corp.perform("iam:ListSAMLProviders")["SAMLProviderList"] == []
    corp.perform(CREATE, Name="Corp", SAMLMetadataDocument=TEXT)


def test_an_account_has_so_many_providers() -> None:
    house = IamHouse(SAMLProvidersPerAccount=1)
    house.perform(CREATE, Name="Corp", SAMLMetadataDocument=TEXT)
    refusal = house.refused(CREATE, Name="Other", SAMLMetadataDocument=TEXT)
    assert refusal.message == "Cannot exceed quota for SAMLProvidersPerAccount: 1"
    house.close()


def test_the_document_is_not_in_the_log_of_changes(corp: IamHouse) -> None:
    changes = corp.read(lambda tx: tx.changes(ACCOUNT))
    assert changes
    assert all("IDPSSODescriptor" not in str(change.after) for change in changes)


def test_tags_come_and_go(corp: IamHouse) -> None:
    corp.perform("iam:TagSAMLProvider", SAMLProviderArn=ARN, Tags=[{"Key": "a", "Value": "b"}])
    assert corp.perform("iam:ListSAMLProviderTags", SAMLProviderArn=ARN)["Tags"] == [{"Key": "a", "Value": "b"}]
    corp.perform("iam:UntagSAMLProvider", SAMLProviderArn=ARN, TagKeys=["a"])
    assert "Tags" not in get(corp)
