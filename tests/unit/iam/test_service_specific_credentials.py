"""Service-specific credentials: shown once, two for a service, and at an end when their time is over."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from tests.iam_house import ACCOUNT, OTHER

from locum.iam.service_specific_credentials import SECRET, ServiceSpecificCredential

GIT, KEYS, BEDROCK = "codecommit.amazonaws.com", "cassandra.amazonaws.com", "bedrock.amazonaws.com"
ALICE = {"UserName": "alice"}


@pytest.fixture(autouse=True)
def _users(house):
    for name in ("alice", "bob"):
        house.perform("iam:CreateUser", UserName=name)


def create(house, service=GIT, **more):
    answer = house.perform("iam:CreateServiceSpecificCredential", ServiceName=service, **ALICE | more)
    return answer["ServiceSpecificCredential"]


def listed(house, **more):
    return house.perform("iam:ListServiceSpecificCredentials", **more)["ServiceSpecificCredentials"]


def test_a_password_is_shown_once(house):
    made = create(house)
    assert len(base64.b64decode(made["ServicePassword"])) == 32
    assert made == {
        "UserName": "alice",
        "Status": "Active",
        "ServiceUserName": f"alice-at-{ACCOUNT}",
        "CreateDate": house.now,
        "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"],
        "ServiceName": GIT,
        "ServicePassword": made["ServicePassword"],
    }
    assert made["ServiceSpecificCredentialId"].startswith("ACCA")
    assert listed(house, **ALICE) == [{name: made[name] for name in made if name != "ServicePassword"}]


def test_the_secret_is_sealed_and_in_no_change(house):
    made = create(house)
    kept = house.read(lambda tx: tx.get_id(ServiceSpecificCredential, made["ServiceSpecificCredentialId"]))
    assert house.read(lambda tx: tx.secret(kept, SECRET)).reveal() == made["ServicePassword"]
    assert made["ServicePassword"] not in f"{kept!r} {house.read(lambda tx: list(tx.changes(ACCOUNT)))!r}"


def test_an_api_key_holds_its_alias_and_ends_when_it_was_told_to(house):
    made = create(house, BEDROCK, CredentialAgeDays=30)
    assert "ServicePassword" not in made
    assert "ServiceUserName" not in made
    secret = made["ServiceCredentialSecret"]
    assert secret.startswith("ABSK")
    assert base64.b64decode(secret[4:]).startswith(made["ServiceCredentialAlias"].encode() + b":")
    assert made["ExpirationDate"] == house.now + timedelta(days=30)
    house.later(days=30, seconds=-1)
    assert listed(house, **ALICE)[0]["Status"] == "Active"
    house.later(seconds=1)
    assert listed(house, **ALICE)[0]["Status"] == "Expired"


def test_an_api_key_without_an_age_does_not_end_and_a_password_takes_none(house):
    assert "ExpirationDate" not in create(house, BEDROCK)
    refusal = house.refused("iam:CreateServiceSpecificCredential", ServiceName=GIT, CredentialAgeDays=1, **ALICE)
    assert refusal.code == "ValidationError"


def test_there_are_two_for_each_service_under_two_names(house):
    names = {create(house)["ServiceUserName"], create(house)["ServiceUserName"]}
    assert names == {f"alice-at-{ACCOUNT}", f"alice+1-at-{ACCOUNT}"}
    refusal = house.refused("iam:CreateServiceSpecificCredential", ServiceName=GIT, **ALICE)
    assert (refusal.code, refusal.message) == (
        "LimitExceeded",
        "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2",
    )
    create(house, KEYS)


def test_a_name_that_became_free_is_given_again(house):
    first = create(house)
    create(house)
    house.perform(
        "iam:DeleteServiceSpecificCredential",
        ServiceSpecificCredentialId=first["ServiceSpecificCredentialId"],
        **ALICE,
    )
    assert create(house)["ServiceUserName"] == first["ServiceUserName"]


@pytest.mark.parametrize("service", ["lambda.amazonaws.com", "nonexistentservice.amazonaws.com", "o3on3n3onosneo"])
def test_another_service_is_refused_and_a_user_who_is_not_there_before_that(house, service):
    refusal = house.refused("iam:CreateServiceSpecificCredential", ServiceName=service, **ALICE)
    assert (refusal.code, refusal.message) == (
        "NoSuchEntity",
        f"No such service {service} is supported for Service Specific Credentials",
    )
    nobody = house.refused("iam:CreateServiceSpecificCredential", ServiceName=service, UserName="nobody")
    assert nobody.message == "The user with name nobody cannot be found."
    assert house.refused("iam:ListServiceSpecificCredentials", ServiceName=service, **ALICE).code == "NoSuchEntity"


def test_a_reset_keeps_the_name_and_the_status(house):
    made = create(house)
    id = {"ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"], **ALICE}
    house.perform("iam:UpdateServiceSpecificCredential", Status="Inactive", **id)
    again = house.perform("iam:ResetServiceSpecificCredential", **id)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made["ServicePassword"]
    assert (again["ServiceUserName"], again["Status"]) == (made["ServiceUserName"], "Inactive")


@pytest.mark.parametrize(
    "operation",
    [
        "iam:UpdateServiceSpecificCredential",
        "iam:ResetServiceSpecificCredential",
        "iam:DeleteServiceSpecificCredential",
    ],
)
def test_only_its_user_s_credential_is_found(house, operation):
    status = {"Status": "Inactive"} if "Update" in operation else {}
    id = {"ServiceSpecificCredentialId": create(house)["ServiceSpecificCredentialId"]}
    refused = [
        house.refused(operation, **status, **given).message
        for given in (
            {"ServiceSpecificCredentialId": "satisfiesregexbutstillinvalid", **ALICE},
            {"UserName": "nobody", **id},
        )
    ]
    assert refused == [
        "No such credential satisfiesregexbutstillinvalid exists",
        "The user with name nobody cannot be found.",
    ]
    assert house.refused(operation, UserName="bob", **status, **id).code == "ValidationError"
    house.act_as_root(OTHER)
    house.perform("iam:CreateUser", UserName="alice")
    assert house.refused(operation, **status, **id, **ALICE).code == "NoSuchEntity"


def test_no_status_is_expired_by_hand(house):
    id = create(house)["ServiceSpecificCredentialId"]
    refusal = house.refused(
        "iam:UpdateServiceSpecificCredential", ServiceSpecificCredentialId=id, Status="Expired", **ALICE
    )
    assert refusal.code == "InvalidInput"


def test_everybody_s_are_listed_in_pages(house):
    made = {create(house)["ServiceSpecificCredentialId"], create(house, BEDROCK)["ServiceSpecificCredentialId"]}
    made.add(create(house, KEYS, UserName="bob")["ServiceSpecificCredentialId"])
    found, marker = [], {}
    while True:
        page = house.perform("iam:ListServiceSpecificCredentials", AllUsers=True, MaxItems=1, **marker)
        found += [one["ServiceSpecificCredentialId"] for one in page["ServiceSpecificCredentials"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert sorted(found) == sorted(made)
    assert [one["UserName"] for one in listed(house, AllUsers=True, ServiceName=KEYS)] == ["bob"]
    assert house.refused("iam:ListServiceSpecificCredentials", AllUsers=True, **ALICE).code == "ValidationError"


def test_a_user_with_one_is_not_deleted(house):
    create(house)
    refusal = house.refused("iam:DeleteUser", **ALICE)
    assert (refusal.code, refusal.message) == (
        "DeleteConflict",
        "Cannot delete entity, must remove referenced objects first.",
    )
