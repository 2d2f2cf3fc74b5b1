"""Managed policies attached to users, groups and roles."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.iam_house import ACCOUNT, OTHER, IamHouse

from locum.call import OPERATIONS
from locum.iam.attachments import FAMILIES, Family

DOCUMENT = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
TRUST = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},'
    ' "Action": "sts:AssumeRole"}}'
)
ARN = f"arn:aws:iam::{ACCOUNT}:policy/reader"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.identity.kind)


@pytest.fixture(autouse=True)
def _policy(house: IamHouse) -> None:
    house.perform("iam:CreatePolicy", PolicyName="reader", PolicyDocument=DOCUMENT)


def identity(house: IamHouse, family: Family) -> Mapping[str, str]:
    """Makes an identity of that family and answers with the input that names it."""
    word = family.identity.__name__
    trust = {"AssumeRolePolicyDocument": TRUST} if word == "Role" else {}
    house.perform(f"iam:Create{word}", **{family.member: "holder"}, **trust)
    return {family.member: "holder"}


def test_there_are_nine_operations() -> None:
    names = {name for family in FAMILIES for name in (family.attach, family.detach, family.list)}
    assert len(names) == 9
    assert names <= set(OPERATIONS)


@each_family
def test_attached_policies_are_listed_by_name_whoever_made_them(house: IamHouse, family: Family) -> None:
    name = identity(house, family)
    for arn in (ARN, ADMINISTRATOR):
        house.perform(family.attach, **name, PolicyArn=arn)
    assert house.perform(family.list, **name) == {
        "AttachedPolicies": [
            {"PolicyName": "AdministratorAccess", "PolicyArn": ADMINISTRATOR},
            {"PolicyName": "reader", "PolicyArn": ARN},
        ],
        "IsTruncated": False,
    }


@each_family
def test_attaching_twice_is_attaching_once(house: IamHouse, family: Family) -> None:
    name = identity(house, family)
    for _ in range(2):
        house.perform(family.attach, **name, PolicyArn=ARN)
    assert len(house.perform(family.list, **name)["AttachedPolicies"]) == 1


@each_family
@pytest.mark.parametrize("arn", [ARN, ADMINISTRATOR])
def test_a_detached_policy_is_gone(house: IamHouse, family: Family, arn: str) -> None:
    name = identity(house, family)
    house.perform(family.attach, **name, PolicyArn=arn)
    house.perform(family.detach, **name, PolicyArn=arn)
    assert house.perform(family.list, **name)["AttachedPolicies"] == []


@each_family
@pytest.mark.parametrize("arn", [ARN, ADMINISTRATOR, ARN + "x"])
def test_what_is_not_attached_cannot_be_detached(house: IamHouse, family: Family, arn: str) -> None:
    refusal = house.refused(family.detach, **identity(house, family), PolicyArn=arn)
    assert (refusal.code, refusal.message) == ("NoSuchEntity", f"Policy {arn} was not found.")


@each_family
def test_a_policy_that_does_not_exist_cannot_be_attached(house: IamHouse, family: Family) -> None:
    refusal = house.refused(family.attach, **identity(house, family), PolicyArn=ARN + "x")
    assert (refusal.code, refusal.message) == (
        "NoSuchEntity",
        f"Policy {ARN}x does not exist or is not attachable.",
    )


@each_family
def test_there_is_a_quota(family: Family) -> None:
    house = IamHouse(**{family.quota: 1})
    name = identity(house, family)
    house.perform(family.attach, **name, PolicyArn=ADMINISTRATOR)
    house.perform(family.attach, **name, PolicyArn=ADMINISTRATOR)
    refusal = house.refused(family.attach, **name, PolicyArn=BILLING)
    assert (refusal.code, refusal.message) == ("LimitExceeded", f"Cannot exceed quota for {family.quota}: 1")
    house.close()


@each_family
def test_an_identity_that_is_not_there_cannot_be_found(house: IamHouse, family: Family) -> None:
    refusal = house.refused(family.attach, **{family.member: "nobody"}, PolicyArn=ARN)
    assert refusal.message == f"The {family.identity.kind} with name nobody cannot be found."


def test_a_policy_of_a_service_linked_role_cannot_be_attached(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    arn = "arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy"
    refusal = house.refused("iam:AttachUserPolicy", UserName="alice", PolicyArn=arn)
    assert refusal.code == "PolicyNotAttachable"
    assert refusal.message == "Cannot attach a Service Role Policy to a Customer Role."


def test_a_policy_of_another_account_cannot_be_attached(house: IamHouse) -> None:
    house.act_as_root(OTHER)
    house.perform("iam:CreateUser", UserName="alice")
    assert house.refused("iam:AttachUserPolicy", UserName="alice", PolicyArn=ARN).code == "NoSuchEntity"


def test_a_bare_name_is_no_arn(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    refusal = house.refused("iam:AttachUserPolicy", UserName="alice", PolicyArn="a-name-of-twenty-letters")
    assert (refusal.code, refusal.message) == ("ValidationError", "Invalid ARN:  Could not be parsed!")


def test_a_path_prefix_is_that_of_the_policies(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    for arn in (ADMINISTRATOR, BILLING):
        house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn=arn)
    answer = house.perform("iam:ListAttachedUserPolicies", UserName="alice", PathPrefix="/job-function/")
    assert [each["PolicyArn"] for each in answer["AttachedPolicies"]] == [BILLING]


def test_attached_policies_come_in_pages(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    for arn in (ARN, ADMINISTRATOR, BILLING):
        house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn=arn)
    first = house.perform("iam:ListAttachedUserPolicies", UserName="alice", MaxItems=2)
    second = house.perform("iam:ListAttachedUserPolicies", UserName="alice", MaxItems=2, Marker=first["Marker"])
    listed = [each["PolicyName"] for page in (first, second) for each in page["AttachedPolicies"]]
    assert listed == ["AdministratorAccess", "Billing", "reader"]


def test_a_renamed_user_keeps_its_policies(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn=ARN)
    house.perform("iam:UpdateUser", UserName="alice", NewUserName="eve")
    assert len(house.perform("iam:ListAttachedUserPolicies", UserName="eve")["AttachedPolicies"]) == 1
