"""Customer managed policies beside AWS's own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.iam_house import ACCOUNT, OTHER, IamHouse

DOCUMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
ARN = f"arn:aws:iam::{ACCOUNT}:policy/reader"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def create(house: IamHouse, name: str = "reader", **inputs: Any) -> Any:
    return house.perform("iam:CreatePolicy", PolicyName=name, PolicyDocument=DOCUMENT, **inputs)["Policy"]


def names(answer: Any) -> list[str]:
    return [policy["PolicyName"] for policy in answer["Policies"]]


def test_a_new_policy_shows_what_aws_shows(house: IamHouse) -> None:
    policy = create(house)
    assert policy.pop("PolicyId").startswith("ANPA")
    assert policy == {
        "PolicyName": "reader",
        "Arn": ARN,
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": house.now,
        "UpdateDate": house.now,
    }


def test_tags_and_description_are_shown_when_given(house: IamHouse) -> None:
    policy = create(house, Description="reads", Tags=[{"Key": "team", "Value": "blue"}])
    assert (policy["Description"], policy["Tags"]) == ("reads", [{"Key": "team", "Value": "blue"}])


def test_a_path_is_part_of_the_arn(house: IamHouse) -> None:
    assert create(house, Path="/division/")["Arn"] == f"arn:aws:iam::{ACCOUNT}:policy/division/reader"


def test_a_name_is_taken_whatever_its_case(house: IamHouse) -> None:
    create(house)
    refusal = house.refused("iam:CreatePolicy", PolicyName="Reader", PolicyDocument=DOCUMENT, Path="/other/")
    assert refusal.code == "EntityAlreadyExists"
    assert refusal.message == "A policy called Reader already exists. Duplicate names are not allowed."


def test_a_text_that_is_no_policy_is_refused(house: IamHouse) -> None:
    assert house.refused("iam:CreatePolicy", PolicyName="x", PolicyDocument="{").code == "MalformedPolicyDocument"


def test_a_document_may_not_outgrow_its_quota(house: IamHouse) -> None:
    long = DOCUMENT.replace('"s3:*"', "[" + ",".join(f'"s3:{"x" * 90}{n:04}"' for n in range(80)) + "]")
    refusal = house.refused("iam:CreatePolicy", PolicyName="x", PolicyDocument=long)
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")


def test_white_space_does_not_count(house: IamHouse) -> None:
    house.perform("iam:CreatePolicy", PolicyName="x", PolicyDocument=DOCUMENT.replace(" ", " " * 1000))


def test_an_account_holds_so_many_policies() -> None:
    house = IamHouse(PoliciesPerAccount=1)
    create(house)
    refusal = house.refused("iam:CreatePolicy", PolicyName="second", PolicyDocument=DOCUMENT)
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 1")
    house.close()


def test_get_shows_tags_even_when_there_are_none(house: IamHouse) -> None:
    create(house)
    assert house.perform("iam:GetPolicy", PolicyArn=ARN)["Policy"]["Tags"] == []


def test_a_policy_of_aws_is_shown_as_one_of_ones_own(house: IamHouse) -> None:
    policy = house.perform("iam:GetPolicy", PolicyArn=ADMINISTRATOR)["Policy"]
    assert (policy["Arn"], policy["DefaultVersionId"]) == (ADMINISTRATOR, "v1")


def test_a_policy_that_is_not_there_was_not_found(house: IamHouse) -> None:
    refusal = house.refused("iam:GetPolicy", PolicyArn=ARN)
    assert (refusal.code, refusal.message) == ("NoSuchEntity", f"Policy {ARN} was not found.")


@pytest.mark.parametrize("other", [ARN.upper(), ARN.replace("reader", "Reader"), ARN.replace(":aws:", ":aws-cn:")])
def test_an_arn_is_compared_exactly(house: IamHouse, other: str) -> None:
    create(house)
    assert house.refused("iam:GetPolicy", PolicyArn=other).code in ("NoSuchEntity", "ValidationError")


def test_a_policy_of_aws_in_another_partition_is_another_policy(house: IamHouse) -> None:
    arn = ADMINISTRATOR.replace(":aws:iam", ":aws-cn:iam")
    assert house.refused("iam:GetPolicy", PolicyArn=arn).code == "NoSuchEntity"


def test_the_path_in_the_arn_must_be_the_policys(house: IamHouse) -> None:
    create(house, Path="/division/")
    assert house.refused("iam:GetPolicy", PolicyArn=ARN).code == "NoSuchEntity"


def test_another_account_does_not_see_it(house: IamHouse) -> None:
    create(house)
    house.act_as_root(OTHER)
    assert house.refused("iam:GetPolicy", PolicyArn=ARN).code == "NoSuchEntity"


def test_a_bare_name_is_no_arn(house: IamHouse) -> None:
    refusal = house.refused("iam:GetPolicy", PolicyArn="a-name-of-twenty-letters")
    assert (refusal.code, refusal.message) == ("ValidationError", "Invalid ARN:  Could not be parsed!")


def test_the_local_scope_lists_the_accounts_own(house: IamHouse) -> None:
    create(house, "b")
    create(house, "A", Description="not shown in lists")
    answer = house.perform("iam:ListPolicies", Scope="Local")
    assert names(answer) == ["A", "b"]
    assert "Description" not in answer["Policies"][0]


def test_the_scope_of_aws_lists_none_of_the_accounts_own(house: IamHouse) -> None:
    create(house, "Administrator")
    assert "Administrator" not in names(house.perform("iam:ListPolicies", Scope="AWS", MaxItems=1000))


def test_all_pages_together_hold_every_policy_once(house: IamHouse) -> None:
    create(house)
    seen: list[str] = []
    marker: dict[str, str] = {}
    while True:
        answer = house.perform("iam:ListPolicies", MaxItems=700, **marker)
        seen += [policy["Arn"] for policy in answer["Policies"]]
        if not answer["IsTruncated"]:
            break
        marker = {"Marker": answer["Marker"]}
    assert len(set(seen)) == len(seen) > 1000
    assert {ARN, ADMINISTRATOR} <= set(seen)


def test_a_path_prefix_narrows_the_list(house: IamHouse) -> None:
    create(house, "a", Path="/division/")
    create(house, "b")
    assert names(house.perform("iam:ListPolicies", Scope="Local", PathPrefix="/div")) == ["a"]


def test_only_attached_leaves_the_used_ones(house: IamHouse) -> None:
    create(house)
    create(house, "idle")
    house.perform("iam:CreateUser", UserName="alice", PermissionsBoundary=ADMINISTRATOR)
    house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn=ARN)
    assert names(house.perform("iam:ListPolicies", OnlyAttached=True)) == ["AdministratorAccess", "reader"]


@pytest.mark.parametrize(
    ("usage", "found"), [("PermissionsPolicy", ["reader"]), ("PermissionsBoundary", ["AdministratorAccess"])]
)
def test_the_usage_filter_tells_attachments_from_boundaries(house: IamHouse, usage: str, found: list[str]) -> None:
    create(house)
    house.perform("iam:CreateUser", UserName="alice", PermissionsBoundary=ADMINISTRATOR)
    house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn=ARN)
    assert names(house.perform("iam:ListPolicies", OnlyAttached=True, PolicyUsageFilter=usage)) == found


def test_counts_are_counted(house: IamHouse) -> None:
    create(house)
    for name in ("alice", "bob"):
        house.perform("iam:CreateUser", UserName=name)
        house.perform("iam:AttachUserPolicy", UserName=name, PolicyArn=ARN)
    house.perform("iam:PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=ARN)
    policy = house.perform("iam:GetPolicy", PolicyArn=ARN)["Policy"]
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (2, 1)


def test_another_accounts_use_of_a_policy_of_aws_does_not_count(house: IamHouse) -> None:
    house.act_as_root(OTHER)
    house.perform("iam:CreateUser", UserName="alice")
    house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn=ADMINISTRATOR)
    house.act_as_root(ACCOUNT)
    assert house.perform("iam:GetPolicy", PolicyArn=ADMINISTRATOR)["Policy"]["AttachmentCount"] == 0


def test_a_deleted_policy_is_gone(house: IamHouse) -> None:
    create(house)
    house.perform("iam:DeletePolicy", PolicyArn=ARN)
    assert house.refused("iam:GetPolicy", PolicyArn=ARN).code == "NoSuchEntity"


def test_a_new_policy_of_an_old_name_has_an_id_of_its_own(house: IamHouse) -> None:
    first = create(house)
    house.perform("iam:DeletePolicy", PolicyArn=ARN)
    assert create(house)["PolicyId"] != first["PolicyId"]


@pytest.mark.parametrize("operation", ["iam:AttachUserPolicy", "iam:PutUserPermissionsBoundary"])
def test_a_policy_in_use_is_not_deleted(house: IamHouse, operation: str) -> None:
    create(house)
    house.perform("iam:CreateUser", UserName="alice")
    member = "PolicyArn" if operation == "iam:AttachUserPolicy" else "PermissionsBoundary"
    house.perform(operation, UserName="alice", **{member: ARN})
    refusal = house.refused("iam:DeletePolicy", PolicyArn=ARN)
    assert (refusal.code, refusal.message) == ("DeleteConflict", "Cannot delete a policy attached to entities.")


def test_a_policy_with_more_versions_is_not_deleted(house: IamHouse) -> None:
    create(house)
    house.perform("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=DOCUMENT)
    refusal = house.refused("iam:DeletePolicy", PolicyArn=ARN)
    assert refusal.code == "DeleteConflict"
    assert refusal.message == (
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
        " The default version is deleted with the policy."
    )


@pytest.mark.parametrize("operation", ["iam:DeletePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicyVersion"])
def test_nobody_changes_a_policy_of_aws(house: IamHouse, operation: str) -> None:
    more = {"iam:CreatePolicyVersion": {"PolicyDocument": DOCUMENT}, "iam:DeletePolicyVersion": {"VersionId": "v1"}}
    assert house.refused(operation, PolicyArn=ADMINISTRATOR, **more.get(operation, {})).code == "AccessDenied"
