"""The policy simulator: what it answers, shows and refuses. The answers of AWS that are cited were published by others
in September 2026."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.iam_house import ACCOUNT, OTHER, IamHouse

from locum.iam import simulate

USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/builder"
OBJECT = "arn:aws:s3:::bucket/a"


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


READ = policy(allow("s3:GetObject"))


@pytest.fixture
def house() -> Iterator[IamHouse]:
    house = IamHouse()
    yield house
    house.close()


def custom(house: IamHouse, *policies: str, action: str = "s3:GetObject", **inputs: Any) -> Any:
    """The one result of a simulation of given policies."""
    answer = house.perform("iam:SimulateCustomPolicy", PolicyInputList=list(policies), ActionNames=[action], **inputs)
    (result,) = answer["EvaluationResults"]
    return result


def refused(house: IamHouse, **inputs: Any) -> str:
    """The sentence of an InvalidInput."""
    given = {"PolicyInputList": [READ], "ActionNames": ["s3:GetObject"]} | inputs
    refusal = house.refused("iam:SimulateCustomPolicy", **given)
    assert refusal.code == "InvalidInput"
    return refusal.message


def entry(name: str, *values: str, kind: str = "string") -> dict[str, Any]:
    return {"ContextKeyName": name, "ContextKeyValues": list(values), "ContextKeyType": kind}


# ---- what is answered, field by field


def test_an_answer_about_no_resource_is_what_aws_answers(house: IamHouse) -> None:
    assert custom(house, READ) == {
        "EvalActionName": "s3:GetObject",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 1, "Column": 38},
                "EndPosition": {"Line": 1, "Column": 95},
            }
        ],
        "MissingContextValues": [],
    }


def test_each_resource_has_a_result_of_its_own_and_the_strictest_is_the_whole_s(house: IamHouse) -> None:
    result = custom(house, policy(allow("s3:GetObject", OBJECT)), ResourceArns=[OBJECT, "arn:aws:s3:::bucket/b"])
    assert result["EvalDecision"] == "implicitDeny"
    assert len(result["MatchedStatements"]) == 1
    assert result["EvalDecisionDetails"] == {}
    one, other = result["ResourceSpecificResults"]
    assert one["EvalResourceDecision"] == "allowed"
    assert one["MatchedStatements"] == result["MatchedStatements"]
    assert other == {"EvalResourceName": "arn:aws:s3:::bucket/b", "EvalResourceDecision": "implicitDeny"}


def test_several_resources_are_named_by_the_form_of_their_arns_and_one_by_itself(house: IamHouse) -> None:
    assert custom(house, READ, ResourceArns=[OBJECT])["EvalResourceName"] == OBJECT
    several = custom(house, READ, ResourceArns=[OBJECT, OBJECT])
    assert several["EvalResourceName"] == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
    assert len(several["ResourceSpecificResults"]) == 2
    unknown = custom(house, READ, action="madeup:Action", ResourceArns=[OBJECT, OBJECT])
    assert unknown["EvalResourceName"] == "*"


def test_a_deny_is_shown_and_no_allow_beside_it(house: IamHouse) -> None:
    result = custom(house, READ, policy(deny("s3:*"), allow("s3:*")))
    assert result["EvalDecision"] == "explicitDeny"
    assert [row["SourcePolicyId"] for row in result["MatchedStatements"]] == ["PolicyInputList.2"]


def test_every_allow_that_applies_is_shown(house: IamHouse) -> None:
    result = custom(house, READ, policy(allow("s3:*"), allow("ec2:*"), allow("*")))
    assert [row["SourcePolicyId"] for row in result["MatchedStatements"]] == [
        "PolicyInputList.1",
        "PolicyInputList.2",
        "PolicyInputList.2",
    ]


def test_no_policies_allow_nothing(house: IamHouse) -> None:
    assert custom(house)["EvalDecision"] == "implicitDeny"


# ---- context


def test_a_key_that_kept_a_statement_from_applying_is_named_as_the_policy_spells_it(house: IamHouse) -> None:
    when = {"StringEquals": {"aws:PrincipalTag/Team": "x"}}
    document = policy(allow("s3:GetObject", Condition=when), allow("ec2:*", Condition={"Bool": {"x:other": "true"}}))
    assert custom(house, document)["MissingContextValues"] == ["aws:PrincipalTag/Team"]
    result = custom(house, document, ResourceArns=[OBJECT])
    assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:PrincipalTag/Team"]
    there = custom(house, document, ContextEntries=[entry("aws:principaltag/team", "x")])
    assert (there["EvalDecision"], there["MissingContextValues"]) == ("allowed", [])


@pytest.mark.parametrize(
    ("operator", "missing"),
    [
        ("StringEquals", True),
        ("ForAnyValue:StringEquals", True),
        ("StringNotEquals", False),
        ("StringEqualsIfExists", False),
        ("ForAllValues:StringEquals", False),
    ],
)
def test_a_key_is_missing_where_its_absence_counts(house: IamHouse, operator: str, missing: bool) -> None:
    result = custom(house, policy(allow("s3:GetObject", Condition={operator: {"stack:missing": "yes"}})))
    assert result["MissingContextValues"] == (["stack:missing"] if missing else [])
    assert result["EvalDecision"] == ("implicitDeny" if missing else "allowed")


def test_the_key_of_a_variable_in_a_resource_is_missing_too(house: IamHouse) -> None:
    document = policy(allow("s3:GetObject", "arn:aws:s3:::bucket/${aws:username}"))
    result = custom(house, document, ResourceArns=[OBJECT])
    assert result["MissingContextValues"] == ["aws:username"]
    named = custom(house, document, ResourceArns=["arn:aws:s3:::bucket/alice"], CallerArn=USER)
    assert named["EvalDecision"] == "allowed"


def test_a_list_is_several_values_and_a_boolean_is_true_or_false(house: IamHouse) -> None:
    any_of = policy(allow("s3:GetObject", Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": "b"}}))
    tags = entry("aws:TagKeys", "a", "b", kind="stringList")
    assert custom(house, any_of, ContextEntries=[tags])["EvalDecision"] == "allowed"
    with_mfa = policy(allow("s3:GetObject", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    for said, decision in (("TRUE", "allowed"), ("yes", "implicitDeny")):
        given = [entry("aws:MultiFactorAuthPresent", said, kind="boolean")]
        assert custom(house, with_mfa, ContextEntries=given)["EvalDecision"] == decision


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (entry("stack:key", kind="string"), "Context values for context key stack:key cannot be null or empty."),
        ({"ContextKeyName": "stack:key", "ContextKeyValues": ["a"]}, "Context key stack:key has invalid type null."),
        ({"ContextKeyValues": ["a"], "ContextKeyType": "string"}, "ContextKeyName cannot be null or empty."),
        (entry("stack:key", "a", "b"), "Context key string expected a single value, but received 2."),
        (
            entry("stack:key", "0x10", kind="numeric"),
            "Invalid context value for key stack:key: expected numeric format.",
        ),
        (
            entry("stack:key", "2035", "tomorrow", kind="dateList"),
            "Invalid context value for key stack:key: expected DateTime format.",
        ),
        (entry("stack:key", "999.0.0.1", kind="ip"), "Invalid context value for key stack:key: expected IP address."),
        (
            entry("stack:key", "!base64", kind="binary"),
            "Invalid context value for key stack:key: expected base-64 encoded binary format.",
        ),
    ],
)
def test_a_context_entry_that_is_none_is_refused_in_aws_s_words(
    house: IamHouse, given: dict[str, Any], sentence: str
) -> None:
    assert refused(house, ContextEntries=[given]) == sentence


def test_a_context_key_is_supplied_once_whatever_its_case(house: IamHouse) -> None:
    twice = [entry("stack:test", "a"), entry("STACK:TEST", "b")]
    assert refused(house, ContextEntries=twice) == "Duplicate context key: STACK:TEST."


def test_an_entry_without_anything_is_no_entry(house: IamHouse) -> None:
    assert custom(house, READ, ContextEntries=[{}])["EvalDecision"] == "allowed"


# ---- boundaries, organizations, resource policies


def test_a_boundary_limits_and_says_so_for_each_resource(house: IamHouse) -> None:
    within = custom(house, READ, PermissionsBoundaryPolicyInputList=[READ], ResourceArns=[OBJECT])
    assert within["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    assert [row["SourcePolicyId"] for row in within["MatchedStatements"]] == ["PolicyInputList.1"]
    beyond = custom(
        house, READ, PermissionsBoundaryPolicyInputList=[policy(allow("s3:PutObject"))], ResourceArns=[OBJECT]
    )
    assert (beyond["EvalDecision"], beyond["MatchedStatements"]) == ("implicitDeny", [])
    assert beyond["ResourceSpecificResults"][0]["PermissionsBoundaryDecisionDetail"] == {
        "AllowedByPermissionsBoundary": False
    }


def test_a_deny_of_a_boundary_is_shown(house: IamHouse) -> None:
    result = custom(house, READ, PermissionsBoundaryPolicyInputList=[policy(deny("s3:GetObject"))])
    (row,) = result["MatchedStatements"]
    assert row["SourcePolicyId"] == "PermissionsBoundaryPolicyInputList.1"
    assert row["SourcePolicyType"] == "Permissions Boundary Policy"


@pytest.mark.parametrize(
    ("levels", "decision"),
    [
        ([[policy(allow("*"))], [policy(allow("*"))]], "allowed"),
        ([[policy(allow("*"))], [policy(deny("s3:GetObject"))]], "explicitDeny"),
        ([[policy(allow("*"))], [policy(allow("s3:PutObject"))]], "implicitDeny"),
        ([[policy(deny("s3:GetObject")), policy(allow("*"))]], "explicitDeny"),
    ],
)
def test_service_control_policies_limit_level_by_level_and_are_not_shown(
    house: IamHouse, levels: list[list[str]], decision: str
) -> None:
    given = [{"ServiceControlPolicyInputList": level} for level in levels]
    result = custom(house, READ, OrderedOrganizationPolicyInputList=given)
    allowed = decision == "allowed"
    assert result["EvalDecision"] == decision
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allowed}
    assert bool(result["MatchedStatements"]) is allowed
    assert result["MissingContextValues"] == []


def bucket_policy(principal: Any, **more: Any) -> str:
    return policy({**allow("s3:GetObject", "arn:aws:s3:::bucket/*"), "Principal": principal, **more})


def test_a_resource_policy_that_names_the_caller_is_enough_in_one_account(house: IamHouse) -> None:
    result = custom(house, ResourceArns=[OBJECT], ResourcePolicy=bucket_policy({"AWS": USER}), CallerArn=USER)
    assert result["EvalDecision"] == "allowed"
    (row,) = result["MatchedStatements"]
    assert (row["SourcePolicyId"], row["SourcePolicyType"]) == ("ResourcePolicy", "Resource Policy")


def test_across_accounts_each_kind_of_policy_is_told(house: IamHouse) -> None:
    inputs: dict[str, Any] = {
        "ResourceArns": [OBJECT],
        "ResourcePolicy": bucket_policy("*"),
        "CallerArn": USER,
        "ResourceOwner": f"arn:aws:iam::{OTHER}:root",
    }
    alone = custom(house, **inputs)
    assert alone["EvalDecision"] == "implicitDeny"
    told = {"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}
    assert alone["EvalDecisionDetails"] == told
    assert alone["ResourceSpecificResults"][0]["EvalDecisionDetails"] == told
    bounded = custom(house, READ, PermissionsBoundaryPolicyInputList=[READ], **inputs)
    assert bounded["EvalDecision"] == "allowed"
    assert bounded["EvalDecisionDetails"]["Permissions Boundary Policy"] == "allowed"


def test_the_policy_of_a_key_must_grant(house: IamHouse) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    of_bob = policy({**allow("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}})
    inputs: dict[str, Any] = {"action": "kms:Decrypt", "ResourceArns": [key], "CallerArn": USER}
    assert custom(house, policy(allow("*")), ResourcePolicy=of_bob, **inputs)["EvalDecision"] == "implicitDeny"
    assert custom(house, policy(allow("*")), **inputs)["EvalDecision"] == "allowed"


# ---- what is refused


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"ActionNames": ["GetObject"]}, "The action is invalid since it is missing names"),
        ({"ResourceArns": ["not-an-arn"]}, "ResourceNames are not in a valid ARN format: not-an-arn."),
        ({"ResourceArns": [OBJECT, "*"]}, "ResourceNames are not in a valid ARN format: *."),
        ({"PolicyInputList": [READ, "{"]}, "Policy input list item 2 has invalid content"),
        (
            {"PermissionsBoundaryPolicyInputList": [READ, READ]},
            "The list of Permissions Boundary policies cannot exceed 1 items.",
        ),
        (
            {"OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": []}]},
            "Organization policy at index 1 must contain at least one service control policy",
        ),
        ({"ResourceOwner": ACCOUNT}, f"'{ACCOUNT}' is not a valid as a Resource Owner."),
        (
            {"CallerArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/x"},
            "Invalid caller - Caller must be an IAM user, role or group in this context.",
        ),
        (
            {"ResourcePolicy": bucket_policy("*"), "ResourceArns": [OBJECT]},
            "Invalid caller - Caller cannot be null or empty.",
        ),
        (
            {"ResourcePolicy": bucket_policy("*"), "CallerArn": USER},
            "Invalid Entity Arn: * does not clearly define entity type and name.",
        ),
        ({"Marker": "not-a-marker"}, "Invalid marker for pagination."),
        (
            {"ResourceHandlingOption": "EC2-VPC-EBS", "ResourceArns": [OBJECT]},
            "Invalid input resource handling options. Action does not support resource handling options: s3:GetObject.",
        ),
    ],
)
def test_what_is_no_simulation_is_refused_in_aws_s_words(
    house: IamHouse, inputs: dict[str, Any], sentence: str
) -> None:
    assert refused(house, **inputs) == sentence


def test_a_resource_policy_that_is_none_is_refused_with_what_is_wrong(house: IamHouse) -> None:
    sentence = refused(house, ResourcePolicy=READ, ResourceArns=[OBJECT], CallerArn=USER)
    assert sentence.startswith("ResourcePolicy has invalid content: line 1, column ")


def test_a_handling_option_of_its_action_alters_nothing(house: IamHouse) -> None:
    result = custom(
        house,
        policy(allow("*")),
        action="ec2:RunInstances",
        ResourceHandlingOption="EC2-VPC-EBS-Subnet",
        ResourceArns=[f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*"],
    )
    assert result["EvalDecision"] == "allowed"


# ---- pages


def test_a_page_holds_whole_actions_in_the_order_they_were_asked_for(house: IamHouse) -> None:
    inputs: dict[str, Any] = {
        "PolicyInputList": [READ],
        "ActionNames": ["s3:PutObject", "s3:GetObject", "s3:PutObject"],
    }
    found, marker = [], None
    for _ in range(3):
        more = {} if marker is None else {"Marker": marker}
        page = house.perform("iam:SimulateCustomPolicy", MaxItems=1, **inputs, **more)
        found += [one["EvalActionName"] for one in page["EvaluationResults"]]
        marker = page.get("Marker")
    assert found == inputs["ActionNames"]
    assert marker is None


def test_a_page_is_shorter_when_it_would_be_too_much_work(house: IamHouse) -> None:
    resources = [f"arn:aws:s3:::bucket/{number}" for number in range(simulate.WORK // 50)]
    inputs: dict[str, Any] = {"ActionNames": ["s3:PutObject"] * 5, "ResourceArns": resources}
    page = house.perform("iam:SimulateCustomPolicy", PolicyInputList=[policy(*[allow("s3:Get*")] * 19)], **inputs)
    assert len(page["EvaluationResults"]) == 2
    assert page["IsTruncated"]
    refusal = house.refused("iam:SimulateCustomPolicy", PolicyInputList=[policy(*[allow("s3:Get*")] * 50)], **inputs)
    assert refusal.message == "51000 statements times resources; 50000 for one action would be right"


def test_a_page_is_shorter_when_too_much_would_be_shown(house: IamHouse) -> None:
    resources = [f"arn:aws:s3:::bucket/{number}" for number in range(simulate.ROWS // 20)]
    inputs: dict[str, Any] = {"ActionNames": ["s3:GetObject"] * 3, "ResourceArns": resources}
    page = house.perform("iam:SimulateCustomPolicy", PolicyInputList=[policy(*[allow("*")] * 15)], **inputs)
    assert len(page["EvaluationResults"]) == 1
    assert page["IsTruncated"]
    rest = house.perform(
        "iam:SimulateCustomPolicy", PolicyInputList=[policy(allow("*"))], Marker=page["Marker"], **inputs
    )
    assert (len(rest["EvaluationResults"]), rest["IsTruncated"]) == (2, False)
    refusal = house.refused("iam:SimulateCustomPolicy", PolicyInputList=[policy(*[allow("*")] * 21)], **inputs)
    assert refusal.message == "10500 matched statements; 10000 for one action would be right"


# ---- principals


@pytest.fixture
def stocked(house: IamHouse) -> IamHouse:
    """Alice with an inline policy, a group's and a managed one; the role builder that trusts only her."""
    house.perform("iam:CreateUser", UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    house.perform(
        "iam:PutUserPolicy", UserName="alice", PolicyName="own", PolicyDocument=policy(allow("s3:GetObject", OBJECT))
    )
    house.perform("iam:CreateGroup", GroupName="devs")
    house.perform(
        "iam:PutGroupPolicy", GroupName="devs", PolicyName="theirs", PolicyDocument=policy(allow("s3:PutObject"))
    )
    house.perform("iam:AddUserToGroup", GroupName="devs", UserName="alice")
    house.perform("iam:AttachUserPolicy", UserName="alice", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    trust = policy({"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"})
    house.perform("iam:CreateRole", RoleName="builder", AssumeRolePolicyDocument=trust)
    house.perform("iam:PutRolePolicy", RoleName="builder", PolicyName="own", PolicyDocument=policy(allow("ec2:*")))
    return house


def principal(house: IamHouse, action: str, arn: str = USER, **inputs: Any) -> Any:
    answer = house.perform("iam:SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=[action], **inputs)
    (result,) = answer["EvaluationResults"]
    return result


@pytest.mark.parametrize(
    ("action", "id"),
    [
        ("s3:GetObject", "user_alice_own"),
        ("s3:PutObject", "group_devs_theirs"),
        ("iam:ListUsers", "IAMReadOnlyAccess"),
    ],
)
def test_the_policies_of_a_user_are_its_own_its_groups_and_the_attached_ones(
    stocked: IamHouse, action: str, id: str
) -> None:
    result = principal(stocked, action, ResourceArns=[OBJECT])
    assert result["EvalDecision"] == "allowed"
    assert [row["SourcePolicyId"] for row in result["MatchedStatements"]] == [id]


def test_a_group_has_its_own_policies_and_a_role_its(stocked: IamHouse) -> None:
    group = f"arn:aws:iam::{ACCOUNT}:group/devs"
    assert principal(stocked, "s3:PutObject", group)["EvalDecision"] == "allowed"
    assert principal(stocked, "s3:GetObject", group)["EvalDecision"] == "implicitDeny"
    assert principal(stocked, "ec2:RunInstances", ROLE)["MatchedStatements"][0]["SourcePolicyId"] == "role_builder_own"


def test_policies_that_are_given_come_on_top(stocked: IamHouse) -> None:
    assert principal(stocked, "s3:GetObject", PolicyInputList=[READ])["EvalDecision"] == "allowed"


def test_the_stored_boundary_counts_and_one_that_is_given_takes_its_place(stocked: IamHouse) -> None:
    stocked.perform(
        "iam:PutUserPermissionsBoundary",
        UserName="alice",
        PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess",
    )
    assert principal(stocked, "s3:PutObject")["EvalDecision"] == "implicitDeny"
    instead = principal(stocked, "s3:PutObject", PermissionsBoundaryPolicyInputList=[policy(allow("s3:*"))])
    assert instead["EvalDecision"] == "allowed"
    without = principal(stocked, "s3:PutObject", PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    assert without["EvalDecision"] == "allowed"
    assert "PermissionsBoundaryDecisionDetail" not in without


@pytest.mark.parametrize(
    ("action", "exclusion"),
    [
        ("iam:ListUsers", {"PolicyType": "aws-managed"}),
        ("iam:ListUsers", {"PolicyArn": "arn:aws:iam::aws:policy/IAMRead*"}),
        ("s3:PutObject", {"PolicyType": "inline"}),
        (
            "s3:PutObject",
            {
                "InlinePolicyIdentifier": {
                    "PolicyName": "theirs",
                    "AttachmentType": "group",
                    "AttachmentName": "devs",
                }
            },
        ),
    ],
)
def test_an_excluded_policy_does_not_count_and_another_does(
    stocked: IamHouse, action: str, exclusion: dict[str, Any]
) -> None:
    assert principal(stocked, action)["EvalDecision"] == "allowed"
    assert principal(stocked, action, PolicyExclusionList=[exclusion])["EvalDecision"] == "implicitDeny"
    other = [{"PolicyType": "user-managed"}, {"PolicyType": "scp"}]
    assert principal(stocked, action, PolicyExclusionList=other)["EvalDecision"] == "allowed"


def test_the_keys_of_a_principal_are_there_without_being_supplied_and_give_way_to_those_that_are(
    stocked: IamHouse,
) -> None:
    red = {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:username": "alice"}}
    given = policy(allow("sqs:SendMessage", Condition=red))
    assert principal(stocked, "sqs:SendMessage", PolicyInputList=[given])["EvalDecision"] == "allowed"
    blue = principal(
        stocked, "sqs:SendMessage", PolicyInputList=[given], ContextEntries=[entry("aws:PrincipalTag/TEAM", "blue")]
    )
    assert blue["EvalDecision"] == "implicitDeny"


def test_a_simulation_of_given_policies_reads_nothing_about_its_caller(stocked: IamHouse) -> None:
    red = policy(allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}))
    assert custom(stocked, red, CallerArn=USER)["MissingContextValues"] == ["aws:PrincipalTag/team"]


def test_somebody_else_may_call_with_these_policies(stocked: IamHouse) -> None:
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    given = policy(allow("sqs:*", Condition={"StringEquals": {"aws:username": "bob"}}))
    result = principal(stocked, "sqs:SendMessage", PolicyInputList=[given], CallerArn=bob)
    assert result["EvalDecision"] == "allowed"


@pytest.mark.parametrize(
    ("arn", "code", "sentence"),
    [
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/x",
            "InvalidInput",
            f"Invalid Entity Arn: arn:aws:sts::{ACCOUNT}:assumed-role/builder/x does not clearly define entity type and"
            " name.",
        ),
        (f"arn:aws:iam::{ACCOUNT}:user/nobody", "NoSuchEntity", "The user with name nobody cannot be found."),
        (f"arn:aws:iam::{ACCOUNT}:user/elsewhere/alice", "NoSuchEntity", "The user with name alice cannot be found."),
        (f"arn:aws:iam::{OTHER}:user/alice", "NoSuchEntity", "The user with name alice cannot be found."),
    ],
)
def test_an_arn_that_is_no_principal_of_the_account_is_refused(
    stocked: IamHouse, arn: str, code: str, sentence: str
) -> None:
    refusal = stocked.refused("iam:SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=["s3:GetObject"])
    assert (refusal.code, refusal.message) == (code, sentence)


# ---- roles that are to be assumed

ASSUME = policy(allow("sts:AssumeRole"))


def test_the_trust_policy_of_a_stored_role_must_allow(stocked: IamHouse) -> None:
    trusted = principal(stocked, "sts:AssumeRole", ResourceArns=[ROLE])
    assert trusted["EvalDecision"] == "allowed"
    assert [row["SourcePolicyId"] for row in trusted["MatchedStatements"]] == ["AssumeRolePolicyDocument"]
    stranger = custom(
        stocked,
        ASSUME,
        action="sts:AssumeRole",
        ResourceArns=[ROLE],
        CallerArn=f"arn:aws:iam::{ACCOUNT}:user/bob",
    )
    assert stranger["EvalDecision"] == "implicitDeny"


def test_a_trust_policy_that_is_given_counts_instead(stocked: IamHouse) -> None:
    trust = policy({"Effect": "Deny", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"})
    result = principal(stocked, "sts:AssumeRole", PolicyInputList=[ASSUME], ResourceArns=[ROLE], ResourcePolicy=trust)
    assert result["EvalDecision"] == "explicitDeny"
    assert [row["SourcePolicyId"] for row in result["MatchedStatements"]] == ["ResourcePolicy"]


@pytest.mark.parametrize("resources", [[], [f"arn:aws:iam::{OTHER}:role/theirs"], [f"arn:aws:iam::{ACCOUNT}:role/no"]])
def test_where_nobody_knows_the_trust_policy_the_caller_s_side_decides(stocked: IamHouse, resources: list[str]) -> None:
    given = {"ResourceArns": resources} if resources else {}
    allowed = custom(stocked, ASSUME, action="sts:AssumeRole", CallerArn=USER, **given)
    assert allowed["EvalDecision"] == "allowed"
    assert [row["SourcePolicyId"] for row in allowed["MatchedStatements"]] == ["PolicyInputList.1"]
    assert custom(stocked, READ, action="sts:AssumeRole", CallerArn=USER, **given)["EvalDecision"] == "implicitDeny"


# ---- context keys


def test_the_context_keys_of_given_policies_are_those_of_conditions_and_variables(house: IamHouse) -> None:
    document = policy(
        allow("s3:*", "arn:aws:s3:::${aws:username}/*", Condition={"StringLike": {"s3:prefix": "${aws:userid}/*"}}),
        deny("*", Condition={"Bool": {"AWS:SecureTransport": "false"}}),
    )
    again = policy(allow("*", Condition={"Bool": {"aws:securetransport": "true"}}))
    answer = house.perform("iam:GetContextKeysForCustomPolicy", PolicyInputList=[document, again])
    assert sorted(answer["ContextKeyNames"]) == ["AWS:SecureTransport", "aws:userid", "aws:username", "s3:prefix"]


def test_the_context_keys_of_a_user_are_those_of_its_groups_and_of_what_is_given_too(stocked: IamHouse) -> None:
    keyed = policy(allow("s3:*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))
    stocked.perform("iam:PutGroupPolicy", GroupName="devs", PolicyName="more", PolicyDocument=keyed)
    given = policy(allow("s3:*", Condition={"StringEquals": {"aws:SourceIp": "10.0.0.1"}}))
    answer = stocked.perform("iam:GetContextKeysForPrincipalPolicy", PolicySourceArn=USER, PolicyInputList=[given])
    assert answer["ContextKeyNames"] == ["aws:SourceVpc", "aws:SourceIp"]
