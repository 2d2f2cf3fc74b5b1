"""What calls of Organizations ask permission for: each thing that their ids name, by its ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.access_matrix import inputs, organized
from tests.served import ACCOUNT, ServedHouse, allow, document
from tests.unit.organizations.org import ORGS

from locum.aws.actions import action as facts_of
from locum.call import OPERATIONS

NAMED = {name: given for name, given in inputs().items() if name.startswith(ORGS)}


class Organized:
    """A house with an organization that has one of each, and an administrator who may do what a statement says."""

    def __init__(self) -> None:
        self.house = ServedHouse()
        self.named = organized(self.house)
        self.id = self.house.admin(f"{ORGS}DescribeOrganization")["Organization"]["Id"]
        self.user = self.house.user("user")

    def given(self, action: str) -> dict[str, Any]:
        """The inputs of the access matrix, with this house's ids."""
        return {
            key: self.named.get(value, value) if isinstance(value, str) else value
            for key, value in NAMED[action].items()
        }

    def arn(self, word: str) -> str:
        """The ARN of what the inputs call `word`."""
        id = self.named[word]
        what = {"r-": "root", "ou": "ou", "p-": "policy"}.get(id[:2], "account")
        return f"arn:aws:organizations::{ACCOUNT}:{what}/{self.id}/" + (
            f"service_control_policy/{id}" if what == "policy" else id
        )

    def may(self, action: str, *arns: str, **condition: Any) -> str:
        """The code that a user is answered who may do this on these resources alone."""
        statement = allow(action, on=list(arns), **condition)
        self.house.admin("iam:PutUserPolicy", UserName="user", PolicyName="p", PolicyDocument=document(statement))
        return self.user.ask(action, **self.given(action)).code


@pytest.fixture(scope="module")
def org() -> Iterator[Organized]:
    found = Organized()
    yield found
    found.house.close()


@pytest.mark.parametrize("action", sorted(NAMED))
def test_an_arn_is_asked_about_wherever_the_inputs_name_a_thing(org: Organized, action: str) -> None:
    words = [value for value in NAMED[action].values() if isinstance(value, str) and value in org.named]
    words = [word for word in words if word != "<request>"]
    assert bool(words) <= bool(facts_of(*action.split(":")).resources)
    call_arns = [org.arn(word) for word in words] or ["*"]
    others = f"arn:aws:organizations::{ACCOUNT}:*/{org.id}/none"
    assert org.may(action, others) == "AccessDeniedException"
    for left in range(len(call_arns)):
        some = [arn for at, arn in enumerate(call_arns) if at != left] or [others]
        assert org.may(action, *some) == "AccessDeniedException"
    reads = not OPERATIONS[action].writes
    assert not reads or org.may(action, *call_arns) == ""


def test_the_type_of_a_policy_is_a_condition_key(org: Organized) -> None:
    for type, code in (("SERVICE_CONTROL_POLICY", ""), ("RESOURCE_CONTROL_POLICY", "AccessDeniedException")):
        condition = {"Condition": {"StringEquals": {"organizations:PolicyType": type}}}
        assert org.may(f"{ORGS}DescribePolicy", "*", **condition) == code
        assert org.may(f"{ORGS}ListPolicies", "*", **condition) == code


def test_tags_of_the_resource_and_of_the_request_are_condition_keys(org: Organized) -> None:
    org.house.admin(f"{ORGS}TagResource", ResourceId=org.named["<unit>"], Tags=[{"Key": "team", "Value": "red"}])
    for value, code in (("red", ""), ("blue", "AccessDeniedException")):
        condition = {"Condition": {"StringEquals": {"aws:ResourceTag/team": value}}}
        assert org.may(f"{ORGS}DescribeOrganizationalUnit", "*", **condition) == code
    for key, code in (("k", ""), ("other", "AccessDeniedException")):
        condition = {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": key}}}
        assert org.may(f"{ORGS}TagResource", "*", **condition) == code
