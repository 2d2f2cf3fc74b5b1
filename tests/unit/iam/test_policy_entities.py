"""Who uses a managed policy."""

from __future__ import annotations

from typing import Any

import pytest
from tests.iam_house import ACCOUNT, IamHouse

DOCUMENT = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
TRUST = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},'
    ' "Action": "sts:AssumeRole"}}'
)
ARN = f"arn:aws:iam::{ACCOUNT}:policy/reader"


@pytest.fixture(autouse=True)
def _used(house: IamHouse) -> None:
    house.perform("iam:CreatePolicy", PolicyName="reader", PolicyDocument=DOCUMENT)
    house.perform("iam:CreateUser", UserName="alice", Path="/division/")
    house.perform("iam:CreateGroup", GroupName="staff")
    house.perform("iam:CreateRole", RoleName="worker", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=ARN)
    house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn=ARN)
    house.perform("iam:AttachGroupPolicy", GroupName="staff", PolicyArn=ARN)


def using(house: IamHouse, **inputs: Any) -> tuple[list[str], ...]:
    answer = house.perform("iam:ListEntitiesForPolicy", PolicyArn=ARN, **inputs)
    return (
        [each["GroupName"] for each in answer["PolicyGroups"]],
        [each["UserName"] for each in answer["PolicyUsers"]],
        [each["RoleName"] for each in answer["PolicyRoles"]],
    )


def test_everybody_who_uses_a_policy_is_listed(house: IamHouse) -> None:
    assert using(house) == (["staff"], ["alice"], ["worker"])


def test_who_has_it_attached_and_as_boundary_is_listed_once(house: IamHouse) -> None:
    house.perform("iam:AttachRolePolicy", RoleName="worker", PolicyArn=ARN)
    assert using(house, EntityFilter="Role") == ([], [], ["worker"])


def test_the_usage_filter_tells_attachments_from_boundaries(house: IamHouse) -> None:
    assert using(house, PolicyUsageFilter="PermissionsBoundary") == ([], [], ["worker"])
    assert using(house, PolicyUsageFilter="PermissionsPolicy") == (["staff"], ["alice"], [])


def test_a_path_prefix_is_that_of_the_entities(house: IamHouse) -> None:
    assert using(house, PathPrefix="/division/") == ([], ["alice"], [])


def test_pages_go_on_where_the_last_one_ended(house: IamHouse) -> None:
    first = house.perform("iam:ListEntitiesForPolicy", PolicyArn=ARN, MaxItems=2)
    second = house.perform("iam:ListEntitiesForPolicy", PolicyArn=ARN, MaxItems=2, Marker=first["Marker"])
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)
    assert [each["RoleName"] for each in second["PolicyRoles"]] == ["worker"]
    assert (second["PolicyGroups"], second["PolicyUsers"]) == ([], [])


def test_entities_are_shown_with_their_ids(house: IamHouse) -> None:
    users = house.perform("iam:ListEntitiesForPolicy", PolicyArn=ARN)["PolicyUsers"]
    assert users[0]["UserId"] == house.perform("iam:GetUser", UserName="alice")["User"]["UserId"]


def test_nobody_uses_an_unused_policy_of_aws(house: IamHouse) -> None:
    answer = house.perform("iam:ListEntitiesForPolicy", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert answer == {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": [], "IsTruncated": False}
