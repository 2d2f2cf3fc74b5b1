"""Roles, and what becomes of the principals in their trust policies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

import pytest
from tests.iam_house import ACCOUNT, NOW, OTHER, IamHouse

from locum.call import Use
from locum.iam.entities import Role


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


SERVICE = trust({"Service": "ec2.amazonaws.com"})
ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def create(house: IamHouse, name: str = "Reader", document: str = SERVICE, **inputs: Any) -> dict[str, Any]:
    role: dict[str, Any] = house.perform("iam:CreateRole", RoleName=name, AssumeRolePolicyDocument=document, **inputs)[
        "Role"
    ]
    return role


def shown_principal(house: IamHouse, name: str = "Reader") -> Any:
    document = house.perform("iam:GetRole", RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    return json.loads(unquote(document))["Statement"][0]["Principal"]


def stored_trust(house: IamHouse, name: str = "Reader") -> str:
    text: str = house.read(lambda tx: tx.get(Role, ACCOUNT, name).trust)
    return text


def test_a_new_role_is_shown_without_duration_and_last_use(house: IamHouse) -> None:
    role = create(house, Path="/app/")
    assert role == {
        "Path": "/app/",
        "RoleName": "Reader",
        "RoleId": role["RoleId"],
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/app/Reader",
        "CreateDate": NOW,
        "AssumeRolePolicyDocument": quote(SERVICE, safe=""),
    }
    assert role["RoleId"].startswith("AROA")


def test_creation_shows_what_was_given(house: IamHouse) -> None:
    arn = house.perform("iam:CreatePolicy", PolicyName="edge", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    tags = [{"Key": "k", "Value": "v"}]
    role = create(house, Description="", Tags=tags, PermissionsBoundary=arn)
    assert role["Description"] == ""
    assert role["Tags"] == tags
    assert role["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def test_get_role_shows_duration_and_an_empty_last_use(house: IamHouse) -> None:
    created = create(house, MaxSessionDuration=7200)
    role = house.perform("iam:GetRole", RoleName="reader")["Role"]
    assert role == created | {"MaxSessionDuration": 7200, "RoleLastUsed": {}}


def test_get_role_shows_the_last_use(house: IamHouse) -> None:
    id = create(house)["RoleId"]
    house.activity.used(id, Use(at=NOW, service="sts", region="eu-central-1"))
    used = house.perform("iam:GetRole", RoleName="Reader")["Role"]["RoleLastUsed"]
    assert used == {"LastUsedDate": NOW, "Region": "eu-central-1"}


def test_a_list_leaves_out_tags_boundary_and_last_use(house: IamHouse) -> None:
    arn = house.perform("iam:CreatePolicy", PolicyName="edge", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    create(house, Description="d", Tags=[{"Key": "k", "Value": "v"}], PermissionsBoundary=arn)
    [role] = house.perform("iam:ListRoles")["Roles"]
    assert role.keys() == {
        "Path",
        "RoleName",
        "RoleId",
        "Arn",
        "CreateDate",
        "AssumeRolePolicyDocument",
        "Description",
        "MaxSessionDuration",
    }


def test_a_role_name_is_taken_in_any_case(house: IamHouse) -> None:
    create(house)
    refusal = house.refused("iam:CreateRole", RoleName="READER", AssumeRolePolicyDocument=SERVICE)
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "Role with name READER already exists.")


def test_an_unknown_role_is_told_in_the_words_of_aws(house: IamHouse) -> None:
    refusal = house.refused("iam:GetRole", RoleName="none")
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "The role with name none cannot be found.")


def test_a_full_quota_refuses_one_more_role() -> None:
    house = IamHouse(RolesPerAccount=0)
    refusal = house.refused("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=SERVICE)
    house.close()
    assert refusal.message == "Cannot exceed quota for RolesPerAccount: 0"


def test_a_trust_policy_that_is_no_json_is_refused(house: IamHouse) -> None:
    refusal = house.refused("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17",}')
    assert (refusal.code, refusal.message) == ("MalformedPolicyDocument", "This policy contains invalid Json")


def test_a_trust_policy_without_principal_is_refused(house: IamHouse) -> None:
    assert house.refused("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=ALLOW_ALL).code == (
        "MalformedPolicyDocument"
    )


def test_a_trust_policy_is_no_longer_than_its_quota(house: IamHouse) -> None:
    long = trust({"Service": [f"service-{number}.amazonaws.com" for number in range(100)]})
    refusal = house.refused("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=long)
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")


def test_white_space_does_not_count(house: IamHouse) -> None:
    assert create(house, document=SERVICE + " " * 3000)["RoleName"] == "Reader"


def test_a_role_refused_leaves_nothing_behind(house: IamHouse) -> None:
    none = f"arn:aws:iam::{ACCOUNT}:policy/none"
    house.refused("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=SERVICE, PermissionsBoundary=none)
    assert house.perform("iam:ListRoles")["Roles"] == []


def test_nobody_makes_a_role_in_the_path_of_services(house: IamHouse) -> None:
    refusal = house.refused(
        "iam:CreateRole", RoleName="r", Path="/aws-service-role/x/", AssumeRolePolicyDocument=SERVICE
    )
    assert refusal.code == "InvalidInput"


def test_a_user_in_a_trust_policy_is_stored_by_its_id(house: IamHouse) -> None:
    user = house.perform("iam:CreateUser", UserName="Ada")["User"]
    create(house, document=trust({"AWS": user["Arn"]}))
    assert user["UserId"] in stored_trust(house)
    assert user["Arn"] not in stored_trust(house)


def test_a_user_in_a_trust_policy_is_shown_by_its_arn(house: IamHouse) -> None:
    arn = house.perform("iam:CreateUser", UserName="Ada", Path="/a/")["User"]["Arn"]
    create(house, document=trust({"AWS": arn}))
    assert shown_principal(house) == {"AWS": arn}


def test_creation_echoes_the_trust_policy_to_the_byte(house: IamHouse) -> None:
    arn = house.perform("iam:CreateUser", UserName="Ada")["User"]["Arn"]
    document = trust({"AWS": arn}).replace(",", " ,\n")
    assert unquote(create(house, document=document)["AssumeRolePolicyDocument"]) == document


def test_a_trust_policy_follows_a_user_to_its_new_name(house: IamHouse) -> None:
    arn = house.perform("iam:CreateUser", UserName="Ada")["User"]["Arn"]
    create(house, document=trust({"AWS": arn}))
    house.perform("iam:UpdateUser", UserName="Ada", NewUserName="Eve")
    assert shown_principal(house) == {"AWS": f"arn:aws:iam::{ACCOUNT}:user/Eve"}


def test_a_path_cannot_smuggle_a_principal_into_what_is_shown(house: IamHouse) -> None:
    arn = house.perform("iam:CreateUser", UserName="Ada")["User"]["Arn"]
    create(house, document=trust({"AWS": [arn]}))
    house.perform("iam:UpdateUser", UserName="Ada", NewPath='/x","*","/\\/')
    assert shown_principal(house) == {"AWS": [house.perform("iam:GetUser", UserName="Ada")["User"]["Arn"]]}


def test_a_namesake_does_not_inherit_trust(house: IamHouse) -> None:
    user = house.perform("iam:CreateUser", UserName="Ada")["User"]
    create(house, document=trust({"AWS": user["Arn"]}))
    house.perform("iam:DeleteUser", UserName="Ada")
    house.perform("iam:CreateUser", UserName="Ada")
    assert shown_principal(house) == {"AWS": user["UserId"]}


def test_the_id_of_one_who_is_gone_is_refused_when_it_comes_back(house: IamHouse) -> None:
    user = house.perform("iam:CreateUser", UserName="Ada")["User"]
    create(house, document=trust({"AWS": user["Arn"]}))
    house.perform("iam:DeleteUser", UserName="Ada")
    document = trust({"AWS": user["UserId"]})
    refusal = house.refused("iam:UpdateAssumeRolePolicy", RoleName="Reader", PolicyDocument=document)
    assert refusal.message == f'Invalid principal in policy: "AWS":"{user["UserId"]}"'


def test_a_role_of_another_account_can_be_trusted(house: IamHouse) -> None:
    house.act_as_root(OTHER)
    arn = create(house, "Deployer")["Arn"]
    house.act_as_root(ACCOUNT)
    create(house, document=trust({"AWS": arn}))
    assert shown_principal(house) == {"AWS": arn}


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:iam::{ACCOUNT}:user/nobody",
        f"arn:aws:iam::{ACCOUNT}:user/ada",
        f"arn:aws:iam::{ACCOUNT}:user/x/Ada",
        f"arn:aws:iam::{ACCOUNT}:role/Ada",
        f"arn:aws:iam::{OTHER}:user/Ada",
        f"arn:aws-cn:iam::{ACCOUNT}:user/Ada",
        f"arn:aws:iam::{ACCOUNT}:user/*",
        f"arn:aws:iam::{ACCOUNT}:group/Staff",
        "AIDAAAAAAAAAAAAAAAAAA",
    ],
)
def test_a_principal_that_is_nobody_is_refused(house: IamHouse, principal: str) -> None:
    house.perform("iam:CreateUser", UserName="Ada")
    house.perform("iam:CreateGroup", GroupName="Staff")
    refusal = house.refused("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=trust({"AWS": principal}))
    assert (refusal.code, refusal.message) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{principal}"',
    )


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": f"arn:aws:iam::{OTHER}:root"},
        {"AWS": "*"},
        "*",
        {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]},
        {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"},
        {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/session"},
    ],
)
def test_a_principal_that_is_nothing_stored_is_shown_as_given(house: IamHouse, principal: Any) -> None:
    create(house, document=trust(principal))
    assert shown_principal(house) == principal


def test_an_account_number_is_shown_as_its_root(house: IamHouse) -> None:
    create(house, document=trust({"AWS": OTHER}))
    assert shown_principal(house) == {"AWS": f"arn:aws:iam::{OTHER}:root"}


def test_a_new_trust_policy_takes_the_place_of_the_old(house: IamHouse) -> None:
    create(house)
    house.perform("iam:UpdateAssumeRolePolicy", RoleName="Reader", PolicyDocument=trust({"AWS": f"{OTHER}"}))
    assert "ec2.amazonaws.com" not in stored_trust(house)


def test_an_update_changes_only_what_is_given(house: IamHouse) -> None:
    create(house, Description="before", MaxSessionDuration=7200)
    house.perform("iam:UpdateRole", RoleName="Reader", Description="after")
    role = house.perform("iam:GetRole", RoleName="Reader")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("after", 7200)


def test_an_update_of_the_description_shows_the_role(house: IamHouse) -> None:
    create(house)
    role = house.perform("iam:UpdateRoleDescription", RoleName="Reader", Description="new")["Role"]
    assert (role["RoleName"], role["Description"]) == ("Reader", "new")


def linked(house: IamHouse) -> None:
    """Makes a role that belongs to a service, as the service would."""
    house.write(
        lambda tx: tx.add(
            Role(
                id="AROALINKEDROLE1234567",
                account=ACCOUNT,
                name="AWSServiceRoleForX",
                path="/aws-service-role/x.amazonaws.com/",
                created=NOW,
                trust=SERVICE,
            )
        )
    )


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        ("iam:DeleteRole", {}),
        ("iam:UpdateRole", {"MaxSessionDuration": 7200}),
        ("iam:UpdateAssumeRolePolicy", {"PolicyDocument": SERVICE}),
    ],
)
def test_a_service_linked_role_is_protected(house: IamHouse, operation: str, inputs: dict[str, Any]) -> None:
    linked(house)
    refusal = house.refused(operation, RoleName="AWSServiceRoleForX", **inputs)
    assert (refusal.code, refusal.message) == (
        "UnmodifiableEntity",
        "Cannot perform the operation on the protected role 'AWSServiceRoleForX' - this role is only modifiable by AWS",
    )


def test_the_description_of_a_service_linked_role_may_change(house: IamHouse) -> None:
    linked(house)
    answer = house.perform("iam:UpdateRoleDescription", RoleName="AWSServiceRoleForX", Description="d")
    assert answer["Role"]["Description"] == "d"


def test_a_role_to_which_nothing_belongs_is_deleted(house: IamHouse) -> None:
    create(house)
    house.perform("iam:DeleteRole", RoleName="reader")
    assert house.perform("iam:ListRoles")["Roles"] == []


def test_a_role_in_an_instance_profile_is_not_deleted(house: IamHouse) -> None:
    create(house)
    house.perform("iam:CreateInstanceProfile", InstanceProfileName="web")
    house.perform("iam:AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="Reader")
    refusal = house.refused("iam:DeleteRole", RoleName="Reader")
    assert (refusal.code, refusal.message) == (
        "DeleteConflict",
        "Cannot delete entity, must remove roles from instance profile first.",
    )


def test_a_role_with_an_inline_policy_is_not_deleted(house: IamHouse) -> None:
    create(house)
    house.perform("iam:PutRolePolicy", RoleName="Reader", PolicyName="p", PolicyDocument=ALLOW_ALL)
    refusal = house.refused("iam:DeleteRole", RoleName="Reader")
    assert refusal.message == "Cannot delete entity, must delete policies first."


def test_a_role_with_an_attached_policy_is_not_deleted(house: IamHouse) -> None:
    create(house)
    house.perform("iam:AttachRolePolicy", RoleName="Reader", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    refusal = house.refused("iam:DeleteRole", RoleName="Reader")
    assert refusal.message == "Cannot delete entity, must detach all policies first."


@pytest.mark.parametrize("action", ["*", "s3:GetObject", "sts:GetCallerIdentity"])
def test_a_trust_policy_names_actions_that_assume_a_role_alone(house: IamHouse, action: str) -> None:
    refused = ("MalformedPolicyDocument", 400, "AssumeRole policy may only specify STS AssumeRole actions.")
    document = SERVICE.replace("sts:AssumeRole", action)
    new = house.refused("iam:CreateRole", RoleName="Reader", AssumeRolePolicyDocument=document)
    assert (new.code, new.status, new.message) == refused
    create(house)
    changed = house.refused("iam:UpdateAssumeRolePolicy", RoleName="Reader", PolicyDocument=document)
    assert (changed.code, changed.status, changed.message) == refused
    assert stored_trust(house) == SERVICE


def test_a_trust_policy_may_let_sessions_bring_tags_and_a_source_identity(house: IamHouse) -> None:
    statement = json.loads(SERVICE)["Statement"][0] | {"Action": ["sts:AssumeRole", "sts:TagSession", "sts:Set*"]}
    create(house, document=json.dumps({"Version": "2012-10-17", "Statement": statement}))
