"""A boto3 program asks the simulator before it acts, and what it then does agrees."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import Key, boto
from tests.journeys.documents import allow, policy


def test_what_is_simulated_is_what_happens(locum):
    iam = boto("iam", locum.url)
    arn = iam.create_user(UserName="careful")["User"]["Arn"]
    iam.put_user_policy(UserName="careful", PolicyName="some", PolicyDocument=policy(allow("iam:ListUsers")))
    careful = boto("iam", locum.url, Key.of(iam.create_access_key(UserName="careful")["AccessKey"]))
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=arn,
        ActionNames=["iam:ListUsers", "iam:ListRoles", "iam:ListGroups"],
        PaginationConfig={"PageSize": 2},
    )
    said = {one["EvalActionName"]: one["EvalDecision"] for page in pages for one in page["EvaluationResults"]}
    assert said == {"iam:ListUsers": "allowed", "iam:ListRoles": "implicitDeny", "iam:ListGroups": "implicitDeny"}
    careful.list_users()
    for refused in (careful.list_roles, careful.list_groups):
        with pytest.raises(ClientError, match="is not authorized to perform"):
            refused()


def test_the_keys_that_policies_ask_for_are_those_to_supply(locum):
    iam = boto("iam", locum.url)
    document = policy(allow("s3:GetObject") | {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}})
    (name,) = iam.get_context_keys_for_custom_policy(PolicyInputList=[document])["ContextKeyNames"]
    inputs = {"PolicyInputList": [document], "ActionNames": ["s3:GetObject"]}
    (without,) = iam.simulate_custom_policy(**inputs)["EvaluationResults"]
    assert (without["EvalDecision"], without["MissingContextValues"]) == ("implicitDeny", [name])
    entry = {"ContextKeyName": name, "ContextKeyValues": ["203.0.113.7"], "ContextKeyType": "ip"}
    (with_it,) = iam.simulate_custom_policy(**inputs, ContextEntries=[entry])["EvaluationResults"]
    assert with_it["EvalDecision"] == "allowed"
    assert with_it["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1"
