"""Permissions boundaries of users and roles."""

from __future__ import annotations

from typing import Any

import pytest
from tests.iam_house import ACCOUNT, IamHouse

from locum.iam.boundaries import FAMILIES, Family, boundary_of
from locum.iam.entities import User

DOCUMENT = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
TRUST = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},'
    ' "Action": "sts:AssumeRole"}}'
)
ARN = f"arn:aws:iam::{ACCOUNT}:policy/edge"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.principal.kind)


@pytest.fixture(autouse=True)
def _policy(house: IamHouse) -> None:
    house.perform("iam:CreatePolicy", PolicyName="edge", PolicyDocument=DOCUMENT)


def make(house: IamHouse, family: Family, **inputs: Any) -> dict[str, str]:
    """Makes a principal of that family and answers with the input that names it."""
    word = family.principal.__name__
    trust = {"AssumeRolePolicyDocument": TRUST} if word == "Role" else {}
    house.perform(f"iam:Create{word}", **{family.member: "bounded"}, **trust, **inputs)
    return {family.member: "bounded"}


def shown(house: IamHouse, family: Family) -> Any:
    word = family.principal.__name__
    return house.perform(f"iam:Get{word}", **{family.member: "bounded"})[word].get("PermissionsBoundary")


@each_family
def test_a_new_principal_has_none(house: IamHouse, family: Family) -> None:
    make(house, family)
    assert shown(house, family) is None


@each_family
@pytest.mark.parametrize("arn", [ARN, ADMINISTRATOR])
def test_a_boundary_is_shown_with_the_type_policy(house: IamHouse, family: Family, arn: str) -> None:
    name = make(house, family)
    house.perform(family.put, **name, PermissionsBoundary=arn)
    assert shown(house, family) == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


@each_family
def test_a_boundary_can_be_given_from_the_start(house: IamHouse, family: Family) -> None:
    make(house, family, PermissionsBoundary=ARN)
    assert shown(house, family)["PermissionsBoundaryArn"] == ARN


@each_family
def test_a_second_boundary_takes_the_place_of_the_first(house: IamHouse, family: Family) -> None:
    name = make(house, family, PermissionsBoundary=ARN)
    house.perform(family.put, **name, PermissionsBoundary=ADMINISTRATOR)
    assert shown(house, family)["PermissionsBoundaryArn"] == ADMINISTRATOR
    assert house.perform("iam:GetPolicy", PolicyArn=ARN)["Policy"]["PermissionsBoundaryUsageCount"] == 0


@each_family
def test_the_same_boundary_again_changes_nothing(house: IamHouse, family: Family) -> None:
    name = make(house, family, PermissionsBoundary=ARN)
    house.perform(family.put, **name, PermissionsBoundary=ARN)
    assert shown(house, family)["PermissionsBoundaryArn"] == ARN


@each_family
def test_a_deleted_boundary_is_gone(house: IamHouse, family: Family) -> None:
    name = make(house, family, PermissionsBoundary=ARN)
    house.perform(family.delete, **name)
    assert shown(house, family) is None


@each_family
def test_a_boundary_that_is_not_there_cannot_be_deleted(house: IamHouse, family: Family) -> None:
    assert house.refused(family.delete, **make(house, family)).code == "NoSuchEntity"


@each_family
def test_a_policy_that_does_not_exist_bounds_nobody(house: IamHouse, family: Family) -> None:
    refusal = house.refused(family.put, **make(house, family), PermissionsBoundary=ARN + "x")
    assert (refusal.code, refusal.message) == (
        "NoSuchEntity",
        f"Policy {ARN}x does not exist or is not attachable.",
    )


def test_a_principal_is_not_made_when_its_boundary_cannot_be(house: IamHouse) -> None:
    house.refused("iam:CreateUser", UserName="alice", PermissionsBoundary=ARN + "x")
    assert house.refused("iam:GetUser", UserName="alice").code == "NoSuchEntity"


def test_a_boundary_refers_to_the_policy_by_its_id(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice", PermissionsBoundary=ARN)
    policy = house.perform("iam:GetPolicy", PolicyArn=ARN)["Policy"]
    assert house.read(lambda tx: boundary_of(tx, tx.get(User, ACCOUNT, "alice"))) == policy["PolicyId"]
