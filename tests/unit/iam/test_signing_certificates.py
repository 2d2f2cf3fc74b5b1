"""Signing certificates: two for a user, each of one user of the account."""

from __future__ import annotations

import base64
import hashlib
import itertools

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.certified import certificate, ed_key, rsa_key
from tests.iam_house import OTHER

ONE, TWO, THREE = (certificate(name) for name in ("one", "two", "three"))


def upload(house, body=ONE, **whose):
    return house.perform("iam:UploadSigningCertificate", CertificateBody=body, **whose)["Certificate"]


@pytest.fixture
def alice(house):
    house.perform("iam:CreateUser", UserName="alice")
    return {"UserName": "alice"}


def test_a_certificate_s_id_is_made_of_itself(house, alice):
    der = x509.load_pem_x509_certificate(ONE.encode()).public_bytes(Encoding.DER)
    made = upload(house, **alice)
    assert made["CertificateId"] == base64.b32encode(hashlib.sha1(der).digest()).decode()
    assert made == {
        "UserName": "alice",
        "CertificateId": made["CertificateId"],
        "CertificateBody": ONE,
        "Status": "Active",
        "UploadDate": house.now,
    }
    assert house.perform("iam:ListSigningCertificates", **alice)["Certificates"] == [made]


def test_a_certificate_is_one_user_s_of_the_account(house, alice):
    house.perform("iam:CreateUser", UserName="bob")
    upload(house, **alice)
    for name in ("alice", "bob"):
        refusal = house.refused("iam:UploadSigningCertificate", CertificateBody=ONE, UserName=name)
        assert refusal.code == "DuplicateCertificate"
    house.act_as_root(OTHER)
    upload(house)  # another account's is another


def test_a_third_one_is_refused(house, alice):
    for body in (ONE, TWO):
        upload(house, body, **alice)
    refusal = house.refused("iam:UploadSigningCertificate", CertificateBody=THREE, **alice)
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for CertificatesPerUser: 2")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("no certificate", "MalformedCertificate"),
        (ONE + TWO, "MalformedCertificate"),
        (certificate("odd", key=ed_key()), "InvalidCertificate"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_certificate_is_refused(house, alice, body, code):
    assert house.refused("iam:UploadSigningCertificate", CertificateBody=body, **alice).code == code


def test_an_rsa_certificate_is_taken(house, alice):
    upload(house, certificate("rsa", key=rsa_key("rsa")), **alice)


def test_a_certificate_is_turned_off_and_on_and_never_expired_by_hand(house, alice):
    id = {"CertificateId": upload(house, **alice)["CertificateId"]}
    for status in ("Inactive", "Active"):
        house.perform("iam:UpdateSigningCertificate", Status=status, **id, **alice)
        assert house.perform("iam:ListSigningCertificates", **alice)["Certificates"][0]["Status"] == status
    assert house.refused("iam:UpdateSigningCertificate", Status="Expired", **id, **alice).code == "InvalidInput"


def test_only_its_user_s_certificate_is_found(house, alice):
    house.perform("iam:CreateUser", UserName="bob")
    id = upload(house, **alice)["CertificateId"]
    for whose, asked in (({"UserName": "bob"}, id), (alice, id.lower()), ({}, id)):
        refusal = house.refused("iam:DeleteSigningCertificate", CertificateId=asked, **whose)
        assert refusal.message == f"The Certificate with id {asked} cannot be found."
    house.perform("iam:DeleteSigningCertificate", CertificateId=id, **alice)
    assert house.perform("iam:ListSigningCertificates", **alice)["Certificates"] == []


def test_a_user_with_one_is_not_deleted(house, alice):
    upload(house, **alice)
    refusal = house.refused("iam:DeleteUser", **alice)
    assert refusal.message == "Cannot delete entity, must delete signing certificates first."


def test_roots_have_no_user_s_name_and_are_counted(house):
    assert "UserName" not in upload(house)
    assert house.perform("iam:GetAccountSummary")["SummaryMap"]["AccountSigningCertificatesPresent"] == 1
