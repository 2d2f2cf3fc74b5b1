"""SSH public keys: one key in two encodings."""

from __future__ import annotations

import base64
import hashlib
import itertools

import pytest
from tests.certified import ec_key, ed_key, pem, rsa_key, ssh
from tests.iam_house import IamHouse

KEY, SMALL = rsa_key("ssh"), rsa_key("small", 1024)


@pytest.fixture
def alice(house):
    house.perform("iam:CreateUser", UserName="alice")
    return {"UserName": "alice"}


def upload(house, body, **whose):
    return house.perform("iam:UploadSSHPublicKey", SSHPublicKeyBody=body, **whose)["SSHPublicKey"]


def get(house, id, encoding, **whose):
    answer = house.perform("iam:GetSSHPublicKey", SSHPublicKeyId=id, Encoding=encoding, **whose)
    return answer["SSHPublicKey"]["SSHPublicKeyBody"]


def test_a_key_is_shown_in_both_encodings_however_it_came(house, alice):
    for body in (ssh(KEY) + " alice@laptop", pem(KEY)):
        made = upload(house, body, **alice)
        assert made["SSHPublicKeyBody"] == body
        assert made["SSHPublicKeyId"].startswith("APKA")
        assert get(house, made["SSHPublicKeyId"], "SSH", **alice) == ssh(KEY)
        assert get(house, made["SSHPublicKeyId"], "PEM", **alice) == pem(KEY).strip()
        house.perform("iam:DeleteSSHPublicKey", SSHPublicKeyId=made["SSHPublicKeyId"], **alice)


def test_the_fingerprint_is_the_md5_of_the_key_itself(house, alice):
    digest = hashlib.md5(base64.b64decode(ssh(KEY).split()[1])).hexdigest()
    assert upload(house, ssh(KEY), **alice)["Fingerprint"] == ":".join(digest[at : at + 2] for at in range(0, 32, 2))


def test_the_same_key_in_the_other_encoding_is_the_same_key(house, alice):
    upload(house, ssh(KEY), **alice)
    for body in (pem(KEY), ssh(KEY) + " another comment"):
        refusal = house.refused("iam:UploadSSHPublicKey", SSHPublicKeyBody=body, **alice)
        assert (refusal.code, refusal.status) == ("DuplicateSSHPublicKey", 400)
    house.perform("iam:CreateUser", UserName="bob")
    upload(house, ssh(KEY), UserName="bob")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("hello", "UnrecognizedPublicKeyEncoding"),
        (ssh(ed_key()), "UnrecognizedPublicKeyEncoding"),
        ("ssh-rsa not-base64!", "InvalidPublicKey"),
        ("ssh-rsa AAAA", "InvalidPublicKey"),
        (ssh(SMALL), "InvalidPublicKey"),
        (pem(SMALL), "InvalidPublicKey"),
        (pem(ec_key("ssh")), "InvalidPublicKey"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "InvalidPublicKey"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_large_rsa_key_is_refused(house, alice, body, code):
    assert house.refused("iam:UploadSSHPublicKey", SSHPublicKeyBody=body, **alice).code == code


def test_a_key_is_listed_without_itself_and_turned_off(house, alice):
    id = upload(house, ssh(KEY), **alice)["SSHPublicKeyId"]
    house.perform("iam:UpdateSSHPublicKey", SSHPublicKeyId=id, Status="Inactive", **alice)
    assert house.perform("iam:ListSSHPublicKeys", **alice)["SSHPublicKeys"] == [
        {"UserName": "alice", "SSHPublicKeyId": id, "Status": "Inactive", "UploadDate": house.now}
    ]
    expired = house.refused("iam:UpdateSSHPublicKey", SSHPublicKeyId=id, Status="Expired", **alice)
    assert expired.code == "InvalidInput"


def test_only_its_user_s_key_is_found(house, alice):
    house.perform("iam:CreateUser", UserName="bob")
    id = upload(house, ssh(KEY), **alice)["SSHPublicKeyId"]
    refusal = house.refused("iam:GetSSHPublicKey", SSHPublicKeyId=id, Encoding="SSH", UserName="bob")
    assert refusal.message == f"The Public Key with id {id} cannot be found."


def test_one_more_than_the_quota_is_refused():
    house = IamHouse(SSHPublicKeysPerUser=1)
    house.perform("iam:CreateUser", UserName="alice")
    upload(house, ssh(KEY), UserName="alice")
    refusal = house.refused("iam:UploadSSHPublicKey", SSHPublicKeyBody=ssh(rsa_key("second")), UserName="alice")
    assert refusal.message == "Cannot exceed quota for SSHPublicKeysPerUser: 1"
    house.close()


def test_a_user_with_one_is_not_deleted(house, alice):
    upload(house, ssh(KEY), **alice)
    assert house.refused("iam:DeleteUser", **alice).message == (
        "Cannot delete entity, must remove referenced objects first."
    )
