"""Access keys of users and of root."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.iam_house import ACCOUNT, NOW, OTHER, IamHouse

from locum.aws import ids
from locum.call import Place, Use
from locum.iam.access_keys import SECRET, AccessKey


@pytest.fixture(autouse=True)
def _user(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Alice")


def create(house: IamHouse, **inputs: Any) -> Any:
    return house.perform("iam:CreateAccessKey", **inputs)["AccessKey"]


def keys(house: IamHouse, **inputs: Any) -> list[str]:
    return [key["AccessKeyId"] for key in house.perform("iam:ListAccessKeys", **inputs)["AccessKeyMetadata"]]


def test_a_new_key_shows_what_aws_shows(house: IamHouse) -> None:
    key = create(house, UserName="alice")
    assert set(key) == {"UserName", "AccessKeyId", "Status", "SecretAccessKey", "CreateDate"}
    assert (key["UserName"], key["Status"], key["CreateDate"]) == ("Alice", "Active", NOW)


def test_a_secret_is_forty_characters_of_base64(house: IamHouse) -> None:
    secret = create(house, UserName="alice")["SecretAccessKey"]
    assert len(secret) == 40
    assert len(base64.b64decode(secret, validate=True)) == 30


def test_a_secret_is_not_shown_again(house: IamHouse) -> None:
    create(house, UserName="alice")
    (listed,) = house.perform("iam:ListAccessKeys", UserName="alice")["AccessKeyMetadata"]
    assert set(listed) == {"UserName", "AccessKeyId", "Status", "CreateDate"}


def test_the_sealed_secret_is_the_one_that_was_shown(house: IamHouse) -> None:
    shown = create(house, UserName="alice")
    sealed = house.read(lambda tx: tx.secret(tx.get_id(AccessKey, shown["AccessKeyId"]), SECRET))
    assert sealed.reveal() == shown["SecretAccessKey"]


def test_a_secret_is_not_in_the_log(house: IamHouse) -> None:
    secret = create(house, UserName="alice")["SecretAccessKey"]
    assert secret not in repr(house.read(lambda tx: tx.changes(ACCOUNT)))


def test_a_key_id_says_its_account(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    assert id.startswith("AKIA")
    assert len(id) == 20
    assert ids.account_of(id) == ACCOUNT


@pytest.mark.parametrize(("dev", "generation"), [(True, 0), (False, 1)])
def test_a_key_id_says_in_which_mode_it_was_made(house: IamHouse, dev: bool, generation: int) -> None:
    house.place = Place(dev=dev)
    assert ids.generation_of(create(house, UserName="alice")["AccessKeyId"]) == generation


def test_no_two_keys_are_alike(house: IamHouse) -> None:
    first, second = create(house, UserName="alice"), create(house, UserName="alice")
    assert first["AccessKeyId"] != second["AccessKeyId"]
    assert first["SecretAccessKey"] != second["SecretAccessKey"]


@pytest.mark.parametrize("inputs", [{"UserName": "alice"}, {}], ids=["user", "root"])
def test_there_are_two_keys_at_most(house: IamHouse, inputs: dict[str, str]) -> None:
    for _ in range(2):
        create(house, **inputs)
    refusal = house.refused("iam:CreateAccessKey", **inputs)
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")


def test_without_a_name_a_user_makes_a_key_of_its_own(house: IamHouse) -> None:
    house.act_as_user("alice")
    id = create(house)["AccessKeyId"]
    assert keys(house) == [id] == keys(house, UserName="Alice")


def test_without_a_name_root_makes_a_key_of_its_own(house: IamHouse) -> None:
    key = create(house)
    assert "UserName" not in key
    assert keys(house) == [key["AccessKeyId"]]
    assert keys(house, UserName="alice") == []


def test_a_role_session_must_name_a_user(house: IamHouse) -> None:
    trust = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},'
        ' "Action": "sts:AssumeRole"}}'
    )
    house.perform("iam:CreateRole", RoleName="worker", AssumeRolePolicyDocument=trust)
    house.act_as_session_of("worker")
    refusal = house.refused("iam:CreateAccessKey")
    assert refusal.code == "ValidationError"
    assert refusal.message == "Must specify userName when calling with non-User credentials"
    assert create(house, UserName="alice")["UserName"] == "Alice"


def test_a_user_that_is_not_there_cannot_be_found(house: IamHouse) -> None:
    refusal = house.refused("iam:CreateAccessKey", UserName="nobody")
    assert refusal.message == "The user with name nobody cannot be found."


def test_a_key_can_be_turned_off_and_on(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    for status in ("Inactive", "Active"):
        house.perform("iam:UpdateAccessKey", UserName="alice", AccessKeyId=id, Status=status)
        assert house.read(lambda tx: tx.get_id(AccessKey, id)).status == status


def test_a_key_is_not_set_to_expired_by_hand(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    refusal = house.refused("iam:UpdateAccessKey", UserName="alice", AccessKeyId=id, Status="Expired")
    assert refusal.code == "InvalidInput"


def test_a_deleted_key_is_gone(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    house.perform("iam:DeleteAccessKey", UserName="alice", AccessKeyId=id)
    assert keys(house, UserName="alice") == []


@pytest.mark.parametrize("operation", ["iam:UpdateAccessKey", "iam:DeleteAccessKey"])
def test_the_key_of_another_user_cannot_be_found(house: IamHouse, operation: str) -> None:
    house.perform("iam:CreateUser", UserName="bob")
    id = create(house, UserName="alice")["AccessKeyId"]
    status = {"Status": "Inactive"} if operation == "iam:UpdateAccessKey" else {}
    refusal = house.refused(operation, UserName="bob", AccessKeyId=id, **status)
    assert (refusal.code, refusal.message) == ("NoSuchEntity", f"The Access Key with id {id} cannot be found.")


def test_a_user_does_not_delete_roots_key_without_a_name(house: IamHouse) -> None:
    id = create(house)["AccessKeyId"]
    house.act_as_user("alice")
    assert house.refused("iam:DeleteAccessKey", AccessKeyId=id).code == "NoSuchEntity"


def test_a_key_id_in_another_case_is_another_key(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    assert house.refused("iam:DeleteAccessKey", UserName="alice", AccessKeyId=id.lower()).code == "NoSuchEntity"


def test_keys_come_in_pages(house: IamHouse) -> None:
    made = sorted(create(house, UserName="alice")["AccessKeyId"] for _ in range(2))
    first = house.perform("iam:ListAccessKeys", UserName="alice", MaxItems=1)
    second = house.perform("iam:ListAccessKeys", UserName="alice", MaxItems=1, Marker=first["Marker"])
    assert [page["AccessKeyMetadata"][0]["AccessKeyId"] for page in (first, second)] == made
    assert not second["IsTruncated"]


def test_a_key_that_was_never_used_says_so(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    assert house.perform("iam:GetAccessKeyLastUsed", AccessKeyId=id) == {
        "UserName": "Alice",
        "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"},
    }


def test_a_used_key_says_when_where_and_for_what(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    house.activity.used(id, Use(at=NOW, service="s3", region="eu-central-1"))
    assert house.perform("iam:GetAccessKeyLastUsed", AccessKeyId=id)["AccessKeyLastUsed"] == {
        "LastUsedDate": NOW,
        "ServiceName": "s3",
        "Region": "eu-central-1",
    }


def test_roots_key_has_no_user_name(house: IamHouse) -> None:
    id = create(house)["AccessKeyId"]
    assert "UserName" not in house.perform("iam:GetAccessKeyLastUsed", AccessKeyId=id)


def test_the_last_use_of_another_accounts_key_is_not_told(house: IamHouse) -> None:
    id = create(house, UserName="alice")["AccessKeyId"]
    house.act_as_root(OTHER)
    refusal = house.refused("iam:GetAccessKeyLastUsed", AccessKeyId=id)
    assert (refusal.code, refusal.message) == ("NoSuchEntity", f"The Access Key with id {id} cannot be found.")
