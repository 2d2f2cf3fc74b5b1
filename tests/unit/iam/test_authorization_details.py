"""The whole account at once: its four lists, their fields, filters and pages."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from tests.iam_house import ACCOUNT, OTHER, IamHouse

from locum.call import Use
from locum.iam.entities import Role

LISTS = ("Policies", "UserDetailList", "RoleDetailList", "GroupDetailList")
NAMES = {
    "Policies": "PolicyName",
    "UserDetailList": "UserName",
    "RoleDetailList": "RoleName",
    "GroupDetailList": "GroupName",
}
READ = '{"Version":"2012-10-17", "Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
TRUST = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}
)
AWS_READ = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"


@pytest.fixture
def house() -> Iterator[IamHouse]:
    """Two users, a group, a role in a profile, a policy with two versions, and one of AWS's."""
    house = IamHouse()
    house.perform("iam:CreateUser", UserName="bob")
    house.perform("iam:CreateUser", UserName="Alice", Path="/team/", Tags=[{"Key": "a", "Value": "b"}])
    house.perform("iam:CreateGroup", GroupName="devs")
    house.perform("iam:AddUserToGroup", GroupName="devs", UserName="Alice")
    house.perform("iam:CreateRole", RoleName="builder", AssumeRolePolicyDocument=TRUST, Description="it builds")
    house.perform("iam:CreateInstanceProfile", InstanceProfileName="web")
    house.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="builder")
    own = house.perform("iam:CreatePolicy", PolicyName="read", PolicyDocument=READ, Description="reads")["Policy"][
        "Arn"
    ]
    house.perform("iam:CreatePolicyVersion", PolicyArn=own, PolicyDocument=READ, SetAsDefault=True)
    house.perform("iam:PutUserPolicy", UserName="Alice", PolicyName="own", PolicyDocument=READ)
    house.perform("iam:AttachUserPolicy", UserName="Alice", PolicyArn=own)
    house.perform("iam:AttachUserPolicy", UserName="Alice", PolicyArn=AWS_READ)
    house.perform("iam:PutUserPermissionsBoundary", UserName="Alice", PermissionsBoundary=own)
    yield house
    house.close()


def details(house: IamHouse, **inputs: Any) -> dict[str, Any]:
    return dict(house.perform("iam:GetAccountAuthorizationDetails", **inputs))


def document(text: str) -> str:
    return urllib.parse.unquote(text)


def test_the_four_lists_are_always_there_in_aws_s_order(house: IamHouse) -> None:
    assert tuple(details(house))[:4] == LISTS
    of_groups = details(house, Filter=["Group"])
    assert tuple(of_groups)[:4] == LISTS
    assert {name: len(of_groups[name]) for name in LISTS} == {
        "Policies": 0,
        "UserDetailList": 0,
        "RoleDetailList": 0,
        "GroupDetailList": 1,
    }


def test_a_user_is_told_with_its_policies_groups_boundary_and_tags(house: IamHouse) -> None:
    alice, bob = details(house)["UserDetailList"]
    assert alice["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/Alice"
    ((name, text),) = [tuple(one.values()) for one in alice["UserPolicyList"]]
    assert (name, document(text)) == ("own", READ)
    assert alice["GroupList"] == ["devs"]
    assert [one["PolicyName"] for one in alice["AttachedManagedPolicies"]] == ["IAMReadOnlyAccess", "read"]
    assert alice["PermissionsBoundary"]["PermissionsBoundaryArn"] == f"arn:aws:iam::{ACCOUNT}:policy/read"
    assert alice["Tags"] == [{"Key": "a", "Value": "b"}]
    assert "UserPolicyList" not in bob
    assert "PermissionsBoundary" not in bob
    assert (bob["GroupList"], bob["AttachedManagedPolicies"], bob["Tags"]) == ([], [], [])


def test_a_role_is_told_with_its_trust_profiles_and_last_use(house: IamHouse) -> None:
    id = house.read(lambda tx: tx.get(Role, ACCOUNT, "builder")).id
    house.activity.used(id, Use(at=house.now, service="sts", region="eu-central-1"))
    (role,) = details(house)["RoleDetailList"]
    assert document(role["AssumeRolePolicyDocument"]) == TRUST
    assert [one["InstanceProfileName"] for one in role["InstanceProfileList"]] == ["web"]
    assert (role["RolePolicyList"], role["AttachedManagedPolicies"], role["Tags"]) == ([], [], [])
    assert role["RoleLastUsed"] == {"LastUsedDate": house.now, "Region": "eu-central-1"}
    assert "MaxSessionDuration" not in role


def test_a_policy_is_told_with_every_version_and_its_document(house: IamHouse) -> None:
    own, aws = details(house)["Policies"]
    assert (own["PolicyName"], own["Description"], own["AttachmentCount"]) == ("read", "reads", 1)
    assert own["PermissionsBoundaryUsageCount"] == 1
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in own["PolicyVersionList"]] == [
        ("v2", True),
        ("v1", False),
    ]
    assert document(own["PolicyVersionList"][1]["Document"]) == READ
    assert (aws["Arn"], aws["AttachmentCount"]) == (AWS_READ, 1)
    (version,) = aws["PolicyVersionList"]
    assert json.loads(document(version["Document"]))["Statement"]


def test_of_aws_s_policies_those_that_something_uses_are_told(house: IamHouse) -> None:
    assert [one["PolicyName"] for one in details(house, Filter=["AWSManagedPolicy"])["Policies"]] == [
        "IAMReadOnlyAccess"
    ]
    house.perform("iam:DetachUserPolicy", UserName="Alice", PolicyArn=AWS_READ)
    assert details(house, Filter=["AWSManagedPolicy"])["Policies"] == []


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_the_pages_together_are_the_whole(house: IamHouse, size: int) -> None:
    house.perform("iam:AttachUserPolicy", UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    whole = details(house)
    found: dict[str, list[Any]] = {name: [] for name in LISTS}
    marker, pages = None, 0
    while True:
        page = details(house, MaxItems=size, **({} if marker is None else {"Marker": marker}))
        for name in LISTS:
            found[name] += page[name]
        pages += 1
        marker = page.get("Marker")
        assert page["IsTruncated"] is (marker is not None)
        if marker is None:
            break
        assert len(marker) <= 320
    assert found == {name: whole[name] for name in LISTS}
    things = sum(map(len, found.values()))
    assert (things, pages) == (7, -(-7 // size))


def test_what_comes_and_goes_between_two_pages_neither_repeats_nor_hides_another(house: IamHouse) -> None:
    first = details(house, Filter=["User"], MaxItems=1)
    house.perform("iam:CreateUser", UserName="aaron")
    house.perform("iam:CreateUser", UserName="carol")
    second = details(house, Filter=["User"], Marker=first["Marker"])
    assert [one["UserName"] for one in second["UserDetailList"]] == ["bob", "carol"]


def test_a_marker_of_another_filter_or_account_or_made_up_is_refused(house: IamHouse) -> None:
    marker = details(house, Filter=["User"], MaxItems=1)["Marker"]
    refusals = [house.refused("iam:GetAccountAuthorizationDetails", Filter=["Role"], Marker=marker)]
    refusals.append(house.refused("iam:GetAccountAuthorizationDetails", Filter=["User"], Marker="Mg=="))
    house.act_as_root(OTHER)
    refusals.append(house.refused("iam:GetAccountAuthorizationDetails", Filter=["User"], Marker=marker))
    assert {(one.code, one.message) for one in refusals} == {("ValidationError", "Marker and Filter do not match")}


def test_the_longest_names_page_through(house: IamHouse) -> None:
    long = ["p" * 127 + letter for letter in "abc"]
    for name in long:
        house.perform("iam:CreatePolicy", PolicyName=name, PolicyDocument=READ)
    first = details(house, Filter=["LocalManagedPolicy"], MaxItems=2)
    second = details(house, Filter=["LocalManagedPolicy"], Marker=first["Marker"])
    assert [one["PolicyName"] for one in second["Policies"]] == [long[2], "read"]


def test_another_account_has_nothing_of_it(house: IamHouse) -> None:
    house.act_as_root(OTHER)
    assert [details(house)[name] for name in LISTS] == [[], [], [], []]
