"""Server certificates: only what fits together is kept, and the key never leaves."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from tests.certified import NOW, certificate, ec_key, ed_key, private, rsa_key
from tests.iam_house import ACCOUNT, OTHER, IamHouse

from locum.iam.server_certificates import KEY, ServerCertificate

LEAF, MIDDLE, TOP = certificate("leaf", "middle"), certificate("middle", "top"), certificate("top")
WHOLE = {"CertificateBody": LEAF, "PrivateKey": private(ec_key("leaf")), "CertificateChain": MIDDLE + TOP}


def upload(house, name="web", **more):
    return house.perform("iam:UploadServerCertificate", ServerCertificateName=name, **WHOLE | more)


def refused(house, **more):
    inputs = {name: value for name, value in (WHOLE | more).items() if value is not None}
    refusal = house.refused("iam:UploadServerCertificate", ServerCertificateName="web", **inputs)
    assert "PRIVATE KEY" not in str(refusal)
    return refusal.code, refusal.message


def test_a_certificate_is_kept_with_its_chain_and_shown_without_its_key(house):
    made = upload(house, Path="/cloudfront/")["ServerCertificateMetadata"]
    assert made == {
        "Path": "/cloudfront/",
        "ServerCertificateName": "web",
        "ServerCertificateId": made["ServerCertificateId"],
        "Arn": f"arn:aws:iam::{ACCOUNT}:server-certificate/cloudfront/web",
        "UploadDate": NOW,
        "Expiration": NOW + timedelta(days=365),
    }
    assert made["ServerCertificateId"].startswith("ASCA")
    shown = house.perform("iam:GetServerCertificate", ServerCertificateName="WEB")["ServerCertificate"]
    assert shown == {
        "ServerCertificateMetadata": made,
        "CertificateBody": LEAF.strip(),
        "CertificateChain": (MIDDLE + TOP).strip(),
        "Tags": [],
    }
    assert house.perform("iam:ListServerCertificates")["ServerCertificateMetadataList"] == [made]


def test_the_key_is_sealed_and_in_no_row_and_no_change(house):
    upload(house)
    kept = house.read(lambda tx: tx.get(ServerCertificate, ACCOUNT, "web"))
    assert house.read(lambda tx: tx.secret(kept, KEY)).reveal() == WHOLE["PrivateKey"]
    assert "PRIVATE KEY" not in f"{kept!r} {house.read(lambda tx: list(tx.changes(ACCOUNT)))!r}"


def test_a_certificate_without_a_chain_has_none(house):
    house.perform(
        "iam:UploadServerCertificate",
        ServerCertificateName="own",
        CertificateBody=certificate("rsa", key=rsa_key("rsa")),
        PrivateKey=private(rsa_key("rsa")),
    )
    assert (
        "CertificateChain"
        not in house.perform("iam:GetServerCertificate", ServerCertificateName="own")["ServerCertificate"]
    )


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"CertificateBody": "no certificate"}, "MalformedCertificate", "Unable to parse certificate. Please ensure"),
        ({"CertificateBody": LEAF + MIDDLE}, "MalformedCertificate", "more than one certificate"),
        ({"CertificateBody": certificate("leaf", until=NOW)}, "MalformedCertificate", "no longer valid"),
        (
            {"CertificateBody": certificate("leaf", since=NOW + timedelta(days=2))},
            "MalformedCertificate",
            "not valid yet",
        ),
        ({"CertificateBody": certificate("leaf", key=ed_key())}, "InvalidCertificate", "neither RSA of 1024 bits"),
        ({"PrivateKey": "no key"}, "MalformedCertificate", "Invalid Private Key."),
        ({"PrivateKey": private(ec_key("leaf"), b"passphrase")}, "MalformedCertificate", "Invalid Private Key."),
        ({"PrivateKey": LEAF}, "MalformedCertificate", "Invalid Private Key."),
        ({"PrivateKey": private(ec_key("middle"))}, "KeyPairMismatch", "not that of the certificate"),
        ({"CertificateChain": "no chain"}, "MalformedCertificate", "Unable to parse certificate chain"),
        ({"CertificateChain": TOP}, "MalformedCertificate", "index within the chain of the invalid certificate is: 0"),
        ({"CertificateChain": LEAF + MIDDLE}, "MalformedCertificate", "invalid certificate is: 0"),
        ({"CertificateChain": MIDDLE + MIDDLE}, "MalformedCertificate", "invalid certificate is: 1"),
        ({"CertificateChain": MIDDLE + certificate("top", key=ec_key("x"))}, "MalformedCertificate", "is: 1"),
    ],
    ids=itertools.count(),
)
def test_what_does_not_fit_together_is_not_kept(house, more, code, words):
    found = refused(house, **more)
    assert found[0] == code
    assert words in found[1]
    assert house.perform("iam:ListServerCertificates")["ServerCertificateMetadataList"] == []


def test_a_name_is_taken_whatever_its_case(house):
    upload(house)
    refusal = house.refused("iam:UploadServerCertificate", ServerCertificateName="WEB", **WHOLE)
    assert (refusal.code, refusal.message) == (
        "EntityAlreadyExists",
        "The Server Certificate with name WEB already exists.",
    )


def test_a_renamed_certificate_keeps_its_id(house):
    id = upload(house)["ServerCertificateMetadata"]["ServerCertificateId"]
    house.perform(
        "iam:UpdateServerCertificate", ServerCertificateName="web", NewServerCertificateName="new", NewPath="/a/"
    )
    shown = house.perform("iam:GetServerCertificate", ServerCertificateName="new")["ServerCertificate"]
    assert shown["ServerCertificateMetadata"]["ServerCertificateId"] == id
    assert shown["ServerCertificateMetadata"]["Arn"].endswith(":server-certificate/a/new")
    missing = house.refused("iam:GetServerCertificate", ServerCertificateName="web")
    assert missing.message == "The Server Certificate with name web cannot be found."


def test_a_deleted_certificate_is_gone_with_its_key(house):
    upload(house)
    house.perform("iam:DeleteServerCertificate", ServerCertificateName="web")
    assert house.refused("iam:DeleteServerCertificate", ServerCertificateName="web").code == "NoSuchEntity"
    upload(house)


def test_certificates_are_listed_by_path_and_in_pages(house):
    for name, path in (("c", "/a/"), ("a", "/a/"), ("b", "/b/")):
        upload(house, name, Path=path)
    names = []
    marker = {}
    while True:
        page = house.perform("iam:ListServerCertificates", PathPrefix="/a/", MaxItems=1, **marker)
        names += [one["ServerCertificateName"] for one in page["ServerCertificateMetadataList"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert names == ["a", "c"]


def test_tags_come_with_the_upload_and_later(house):
    made = upload(house, Tags=[{"Key": "team", "Value": "red"}])
    assert made["Tags"] == [{"Key": "team", "Value": "red"}]
    house.perform("iam:TagServerCertificate", ServerCertificateName="web", Tags=[{"Key": "Team", "Value": "blue"}])
    house.perform("iam:UntagServerCertificate", ServerCertificateName="web", TagKeys=["team"])
    assert house.perform("iam:ListServerCertificateTags", ServerCertificateName="web")["Tags"] == [
        {"Key": "Team", "Value": "blue"}
    ]


def test_an_account_holds_as_many_as_its_quota():
    house = IamHouse(ServerCertificatesPerAccount=1)
    upload(house)
    refusal = house.refused("iam:UploadServerCertificate", ServerCertificateName="two", **WHOLE)
    assert refusal.message == "Cannot exceed quota for ServerCertificatesPerAccount: 1"
    assert house.perform("iam:GetAccountSummary")["SummaryMap"]["ServerCertificates"] == 1
    house.act_as_root(OTHER)
    assert house.refused("iam:GetServerCertificate", ServerCertificateName="web").code == "NoSuchEntity"
    house.close()
