"""Users, as AWS answers about them."""

from __future__ import annotations

import pytest
from tests.iam_house import ACCOUNT, NOW, OTHER, IamHouse

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def test_a_new_user_is_shown_without_tags_and_boundary(house: IamHouse) -> None:
    user = house.perform("iam:CreateUser", UserName="Ada", Path="/staff/")["User"]
    assert user == {
        "Path": "/staff/",
        "UserName": "Ada",
        "UserId": user["UserId"],
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/staff/Ada",
        "CreateDate": NOW,
    }


def test_a_user_id_begins_as_aws_begins_it(house: IamHouse) -> None:
    id = house.perform("iam:CreateUser", UserName="Ada")["User"]["UserId"]
    assert id.startswith("AIDA")
    assert len(id) == 21


def test_tags_given_at_creation_are_shown(house: IamHouse) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    assert house.perform("iam:CreateUser", UserName="Ada", Tags=tags)["User"]["Tags"] == tags


def test_a_boundary_given_at_creation_is_shown_as_a_policy(house: IamHouse) -> None:
    arn = house.perform("iam:CreatePolicy", PolicyName="edge", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    user = house.perform("iam:CreateUser", UserName="Ada", PermissionsBoundary=arn)["User"]
    assert user["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def test_a_user_whose_boundary_does_not_exist_is_not_created(house: IamHouse) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/none"
    house.refused("iam:CreateUser", UserName="Ada", PermissionsBoundary=arn)
    assert house.refused("iam:GetUser", UserName="Ada").code == "NoSuchEntity"


def test_names_are_unique_without_regard_to_case(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    refusal = house.refused("iam:CreateUser", UserName="ADA")
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "User with name ADA already exists.")


def test_any_spelling_finds_a_user_and_the_stored_one_is_shown(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    assert house.perform("iam:GetUser", UserName="aDA")["User"]["UserName"] == "Ada"


def test_the_same_name_is_free_in_another_account(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    house.act_as_root(OTHER)
    assert house.perform("iam:CreateUser", UserName="Ada")["User"]["Arn"] == f"arn:aws:iam::{OTHER}:user/Ada"


def test_a_user_of_another_account_is_not_found(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    house.act_as_root(OTHER)
    refusal = house.refused("iam:GetUser", UserName="Ada")
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "The user with name Ada cannot be found.")


@pytest.mark.parametrize("path", ["//", "", "x", "/x", "x/", "/x y/", "/\u00e9/", "/x/\n", "/\x7f/"])
def test_a_text_that_is_no_path_is_refused(house: IamHouse, path: str) -> None:
    refusal = house.refused("iam:CreateUser", UserName="Ada", Path=path)
    assert (refusal.code, refusal.message) == (
        "ValidationError",
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric"
        " characters and/or / characters.",
    )


def test_a_path_may_have_an_empty_part(house: IamHouse) -> None:
    assert house.perform("iam:CreateUser", UserName="Ada", Path="/a//b/")["User"]["Path"] == "/a//b/"


def test_a_full_quota_refuses_one_more_user() -> None:
    house = IamHouse(UsersPerAccount=1)
    house.perform("iam:CreateUser", UserName="Ada")
    refusal = house.refused("iam:CreateUser", UserName="Bob")
    house.close()
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 1")


def test_get_user_without_a_name_means_the_calling_user(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    house.act_as_user("Ada")
    assert house.perform("iam:GetUser")["User"]["UserName"] == "Ada"


def test_get_user_as_root_shows_the_account(house: IamHouse) -> None:
    assert house.perform("iam:GetUser")["User"] == {
        "UserId": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:root",
        "CreateDate": NOW,
    }


def test_a_role_session_must_name_the_user_it_gets(house: IamHouse) -> None:
    house.perform("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    house.act_as_session_of("r")
    refusal = house.refused("iam:GetUser")
    assert (refusal.code, refusal.message) == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    )


def test_a_renamed_user_keeps_its_id(house: IamHouse) -> None:
    id = house.perform("iam:CreateUser", UserName="Ada")["User"]["UserId"]
    house.perform("iam:UpdateUser", UserName="ada", NewUserName="Bob", NewPath="/x/")
    user = house.perform("iam:GetUser", UserName="Bob")["User"]
    assert (user["UserId"], user["Arn"]) == (id, f"arn:aws:iam::{ACCOUNT}:user/x/Bob")


def test_the_old_name_of_a_renamed_user_is_free(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    house.perform("iam:UpdateUser", UserName="Ada", NewUserName="Bob")
    assert house.perform("iam:CreateUser", UserName="Ada")["User"]["UserName"] == "Ada"


def test_a_user_may_change_the_case_of_its_name(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="ada")
    house.perform("iam:UpdateUser", UserName="ada", NewUserName="Ada")
    assert house.perform("iam:GetUser", UserName="ada")["User"]["UserName"] == "Ada"


def test_a_user_cannot_take_a_name_that_is_taken(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    house.perform("iam:CreateUser", UserName="Bob")
    refusal = house.refused("iam:UpdateUser", UserName="Bob", NewUserName="ADA")
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "User with name ADA already exists.")


def test_an_update_checks_the_new_path_as_creation_does(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    assert house.refused("iam:UpdateUser", UserName="Ada", NewPath="//").code == "ValidationError"


def test_a_list_shows_users_by_name_without_tags(house: IamHouse) -> None:
    for name in ("bob", "Ada"):
        house.perform("iam:CreateUser", UserName=name, Tags=[{"Key": "k", "Value": "v"}])
    answer = house.perform("iam:ListUsers")
    assert [user["UserName"] for user in answer["Users"]] == ["Ada", "bob"]
    assert all("Tags" not in user for user in answer["Users"])
    assert answer["IsTruncated"] is False
    assert "Marker" not in answer


def test_a_list_can_be_narrowed_to_a_path(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada", Path="/staff/")
    house.perform("iam:CreateUser", UserName="Bob")
    answer = house.perform("iam:ListUsers", PathPrefix="/sta")
    assert [user["UserName"] for user in answer["Users"]] == ["Ada"]


def test_pages_of_users_hold_everybody_once(house: IamHouse) -> None:
    for number in range(5):
        house.perform("iam:CreateUser", UserName=f"u{number}")
    first = house.perform("iam:ListUsers", MaxItems=2)
    second = house.perform("iam:ListUsers", MaxItems=2, Marker=first["Marker"])
    third = house.perform("iam:ListUsers", MaxItems=2, Marker=second["Marker"])
    names = [user["UserName"] for page in (first, second, third) for user in page["Users"]]
    assert names == ["u0", "u1", "u2", "u3", "u4"]
    assert third["IsTruncated"] is False


def test_a_marker_is_bound_to_its_path_prefix(house: IamHouse) -> None:
    for number in range(2):
        house.perform("iam:CreateUser", UserName=f"u{number}")
    marker = house.perform("iam:ListUsers", MaxItems=1)["Marker"]
    assert house.refused("iam:ListUsers", PathPrefix="/x/", Marker=marker).code == "ValidationError"


def test_a_user_to_which_nothing_belongs_is_deleted(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    house.perform("iam:DeleteUser", UserName="ADA")
    assert house.refused("iam:GetUser", UserName="Ada").code == "NoSuchEntity"


def test_a_boundary_goes_with_its_user(house: IamHouse) -> None:
    arn = house.perform("iam:CreatePolicy", PolicyName="edge", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    house.perform("iam:CreateUser", UserName="Ada", PermissionsBoundary=arn)
    house.perform("iam:DeleteUser", UserName="Ada")
    house.perform("iam:DeletePolicy", PolicyArn=arn)
    assert house.perform("iam:ListPolicies", Scope="Local")["Policies"] == []


def give_key(house: IamHouse) -> None:
    house.perform("iam:CreateAccessKey", UserName="Ada")


def give_inline_policy(house: IamHouse) -> None:
    house.perform("iam:PutUserPolicy", UserName="Ada", PolicyName="p", PolicyDocument=ALLOW_ALL)


def attach_policy(house: IamHouse) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    house.perform("iam:AttachUserPolicy", UserName="Ada", PolicyArn=arn)


def join_group(house: IamHouse) -> None:
    house.perform("iam:CreateGroup", GroupName="g")
    house.perform("iam:AddUserToGroup", GroupName="g", UserName="Ada")


@pytest.mark.parametrize(
    ("give", "sentence"),
    [
        (give_key, "Cannot delete entity, must delete access keys first."),
        (give_inline_policy, "Cannot delete entity, must delete policies first."),
        (attach_policy, "Cannot delete entity, must detach all policies first."),
        (join_group, "Cannot delete entity, must remove users from group first."),
    ],
)
def test_a_user_is_not_deleted_while_something_belongs_to_it(house: IamHouse, give: object, sentence: str) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    assert callable(give)
    give(house)
    refusal = house.refused("iam:DeleteUser", UserName="Ada")
    assert (refusal.code, refusal.message) == ("DeleteConflict", sentence)


def test_keys_are_asked_for_before_groups(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    join_group(house)
    give_key(house)
    assert house.refused("iam:DeleteUser", UserName="Ada").message.endswith("must delete access keys first.")
