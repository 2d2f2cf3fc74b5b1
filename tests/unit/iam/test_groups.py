"""Groups and their members."""

from __future__ import annotations

import pytest
from tests.iam_house import ACCOUNT, NOW, IamHouse


@pytest.fixture
def staff(house: IamHouse) -> IamHouse:
    """A house with a group `Staff` and the users `Ada` and `bob`."""
    house.perform("iam:CreateGroup", GroupName="Staff")
    for name in ("bob", "Ada"):
        house.perform("iam:CreateUser", UserName=name)
    return house


def members(house: IamHouse) -> list[str]:
    return [user["UserName"] for user in house.perform("iam:GetGroup", GroupName="Staff")["Users"]]


def test_a_new_group_is_shown_whole(house: IamHouse) -> None:
    group = house.perform("iam:CreateGroup", GroupName="Staff", Path="/eu/")["Group"]
    assert group == {
        "Path": "/eu/",
        "GroupName": "Staff",
        "GroupId": group["GroupId"],
        "Arn": f"arn:aws:iam::{ACCOUNT}:group/eu/Staff",
        "CreateDate": NOW,
    }
    assert group["GroupId"].startswith("AGPA")


def test_group_names_are_unique_without_regard_to_case(staff: IamHouse) -> None:
    refusal = staff.refused("iam:CreateGroup", GroupName="STAFF")
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "Group with name STAFF already exists.")


def test_a_full_quota_refuses_one_more_group() -> None:
    house = IamHouse(GroupsPerAccount=0)
    refusal = house.refused("iam:CreateGroup", GroupName="g")
    house.close()
    assert refusal.message == "Cannot exceed quota for GroupsPerAccount: 0"


def test_an_empty_group_has_an_empty_list_of_users(staff: IamHouse) -> None:
    answer = staff.perform("iam:GetGroup", GroupName="staff")
    assert (answer["Users"], answer["IsTruncated"]) == ([], False)


def test_members_are_shown_by_name(staff: IamHouse) -> None:
    for name in ("bob", "Ada"):
        staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName=name)
    assert members(staff) == ["Ada", "bob"]


def test_members_come_in_pages(staff: IamHouse) -> None:
    for name in ("bob", "Ada"):
        staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName=name)
    first = staff.perform("iam:GetGroup", GroupName="Staff", MaxItems=1)
    second = staff.perform("iam:GetGroup", GroupName="Staff", MaxItems=1, Marker=first["Marker"])
    assert [page["Users"][0]["UserName"] for page in (first, second)] == ["Ada", "bob"]
    assert second["IsTruncated"] is False


def test_a_page_goes_on_after_a_member_that_left(staff: IamHouse) -> None:
    for name in ("bob", "Ada"):
        staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName=name)
    first = staff.perform("iam:GetGroup", GroupName="Staff", MaxItems=1)
    staff.perform("iam:RemoveUserFromGroup", GroupName="Staff", UserName="Ada")
    second = staff.perform("iam:GetGroup", GroupName="Staff", MaxItems=1, Marker=first["Marker"])
    assert [user["UserName"] for user in second["Users"]] == ["bob"]


def test_a_marker_of_one_group_is_refused_by_another(staff: IamHouse) -> None:
    staff.perform("iam:CreateGroup", GroupName="Other")
    for name in ("bob", "Ada"):
        staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName=name)
    marker = staff.perform("iam:GetGroup", GroupName="Staff", MaxItems=1)["Marker"]
    refusal = staff.refused("iam:GetGroup", GroupName="Other", Marker=marker)
    assert (refusal.code, refusal.message) == ("ValidationError", "Marker and Filter do not match")


@pytest.mark.parametrize("marker", ["", "x", "é", "AAAAAAAAAAAAAAAA"])
def test_a_text_that_is_no_marker_is_refused(staff: IamHouse, marker: str) -> None:
    assert staff.refused("iam:GetGroup", GroupName="Staff", Marker=marker).code == "ValidationError"


def test_adding_a_member_again_changes_nothing(staff: IamHouse) -> None:
    for _ in range(2):
        staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName="Ada")
    assert members(staff) == ["Ada"]


def test_an_unknown_user_does_not_become_a_member(staff: IamHouse) -> None:
    refusal = staff.refused("iam:AddUserToGroup", GroupName="Staff", UserName="Zoe")
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "The user with name Zoe cannot be found.")


def test_nobody_becomes_a_member_of_an_unknown_group(staff: IamHouse) -> None:
    refusal = staff.refused("iam:AddUserToGroup", GroupName="None", UserName="Ada")
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "The group with name None cannot be found.")


def test_a_user_is_in_no_more_groups_than_the_quota_says() -> None:
    house = IamHouse(GroupsPerUser=1)
    house.perform("iam:CreateUser", UserName="Ada")
    for name in ("a", "b"):
        house.perform("iam:CreateGroup", GroupName=name)
    house.perform("iam:AddUserToGroup", GroupName="a", UserName="Ada")
    refusal = house.refused("iam:AddUserToGroup", GroupName="b", UserName="Ada")
    house.close()
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 1")


def test_a_removed_user_is_no_member(staff: IamHouse) -> None:
    staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName="Ada")
    staff.perform("iam:RemoveUserFromGroup", GroupName="Staff", UserName="Ada")
    assert members(staff) == []


def test_the_groups_of_a_user_are_listed_by_name(staff: IamHouse) -> None:
    staff.perform("iam:CreateGroup", GroupName="admins")
    for name in ("Staff", "admins"):
        staff.perform("iam:AddUserToGroup", GroupName=name, UserName="Ada")
    groups = staff.perform("iam:ListGroupsForUser", UserName="Ada")["Groups"]
    assert [group["GroupName"] for group in groups] == ["admins", "Staff"]


def test_a_user_in_no_group_has_an_empty_list(staff: IamHouse) -> None:
    assert staff.perform("iam:ListGroupsForUser", UserName="Ada") == {"Groups": [], "IsTruncated": False}


def test_membership_survives_a_new_name_of_user_and_group(staff: IamHouse) -> None:
    staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName="Ada")
    staff.perform("iam:UpdateUser", UserName="Ada", NewUserName="Eve")
    staff.perform("iam:UpdateGroup", GroupName="Staff", NewGroupName="Team")
    groups = staff.perform("iam:ListGroupsForUser", UserName="Eve")["Groups"]
    assert [group["GroupName"] for group in groups] == ["Team"]


def test_a_renamed_group_keeps_its_id(staff: IamHouse) -> None:
    id = staff.perform("iam:GetGroup", GroupName="Staff")["Group"]["GroupId"]
    staff.perform("iam:UpdateGroup", GroupName="Staff", NewGroupName="Team", NewPath="/x/")
    group = staff.perform("iam:GetGroup", GroupName="Team")["Group"]
    assert (group["GroupId"], group["Path"]) == (id, "/x/")


def test_groups_are_listed_under_a_path(staff: IamHouse) -> None:
    staff.perform("iam:CreateGroup", GroupName="far", Path="/far/")
    groups = staff.perform("iam:ListGroups", PathPrefix="/far/")["Groups"]
    assert [group["GroupName"] for group in groups] == ["far"]


def test_an_empty_group_is_deleted(staff: IamHouse) -> None:
    staff.perform("iam:DeleteGroup", GroupName="staff")
    assert staff.perform("iam:ListGroups")["Groups"] == []


def test_a_group_with_members_is_not_deleted(staff: IamHouse) -> None:
    staff.perform("iam:AddUserToGroup", GroupName="Staff", UserName="Ada")
    refusal = staff.refused("iam:DeleteGroup", GroupName="Staff")
    assert (refusal.code, refusal.message) == (
        "DeleteConflict",
        "Cannot delete entity, must remove users from group first.",
    )


def test_a_group_with_a_policy_is_not_deleted(staff: IamHouse) -> None:
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    staff.perform("iam:PutGroupPolicy", GroupName="Staff", PolicyName="p", PolicyDocument=document)
    refusal = staff.refused("iam:DeleteGroup", GroupName="Staff")
    assert refusal.message == "Cannot delete entity, must delete policies first."
