"""Which policies let an identity use a service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.iam_house import ACCOUNT, IamHouse

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


def policy(effect: str = "Allow", **element: Any) -> str:
    statement = {"Effect": effect, "Resource": "*", **element}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def stocked(house: IamHouse) -> IamHouse:
    """Alice, who reads S3, by her group everything but IAM, and by an attached policy IAM."""
    house.perform("iam:CreateUser", UserName="alice")
    house.perform("iam:CreateGroup", GroupName="devs")
    house.perform("iam:AddUserToGroup", GroupName="devs", UserName="alice")
    house.perform(
        "iam:PutUserPolicy", UserName="alice", PolicyName="s3", PolicyDocument=policy(Action=["S3:Get*", "sqs:Nothing"])
    )
    house.perform("iam:PutUserPolicy", UserName="alice", PolicyName="no", PolicyDocument=policy("Deny", Action="sts:*"))
    house.perform(
        "iam:PutGroupPolicy", GroupName="devs", PolicyName="most", PolicyDocument=policy(NotAction=["iam:*", "sts:*"])
    )
    house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    return house


def granting(house: IamHouse, *services: str, arn: str = ALICE) -> dict[str, list[str]]:
    answer = house.perform("iam:ListPoliciesGrantingServiceAccess", Arn=arn, ServiceNamespaces=list(services))
    return {
        one["ServiceNamespace"]: [row["PolicyName"] for row in one["Policies"]]
        for one in answer["PoliciesGrantingServiceAccess"]
    }


def test_each_service_has_the_policies_that_allow_one_of_its_actions(stocked: IamHouse) -> None:
    assert granting(stocked, "s3", "iam", "sqs", "sts") == {
        "s3": ["s3", "most"],
        "iam": ["IAMReadOnlyAccess"],
        "sqs": ["most"],
        "sts": [],
    }


def test_a_row_says_what_kind_of_policy_it_is_and_whose(stocked: IamHouse) -> None:
    answer = stocked.perform("iam:ListPoliciesGrantingServiceAccess", Arn=ALICE, ServiceNamespaces=["iam", "s3"])
    iam, s3 = (one["Policies"] for one in answer["PoliciesGrantingServiceAccess"])
    assert iam == [
        {
            "PolicyName": "IAMReadOnlyAccess",
            "PolicyType": "MANAGED",
            "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
        }
    ]
    assert s3 == [
        {"PolicyName": "s3", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "alice"},
        {"PolicyName": "most", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "devs"},
    ]


def test_a_group_has_its_own_policies_alone(stocked: IamHouse) -> None:
    assert granting(stocked, "s3", arn=f"arn:aws:iam::{ACCOUNT}:group/devs") == {"s3": ["most"]}


def test_a_policy_that_comes_twice_is_told_once(stocked: IamHouse) -> None:
    stocked.perform("iam:AttachGroupPolicy", GroupName="devs", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    assert granting(stocked, "iam") == {"iam": ["IAMReadOnlyAccess"]}


def test_more_services_than_a_page_holds_go_on_behind_a_marker(stocked: IamHouse) -> None:
    services = ["s3"] * 101
    inputs: dict[str, Any] = {"Arn": ALICE, "ServiceNamespaces": services}
    first = stocked.perform("iam:ListPoliciesGrantingServiceAccess", **inputs)
    second = stocked.perform("iam:ListPoliciesGrantingServiceAccess", Marker=first["Marker"], **inputs)
    assert [len(page["PoliciesGrantingServiceAccess"]) for page in (first, second)] == [100, 1]
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)


def test_a_service_or_an_identity_that_does_not_exist_is_refused(stocked: IamHouse) -> None:
    ask = "iam:ListPoliciesGrantingServiceAccess"
    assert stocked.refused(ask, Arn=ALICE, ServiceNamespaces=["s4"]).code == "InvalidInput"
    assert stocked.refused(ask, Arn=ALICE + "x", ServiceNamespaces=["s3"]).code == "NoSuchEntity"
    assert stocked.refused(ask, Arn="arn:aws:s3:::bucket-name", ServiceNamespaces=["s3"]).code == "InvalidInput"
