"""What a simulation asks permission for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.served import ACCOUNT, ServedHouse, allow, document

ASSUME = document(allow("sts:AssumeRole"))


@pytest.fixture
def house() -> Iterator[ServedHouse]:
    house = ServedHouse()
    yield house
    house.close()


def test_the_trust_policy_of_a_role_is_told_only_to_who_may_read_the_role(house: ServedHouse) -> None:
    role = house.role("builder")
    only = house.user("only", allow("iam:SimulateCustomPolicy"))
    both = house.user("both", allow("iam:SimulateCustomPolicy"), allow("iam:GetRole", on=role))
    inputs: dict[str, Any] = {"PolicyInputList": [ASSUME], "ActionNames": ["sts:AssumeRole"], "ResourceArns": [role]}
    refused = only.ask("iam:SimulateCustomPolicy", **inputs)
    assert refused.code == "AccessDenied"
    assert "iam:GetRole on resource: " + role in refused.message
    assert both("iam:SimulateCustomPolicy", **inputs)["EvaluationResults"][0]["EvalDecision"] == "allowed"
    given = {"ResourcePolicy": document(allow("sts:AssumeRole")), "CallerArn": f"arn:aws:iam::{ACCOUNT}:user/x"}
    assert only.ask("iam:SimulateCustomPolicy", **inputs, **given).code == "InvalidInput"  # it names nobody


def test_the_policies_of_a_principal_are_told_only_to_who_may_simulate_it(house: ServedHouse) -> None:
    house.user("alice", Tags=[{"Key": "team", "Value": "red"}])
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    inputs: dict[str, Any] = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject"]}
    of_bob = house.user("other", allow("iam:SimulatePrincipalPolicy", on=f"arn:aws:iam::{ACCOUNT}:user/bob"))
    assert of_bob.ask("iam:SimulatePrincipalPolicy", **inputs).code == "AccessDenied"
    tagged = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    of_red = house.user("reds", allow("iam:SimulatePrincipalPolicy", Condition=tagged))
    assert of_red("iam:SimulatePrincipalPolicy", **inputs)["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
    assert house.other_admin.ask("iam:SimulatePrincipalPolicy", **inputs).code == "AccessDenied"
