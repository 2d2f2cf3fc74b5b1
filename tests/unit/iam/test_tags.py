"""Tags, of each kind that carries them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.iam_house import ACCOUNT, OTHER, IamHouse

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/p"
DEVICE = f"arn:aws:iam::{ACCOUNT}:mfa/phone"

# kind -> (operation that makes one, its inputs, the input that names it)
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "User": ("iam:CreateUser", {"UserName": "x"}, {"UserName": "x"}),
    "Role": ("iam:CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": TRUST}, {"RoleName": "x"}),
    "Policy": ("iam:CreatePolicy", {"PolicyName": "p", "PolicyDocument": ALLOW_ALL}, {"PolicyArn": POLICY}),
    "InstanceProfile": (
        "iam:CreateInstanceProfile",
        {"InstanceProfileName": "x"},
        {"InstanceProfileName": "x"},
    ),
    "MFADevice": ("iam:CreateVirtualMFADevice", {"VirtualMFADeviceName": "phone"}, {"SerialNumber": DEVICE}),
}


def tag(house: IamHouse, kind: str = "User", /, **tags: str) -> None:
    sent = [{"Key": key, "Value": value} for key, value in tags.items()]
    house.perform(f"iam:Tag{kind}", Tags=sent, **KINDS[kind][2])


def tags_of(house: IamHouse, kind: str = "User") -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in house.perform(f"iam:List{kind}Tags", **KINDS[kind][2])["Tags"]}


@pytest.fixture
def user(house: IamHouse) -> IamHouse:
    """A house with the user `x`."""
    house.perform("iam:CreateUser", UserName="x")
    return house


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_thing_has_no_tags(house: IamHouse, kind: str) -> None:
    operation, inputs, _ = KINDS[kind]
    house.perform(operation, **inputs)
    assert tags_of(house, kind) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_tags_are_added_replaced_and_removed(house: IamHouse, kind: str) -> None:
    operation, inputs, named = KINDS[kind]
    house.perform(operation, **inputs)
    tag(house, kind, a="1", b="2")
    tag(house, kind, b="3", c="4")
    house.perform(f"iam:Untag{kind}", TagKeys=["a", "absent"], **named)
    assert tags_of(house, kind) == {"b": "3", "c": "4"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_exist_cannot_be_tagged(house: IamHouse, kind: str) -> None:
    refusal = house.refused(f"iam:Tag{kind}", Tags=[{"Key": "k", "Value": "v"}], **KINDS[kind][2])
    assert refusal.code == "NoSuchEntity"


@pytest.mark.parametrize("kind", ["Policy", "MFADevice"])
def test_an_arn_reaches_nothing_in_another_account(house: IamHouse, kind: str) -> None:
    operation, inputs, named = KINDS[kind]
    house.perform(operation, **inputs)
    house.act_as_root(OTHER)
    assert house.refused(f"iam:Tag{kind}", Tags=[{"Key": "k", "Value": "v"}], **named).code == "NoSuchEntity"


@pytest.mark.parametrize("kind", ["Policy", "MFADevice"])
def test_an_arn_is_compared_exactly(house: IamHouse, kind: str) -> None:
    operation, inputs, named = KINDS[kind]
    house.perform(operation, **inputs)
    other = {member: arn[:-1] + arn[-1].upper() for member, arn in named.items()}
    assert house.refused(f"iam:List{kind}Tags", **other).code == "NoSuchEntity"


@pytest.mark.parametrize("operation", ["iam:TagUser", "iam:CreateUser"])
def test_two_keys_that_differ_in_case_only_are_refused(house: IamHouse, operation: str) -> None:
    if operation == "iam:TagUser":
        house.perform("iam:CreateUser", UserName="x")
    tags = [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    refusal = house.refused(operation, UserName="x", Tags=tags)
    assert (refusal.code, refusal.message) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_a_key_of_a_user_in_another_case_takes_the_place_of_the_old(user: IamHouse) -> None:
    tag(user, Team="a")
    tag(user, team="b")
    assert tags_of(user) == {"team": "b"}


def test_a_key_of_a_policy_in_another_case_is_another_key(house: IamHouse) -> None:
    house.perform("iam:CreatePolicy", PolicyName="p", PolicyDocument=ALLOW_ALL)
    tag(house, "Policy", Team="a")
    tag(house, "Policy", team="b")
    assert tags_of(house, "Policy") == {"Team": "a", "team": "b"}


def test_any_case_of_a_key_removes_the_tag_of_a_user(user: IamHouse) -> None:
    tag(user, Team="a")
    user.perform("iam:UntagUser", UserName="x", TagKeys=["TEAM"])
    assert tags_of(user) == {}


@pytest.mark.parametrize("key", ["aws:team", "AWS:team"])
def test_reserved_keys_are_refused(user: IamHouse, key: str) -> None:
    assert user.refused("iam:TagUser", UserName="x", Tags=[{"Key": key, "Value": ""}]).code == "InvalidInput"


def test_reserved_keys_cannot_be_removed(user: IamHouse) -> None:
    assert user.refused("iam:UntagUser", UserName="x", TagKeys=["aws:team"]).code == "InvalidInput"


def test_a_resource_carries_fifty_tags(user: IamHouse) -> None:
    tag(user, **{f"k{number}": "v" for number in range(50)})
    assert len(tags_of(user)) == 50


def test_a_resource_carries_no_fifty_first_tag(user: IamHouse) -> None:
    tag(user, **{f"k{number}": "v" for number in range(50)})
    assert user.refused("iam:TagUser", UserName="x", Tags=[{"Key": "one", "Value": ""}]).code == "LimitExceeded"


def test_a_full_resource_may_replace_a_tag(user: IamHouse) -> None:
    tag(user, **{f"k{number}": "v" for number in range(50)})
    tag(user, k7="w")
    assert tags_of(user)["k7"] == "w"


def test_tags_come_in_pages(user: IamHouse) -> None:
    tag(user, a="1", b="2", c="3")
    first = user.perform("iam:ListUserTags", UserName="x", MaxItems=2)
    second = user.perform("iam:ListUserTags", UserName="x", MaxItems=2, Marker=first["Marker"])
    assert [tag["Key"] for page in (first, second) for tag in page["Tags"]] == ["a", "b", "c"]


def test_the_marker_of_the_longest_key_fits(user: IamHouse) -> None:
    tag(user, **{"é" * 128: "", "ü" * 128: ""})
    first = user.perform("iam:ListUserTags", UserName="x", MaxItems=1)
    assert len(first["Marker"]) <= 320
    second = user.perform("iam:ListUserTags", UserName="x", MaxItems=1, Marker=first["Marker"])
    assert [tag["Key"][0] for page in (first, second) for tag in page["Tags"]] == ["é", "ü"]


def test_aws_own_policies_cannot_be_tagged(house: IamHouse) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert house.refused("iam:TagPolicy", PolicyArn=arn, Tags=[{"Key": "k", "Value": ""}]).code == "AccessDenied"
