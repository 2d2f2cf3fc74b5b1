"""A boto3 program builds an organization, and what it forbids there is forbidden with the next call."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import Key, boto
from tests.journeys.documents import deny, policy


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    """The error code of a refused call."""
    return refused.value.response["Error"]["Code"]


def test_an_account_is_made_moved_held_and_let_go(locum):
    organizations = boto("organizations", locum.url)
    with pytest.raises(organizations.exceptions.AWSOrganizationsNotInUseException):
        organizations.describe_organization()
    organizations.create_organization()
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    unit = organizations.create_organizational_unit(ParentId=root, Name="sandbox")["OrganizationalUnit"]["Id"]
    request = organizations.create_account(Email="dev@example.com", AccountName="dev")["CreateAccountStatus"]
    status = organizations.describe_create_account_status(CreateAccountRequestId=request["Id"])["CreateAccountStatus"]
    account = status["AccountId"]
    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    made = organizations.create_policy(
        Name="no-users", Description="", Type="SERVICE_CONTROL_POLICY", Content=policy(deny("iam:CreateUser"))
    )["Policy"]["PolicySummary"]
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    inside = Key.of(boto("sts", locum.url).assume_role(RoleArn=role, RoleSessionName="us")["Credentials"])
    iam = boto("iam", locum.url, inside)

    iam.create_user(UserName="before")
    organizations.attach_policy(PolicyId=made["Id"], TargetId=unit)
    with pytest.raises(ClientError) as held:
        iam.create_user(UserName="during")
    organizations.detach_policy(PolicyId=made["Id"], TargetId=unit)
    iam.create_user(UserName="after")

    assert code_of(held) == "AccessDenied"
    assert "service control policy" in held.value.response["Error"]["Message"]
    listed = organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 1})
    assert account in [one["Id"] for page in listed for one in page["Accounts"]]


def test_what_is_refused_is_an_exception_of_the_client(locum):
    organizations = boto("organizations", locum.url, Key("AKIAIOSFODNN7EXAMPLE", "s" * 40))
    with pytest.raises(ClientError) as unknown:
        organizations.list_roots()
    assert code_of(unknown) == "UnrecognizedClientException"
