"""The versions of a managed policy."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from tests.iam_house import ACCOUNT, IamHouse

DOCUMENT = '{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
OTHER = DOCUMENT.replace("s3", "sqs")
ARN = f"arn:aws:iam::{ACCOUNT}:policy/reader"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture(autouse=True)
def _policy(house: IamHouse) -> None:
    house.perform("iam:CreatePolicy", PolicyName="reader", PolicyDocument=OTHER)


def add(house: IamHouse, **inputs: Any) -> Any:
    return house.perform("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=DOCUMENT, **inputs)["PolicyVersion"]


def versions(house: IamHouse) -> list[tuple[str, bool]]:
    listed = house.perform("iam:ListPolicyVersions", PolicyArn=ARN)["Versions"]
    return [(version["VersionId"], version["IsDefaultVersion"]) for version in listed]


def test_the_first_version_is_in_force(house: IamHouse) -> None:
    assert versions(house) == [("v1", True)]


def test_a_new_version_is_not_in_force_unless_asked_for(house: IamHouse) -> None:
    assert add(house) == {"VersionId": "v2", "IsDefaultVersion": False, "CreateDate": house.now}
    assert versions(house) == [("v2", False), ("v1", True)]


def test_a_new_version_can_be_in_force_at_once(house: IamHouse) -> None:
    add(house, SetAsDefault=True)
    assert versions(house) == [("v2", True), ("v1", False)]
    assert house.perform("iam:GetPolicy", PolicyArn=ARN)["Policy"]["DefaultVersionId"] == "v2"


def test_a_new_version_dates_the_policy(house: IamHouse) -> None:
    house.later(hours=1)
    add(house)
    policy = house.perform("iam:GetPolicy", PolicyArn=ARN)["Policy"]
    assert policy["UpdateDate"] == house.now
    assert policy["CreateDate"] < house.now


def test_a_document_comes_back_byte_for_byte(house: IamHouse) -> None:
    text = DOCUMENT.replace('"*"', '"arn:aws:s3:::a%20b/*"')
    house.perform("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=text)
    shown = house.perform("iam:GetPolicyVersion", PolicyArn=ARN, VersionId="v2")["PolicyVersion"]["Document"]
    assert unquote(shown) == text
    assert shown.startswith("%7B%22Version%22%3A%20%222012-10-17%22%2C%0A%20%22Statement%22")


def test_a_version_of_a_policy_of_aws_is_shown(house: IamHouse) -> None:
    default = house.perform("iam:GetPolicy", PolicyArn=READ_ONLY)["Policy"]["DefaultVersionId"]
    version = house.perform("iam:GetPolicyVersion", PolicyArn=READ_ONLY, VersionId=default)["PolicyVersion"]
    assert version["IsDefaultVersion"]
    assert '"Effect": "Allow"' in unquote(version["Document"])


def test_of_a_policy_of_aws_the_version_in_force_is_listed(house: IamHouse) -> None:
    assert len(house.perform("iam:ListPolicyVersions", PolicyArn=READ_ONLY)["Versions"]) == 1


@pytest.mark.parametrize("arn", [ARN, READ_ONLY])
def test_a_version_that_is_not_there_is_not_found(house: IamHouse, arn: str) -> None:
    refusal = house.refused("iam:GetPolicyVersion", PolicyArn=arn, VersionId="v999")
    assert refusal.code == "NoSuchEntity"
    assert refusal.message == f"Policy {arn} version v999 does not exist or is not attachable."


def test_lists_do_not_show_documents(house: IamHouse) -> None:
    assert "Document" not in house.perform("iam:ListPolicyVersions", PolicyArn=ARN)["Versions"][0]


def test_there_are_five_versions_at_most(house: IamHouse) -> None:
    for _ in range(4):
        add(house)
    refusal = house.refused("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=OTHER)
    assert refusal.code == "LimitExceeded"
    assert refusal.message == (
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing"
        " version."
    )


def test_a_number_is_not_given_twice(house: IamHouse) -> None:
    add(house)
    house.perform("iam:DeletePolicyVersion", PolicyArn=ARN, VersionId="v2")
    assert add(house)["VersionId"] == "v3"


def test_the_version_in_force_is_not_deleted(house: IamHouse) -> None:
    refusal = house.refused("iam:DeletePolicyVersion", PolicyArn=ARN, VersionId="v1")
    assert (refusal.code, refusal.message) == ("DeleteConflict", "Cannot delete the default version of a policy.")


def test_another_version_can_be_put_in_force(house: IamHouse) -> None:
    add(house)
    house.perform("iam:SetDefaultPolicyVersion", PolicyArn=ARN, VersionId="v2")
    assert versions(house) == [("v2", True), ("v1", False)]


def test_a_version_that_is_not_there_cannot_be_put_in_force(house: IamHouse) -> None:
    refusal = house.refused("iam:SetDefaultPolicyVersion", PolicyArn=ARN, VersionId="v2")
    assert refusal.code == "NoSuchEntity"


def test_versions_are_in_the_order_of_their_numbers_not_of_their_names(house: IamHouse) -> None:
    for number in range(2, 10):
        add(house, SetAsDefault=True)
        house.perform("iam:DeletePolicyVersion", PolicyArn=ARN, VersionId=f"v{number - 1}")
    add(house)
    assert [name for name, _ in versions(house)] == ["v10", "v9"]


def test_versions_come_in_pages(house: IamHouse) -> None:
    add(house)
    first = house.perform("iam:ListPolicyVersions", PolicyArn=ARN, MaxItems=1)
    second = house.perform("iam:ListPolicyVersions", PolicyArn=ARN, MaxItems=1, Marker=first["Marker"])
    assert [page["Versions"][0]["VersionId"] for page in (first, second)] == ["v2", "v1"]
    assert not second["IsTruncated"]
