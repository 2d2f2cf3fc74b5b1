"""The simulator in an organization: its policies count, and what is simulated is what happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.served import ACCOUNT, Client, allow, document
from tests.unit.organizations.org import ORGS, Org, begun

NO_USERS = json.dumps({"Statement": {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}})


@pytest.fixture
def org() -> Iterator[Org]:
    org = begun()
    yield org
    org.house.close()


def simulated(client: Client, arn: str, action: str, **inputs: Any) -> dict[str, Any]:
    answer = client("iam:SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=[action], **inputs)
    (result,) = answer["EvaluationResults"]
    return dict(result)


def test_the_policies_of_the_organization_hold_a_member_s_principal(org: Org) -> None:
    account = org.account("dev")
    made = org.admin(f"{ORGS}CreatePolicy", Name="no", Description="", Type="SERVICE_CONTROL_POLICY", Content=NO_USERS)[
        "Policy"
    ]["PolicySummary"]["Id"]
    inside = org.inside(account)
    inside("iam:CreateUser", UserName="free")
    inside("iam:PutUserPolicy", UserName="free", PolicyName="all", PolicyDocument=document(allow("*")))
    arn = f"arn:aws:iam::{account}:user/free"
    before = simulated(inside, arn, "iam:CreateUser")
    assert (before["EvalDecision"], before["OrganizationsDecisionDetail"]) == (
        "allowed",
        {"AllowedByOrganizations": True},
    )
    org.admin(f"{ORGS}AttachPolicy", PolicyId=made, TargetId=account)
    held = simulated(inside, arn, "iam:CreateUser")
    assert (held["EvalDecision"], held["MatchedStatements"]) == ("explicitDeny", [])
    assert held["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert inside.ask("iam:CreateUser", UserName="second").code == "AccessDenied"
    without = simulated(inside, arn, "iam:CreateUser", PolicyExclusionList=[{"PolicyType": "scp"}])
    assert without["EvalDecision"] == "allowed"
    assert "OrganizationsDecisionDetail" not in without


def test_the_organization_of_the_principal_and_of_its_resources_is_known(org: Org) -> None:
    org.house.user("alice")
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    ours = {"StringEquals": {"aws:PrincipalOrgID": org.id, "aws:ResourceOrgID": org.id}}
    given = document(allow("iam:GetUser", Condition=ours))
    known = simulated(org.admin, arn, "iam:GetUser", PolicyInputList=[given], ResourceArns=[arn])
    assert known["EvalDecision"] == "allowed"
    assert known["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    unnamed = simulated(org.admin, arn, "iam:GetUser", PolicyInputList=[given])
    assert unnamed["MissingContextValues"] == ["aws:ResourceOrgID"]


def test_a_simulation_of_given_policies_knows_nothing_of_the_organization(org: Org) -> None:
    answer = org.admin(
        "iam:SimulateCustomPolicy", PolicyInputList=[document(allow("*"))], ActionNames=["iam:CreateUser"]
    )
    (result,) = answer["EvaluationResults"]
    assert "OrganizationsDecisionDetail" not in result
