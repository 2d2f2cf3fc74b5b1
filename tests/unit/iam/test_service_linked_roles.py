"""Service-linked roles: AWS's names, one policy, and a task that deletes them."""

from __future__ import annotations

import json
import urllib.parse

import pytest
from tests.iam_house import ACCOUNT, IamHouse

from locum.aws import managed_policies
from locum.aws.service_linked_roles import services

CREATE, DELETE = "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole"
STATUS = "iam:GetServiceLinkedRoleDeletionStatus"
# A service of the table that has ended, and its policy with it.
WITHOUT_POLICY = {"lex.amazonaws.com"}


def test_a_role_has_the_name_path_and_trust_that_aws_gives_it(house: IamHouse) -> None:
    role = house.perform(CREATE, AWSServiceName="batch.amazonaws.com")["Role"]
    assert role["RoleName"] == "AWSServiceRoleForBatch"
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
    assert json.loads(urllib.parse.unquote(role["AssumeRolePolicyDocument"])) == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    assert "Description" not in role


def test_a_role_has_its_one_policy(house: IamHouse) -> None:
    house.perform(CREATE, AWSServiceName="batch.amazonaws.com")
    listed = house.perform("iam:ListAttachedRolePolicies", RoleName="AWSServiceRoleForBatch")["AttachedPolicies"]
    assert listed == [
        {
            "PolicyName": "BatchServiceRolePolicy",
            "PolicyArn": "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy",
        }
    ]


def test_every_service_of_the_table_has_a_policy_that_aws_publishes() -> None:
    lacking = {one.service_principal for one in services().values() if not managed_policies.find(one.policy_arn("aws"))}
    assert lacking == WITHOUT_POLICY


@pytest.mark.parametrize("service", [name for name in services() if name not in WITHOUT_POLICY])
def test_a_suffix_is_taken_by_three_services_and_refused_by_the_others(house: IamHouse, service: str) -> None:
    known = services()[service]
    inputs = {"AWSServiceName": service, "CustomSuffix": "blue", "Description": "ours"}
    if known.custom_suffix_allowed:
        role = house.perform(CREATE, **inputs)["Role"]
        assert (role["RoleName"], role["Description"]) == (f"{known.role_name}_blue", "ours")
        return
    refusal = house.refused(CREATE, **inputs)
    assert (refusal.code, refusal.message) == ("InvalidInput", f"Custom suffix is not allowed for {service}")
    assert house.perform(CREATE, AWSServiceName=service)["Role"]["Path"] == f"/aws-service-role/{service}/"


def test_three_services_take_a_suffix() -> None:
    assert sum(one.custom_suffix_allowed for one in services().values()) == 3


def test_a_second_role_is_refused_in_aws_s_words(house: IamHouse) -> None:
    house.perform(CREATE, AWSServiceName="batch.amazonaws.com")
    refusal = house.refused(CREATE, AWSServiceName="batch.amazonaws.com")
    sentence = "Service role name AWSServiceRoleForBatch has been taken in this account, please try a different suffix."
    assert (refusal.code, refusal.message) == ("InvalidInput", sentence)


@pytest.mark.parametrize("service", ["nothing.amazonaws.com", *WITHOUT_POLICY])
def test_an_unknown_service_has_no_role(house: IamHouse, service: str) -> None:
    refusal = house.refused(CREATE, AWSServiceName=service)
    assert refusal.code == "InvalidInput"
    assert refusal.message == f"Cannot find Service Linked Role template for {service}"


def test_a_deleted_role_is_gone_with_its_policy_and_the_task_says_so(house: IamHouse) -> None:
    house.perform(CREATE, AWSServiceName="batch.amazonaws.com")
    task = house.perform(DELETE, RoleName="AWSServiceRoleForBatch")["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch/")
    assert house.perform(STATUS, DeletionTaskId=task) == {"Status": "SUCCEEDED"}
    assert house.refused("iam:GetRole", RoleName="AWSServiceRoleForBatch").code == "NoSuchEntity"
    house.perform(CREATE, AWSServiceName="batch.amazonaws.com")


def test_an_ordinary_role_is_not_deleted_so(house: IamHouse) -> None:
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
    house.perform("iam:CreateRole", RoleName="mine", AssumeRolePolicyDocument=trust)
    assert house.refused(DELETE, RoleName="mine").code == "InvalidInput"
    assert house.perform("iam:GetRole", RoleName="mine")["Role"]["RoleName"] == "mine"


def test_an_unknown_task_is_nobody_s(house: IamHouse) -> None:
    assert house.refused(STATUS, DeletionTaskId="task/x").code == "NoSuchEntity"


def test_a_task_of_another_account_says_nothing(house: IamHouse) -> None:
    house.perform(CREATE, AWSServiceName="batch.amazonaws.com")
    task = house.perform(DELETE, RoleName="AWSServiceRoleForBatch")["DeletionTaskId"]
    house.act_as_root("444455556666")
    assert house.refused(STATUS, DeletionTaskId=task).code == "NoSuchEntity"


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        ("iam:DeleteRole", {}),
        ("iam:UpdateRole", {"MaxSessionDuration": 7200}),
        ("iam:UpdateAssumeRolePolicy", {"PolicyDocument": "{}"}),
        ("iam:DetachRolePolicy", {"PolicyArn": "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"}),
    ],
)
def test_ordinary_operations_do_not_touch_it(house: IamHouse, operation: str, inputs: dict[str, object]) -> None:
    house.perform(CREATE, AWSServiceName="batch.amazonaws.com")
    refusal = house.refused(operation, RoleName="AWSServiceRoleForBatch", **inputs)
    assert refusal.code == "UnmodifiableEntity"
    assert "this role is only modifiable by AWS" in refusal.message


def test_its_description_and_tags_may_change(house: IamHouse) -> None:
    house.perform(CREATE, AWSServiceName="batch.amazonaws.com")
    name = "AWSServiceRoleForBatch"
    assert house.perform("iam:UpdateRoleDescription", RoleName=name, Description="d")["Role"]["Description"] == "d"
    house.perform("iam:TagRole", RoleName=name, Tags=[{"Key": "k", "Value": "v"}])
    assert house.perform("iam:ListRoleTags", RoleName=name)["Tags"] == [{"Key": "k", "Value": "v"}]
