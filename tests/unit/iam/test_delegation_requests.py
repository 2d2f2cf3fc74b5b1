"""Delegation requests, role templates and account properties: the truth of an account that nobody delegates for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.iam_house import ACCOUNT, IamHouse

REQUEST = "0123456789abcdef"
BY_ID = {"DelegationRequestId": REQUEST}
ASKED = {
    "Description": "help",
    "Permissions": {"PolicyTemplateArn": "arn:aws:iam::aws:delegation-template/x"},
    "RequestorWorkflowId": "workflow",
    "NotificationChannel": f"arn:aws:sns:us-east-1:{ACCOUNT}:topic",
    "SessionDuration": 900,
}
TEMPLATE = "arn:aws:iam::aws:role-template/ec2.amazonaws.com/Template:1"


def test_nobody_is_a_partner(house: IamHouse) -> None:
    refusal = house.refused("iam:CreateDelegationRequest", **ASKED)
    assert refusal.code == "InvalidInput"
    assert ACCOUNT in refusal.message


@pytest.mark.parametrize(
    "operation",
    [
        "iam:GetDelegationRequest",
        "iam:AssociateDelegationRequest",
        "iam:AcceptDelegationRequest",
        "iam:RejectDelegationRequest",
        "iam:UpdateDelegationRequest",
        "iam:SendDelegationToken",
    ],
)
def test_there_is_no_request(house: IamHouse, operation: str) -> None:
    refusal = house.refused(operation, **BY_ID)
    assert (refusal.code, refusal.facts["id"]) == ("NoSuchEntity", REQUEST)


def test_none_is_listed_and_none_is_summarized(house: IamHouse) -> None:
    assert house.perform("iam:ListDelegationRequests") == {"DelegationRequests": [], "isTruncated": False}
    assert house.refused("iam:ListDelegationRequests", Marker="foreign").code == "ValidationError"
    arn = f"arn:aws:iam::{ACCOUNT}:delegation-request/{REQUEST}"
    assert house.refused("iam:GetHumanReadableSummary", EntityArn=arn).code == "NoSuchEntity"
    other = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert house.refused("iam:GetHumanReadableSummary", EntityArn=other).code == "InvalidInput"


@pytest.mark.parametrize("operation", ["iam:AcquireRole", "iam:GetRoleTemplateVersion"])
def test_there_is_no_template(house: IamHouse, operation: str) -> None:
    assert house.refused(operation, TemplateArn=TEMPLATE).code == "NoSuchEntity"
    assert house.refused(operation, TemplateArn=f"arn:aws:iam::{ACCOUNT}:role/x").code == "InvalidInput"


def test_a_property_is_off_until_it_is_put_on(house: IamHouse) -> None:
    def shown() -> dict[str, str]:
        return dict(house.perform("iam:GetAccountProperties")["Properties"])

    assert shown() == {"RoleManager/Enabled": "false"}
    for value in ("true", "false"):
        house.perform("iam:PutAccountProperties", Properties={"RoleManager/Enabled": value})
        assert shown() == {"RoleManager/Enabled": value}
    house.act_as_root("444455556666")
    assert shown() == {"RoleManager/Enabled": "false"}


@pytest.mark.parametrize(
    "properties",
    [
        {"RoleManager/Enabled": "True"},
        {"RoleManager/Colour": "true"},
        {"Colour": "true"},
        {"RoleManager/Enabled": "true", "Other/Enabled": "true"},
    ],
)
def test_what_is_no_property_is_refused_and_nothing_kept(house: IamHouse, properties: Any) -> None:
    assert house.refused("iam:PutAccountProperties", Properties=properties).code == "InvalidInput"
    assert house.perform("iam:GetAccountProperties")["Properties"] == {"RoleManager/Enabled": "false"}
