"""Instance profiles and the one role in each."""

from __future__ import annotations

import pytest
from tests.iam_house import ACCOUNT, NOW, IamHouse

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)


@pytest.fixture
def web(house: IamHouse) -> IamHouse:
    """A house with an instance profile `Web` and the roles `a` and `b`."""
    house.perform("iam:CreateInstanceProfile", InstanceProfileName="Web")
    for name in ("a", "b"):
        house.perform("iam:CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST)
    return house


def roles(house: IamHouse) -> list[str]:
    profile = house.perform("iam:GetInstanceProfile", InstanceProfileName="Web")["InstanceProfile"]
    return [role["RoleName"] for role in profile["Roles"]]


def test_a_new_profile_holds_no_role(house: IamHouse) -> None:
    answer = house.perform("iam:CreateInstanceProfile", InstanceProfileName="Web", Path="/x/")
    profile = answer["InstanceProfile"]
    assert profile == {
        "Path": "/x/",
        "InstanceProfileName": "Web",
        "InstanceProfileId": profile["InstanceProfileId"],
        "Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/x/Web",
        "CreateDate": NOW,
        "Roles": [],
    }
    assert profile["InstanceProfileId"].startswith("AIPA")


def test_a_profile_name_is_taken_in_any_case(web: IamHouse) -> None:
    refusal = web.refused("iam:CreateInstanceProfile", InstanceProfileName="WEB")
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "Instance Profile WEB already exists.")


def test_an_unknown_profile_is_told_in_the_words_of_aws(house: IamHouse) -> None:
    refusal = house.refused("iam:GetInstanceProfile", InstanceProfileName="none")
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "Instance Profile none cannot be found.")


def test_the_role_in_a_profile_is_shown_with_its_trust_policy(web: IamHouse) -> None:
    web.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="A")
    [role] = web.perform("iam:GetInstanceProfile", InstanceProfileName="Web")["InstanceProfile"]["Roles"]
    assert role.keys() == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}


def test_tags_are_shown_by_get_and_not_by_list(house: IamHouse) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    house.perform("iam:CreateInstanceProfile", InstanceProfileName="Web", Tags=tags)
    assert house.perform("iam:GetInstanceProfile", InstanceProfileName="Web")["InstanceProfile"]["Tags"] == tags
    [listed] = house.perform("iam:ListInstanceProfiles")["InstanceProfiles"]
    assert "Tags" not in listed


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_profile_holds_one_role_at_most(web: IamHouse, name: str) -> None:
    web.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="a")
    refusal = web.refused("iam:AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName=name)
    assert (refusal.code, refusal.message) == (
        "LimitExceeded",
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    )


def test_a_removed_role_makes_room_for_another(web: IamHouse) -> None:
    web.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="a")
    web.perform("iam:RemoveRoleFromInstanceProfile", InstanceProfileName="Web", RoleName="a")
    web.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="b")
    assert roles(web) == ["b"]


def test_a_role_that_is_not_in_the_profile_cannot_be_removed(web: IamHouse) -> None:
    web.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="a")
    refusal = web.refused("iam:RemoveRoleFromInstanceProfile", InstanceProfileName="Web", RoleName="b")
    assert refusal.code == "NoSuchEntity"


def test_the_profiles_of_a_role_are_listed_by_name(web: IamHouse) -> None:
    web.perform("iam:CreateInstanceProfile", InstanceProfileName="app")
    for name in ("Web", "app"):
        web.perform("iam:AddRoleToInstanceProfile", InstanceProfileName=name, RoleName="a")
    answer = web.perform("iam:ListInstanceProfilesForRole", RoleName="a")
    assert [profile["InstanceProfileName"] for profile in answer["InstanceProfiles"]] == ["app", "Web"]


def test_a_role_in_no_profile_has_an_empty_list(web: IamHouse) -> None:
    answer = web.perform("iam:ListInstanceProfilesForRole", RoleName="a")
    assert answer == {"InstanceProfiles": [], "IsTruncated": False}


def test_a_profile_with_a_role_is_not_deleted(web: IamHouse) -> None:
    web.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="a")
    refusal = web.refused("iam:DeleteInstanceProfile", InstanceProfileName="Web")
    assert (refusal.code, refusal.message) == (
        "DeleteConflict",
        "Cannot delete entity, must remove roles from instance profile first.",
    )


def test_an_empty_profile_is_deleted(web: IamHouse) -> None:
    web.perform("iam:DeleteInstanceProfile", InstanceProfileName="web")
    assert web.perform("iam:ListInstanceProfiles")["InstanceProfiles"] == []
