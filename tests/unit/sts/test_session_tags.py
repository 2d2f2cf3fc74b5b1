"""Session tags and source identity: who may pass them, what they do, and how far down a chain they go (semantics 8)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.served import ACCOUNT, Client, ServedHouse, allow, trusting

ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def tags(**values: str) -> list[dict[str, str]]:
    """Tags as a call passes them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def open_role(served: ServedHouse, name: str, *statements: dict[str, Any], **inputs: Any) -> str:
    """A role that its whole account may assume with tags and source identity."""
    return served.role(name, *statements, trust=[trusting(ACCOUNT, actions=ALL)], **inputs)


def tagged(key: str, value: str) -> dict[str, Any]:
    """A statement that allows iam:ListUsers to whoever has this tag."""
    return allow("iam:ListUsers", Condition={"StringEquals": {f"aws:PrincipalTag/{key}": value}})


def may(client: Client) -> bool:
    """Whether the tagged statement holds for this client."""
    return client.ask("iam:ListUsers").status == 200


def test_a_session_tag_is_a_principal_tag(served: ServedHouse) -> None:
    role = open_role(served, "builder", tagged("team", "red"))
    assert may(served.admin.assume(role, Tags=tags(team="red")))
    assert not may(served.admin.assume(role, Tags=tags(team="blue")))
    assert not may(served.admin.assume(role))


def test_a_session_tag_beats_the_role_s_in_any_case(served: ServedHouse) -> None:
    role = open_role(served, "builder", tagged("team", "red"), Tags=tags(Team="red"))
    assert may(served.admin.assume(role))
    assert not may(served.admin.assume(role, Tags=tags(TEAM="blue")))


def test_a_tag_key_that_only_looks_alike_takes_no_tag_of_the_role_away(served: ServedHouse) -> None:
    """U+212A is a Kelvin sign and no `k` (rule H17): a Deny on the role's tag must go on holding."""
    condition = {"StringEquals": {"aws:PrincipalTag/kind": "limited"}}
    role = open_role(
        served,
        "builder",
        allow("*"),
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition},
        Tags=tags(kind="limited"),
    )
    assert not may(served.admin.assume(role))
    assert not may(served.admin.assume(role, Tags=[{"Key": "\u212aind", "Value": "free"}]))


def test_passing_tags_needs_tag_session_on_both_sides(served: ServedHouse) -> None:
    """Trust in the account: the caller's policies and the trust policy must both allow sts:TagSession."""
    closed = served.role("closed")
    answer = served.admin.ask("sts:AssumeRole", RoleArn=closed, RoleSessionName="xx", Tags=tags(a="b"))
    assert answer.message.endswith(f"is not authorized to perform: sts:TagSession on resource: {closed}")
    alice = served.user("alice", allow("sts:AssumeRole"))
    role = open_role(served, "builder")
    assert alice.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx").status == 200
    assert alice.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", Tags=tags(a="b")).code == "AccessDenied"


@pytest.mark.parametrize(
    ("condition", "given", "code"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "red"}}, tags(team="red"), ""),
        ({"StringEquals": {"aws:RequestTag/team": "red"}}, tags(team="blue"), "AccessDenied"),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, tags(team="red"), ""),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, tags(team="red", x="y"), "AccessDenied"),
        ({"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}, tags(team="red"), "AccessDenied"),
    ],
)
def test_tags_are_conditions_of_the_trust_policy(
    served: ServedHouse, condition: dict[str, Any], given: list[dict[str, str]], code: str
) -> None:
    role = served.role("builder", trust=[trusting(ACCOUNT, actions=ALL, Condition=condition)])
    assert served.admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", Tags=given).code == code


def test_transitive_keys_are_a_condition_of_the_trust_policy(served: ServedHouse) -> None:
    condition = {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}
    role = served.role("builder", trust=[trusting(ACCOUNT, actions=ALL, Condition=condition)])
    inputs = {"Tags": tags(team="red"), "TransitiveTagKeys": ["team"]}
    assert served.admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", **inputs).status == 200


def test_transitive_tags_go_down_the_chain_and_others_end_with_the_session(served: ServedHouse) -> None:
    first = open_role(served, "first", allow("sts:*"))
    team, cost = open_role(served, "team", tagged("team", "red")), open_role(served, "cost", tagged("cost", "7"))
    session = served.admin.assume(first, Tags=tags(team="red", cost="7"), TransitiveTagKeys=["TEAM"])
    assert may(session.assume(team))
    assert not may(session.assume(cost))


def test_transitive_tags_go_down_more_than_one_step(served: ServedHouse) -> None:
    first, second = open_role(served, "first", allow("sts:*")), open_role(served, "second", allow("sts:*"))
    third = open_role(served, "third", tagged("team", "red"))
    session = served.admin.assume(first, Tags=tags(team="red"), TransitiveTagKeys=["team"])
    assert may(session.assume(second).assume(third))


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (
            {"Tags": tags(team="a", TEAM="b")},
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            {"Tags": tags(team="a"), "TransitiveTagKeys": ["cost"]},
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            {"TransitiveTagKeys": ["cost"]},
            "The specified transitive tag key must be included in the requested tags.",
        ),
        ({"Tags": [{"Key": "aws:team", "Value": "a"}]}, "Tag keys that begin with `aws:` are reserved"),
        ({"Tags": [{"Key": "AWS:team", "Value": "a"}]}, "Tag keys that begin with `aws:` are reserved"),
    ],
)
def test_tags_that_contradict_are_refused(served: ServedHouse, inputs: dict[str, Any], sentence: str) -> None:
    role = open_role(served, "builder")
    answer = served.admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", **inputs)
    assert (answer.status, answer.code, answer.message) == (400, "InvalidParameterValue", sentence)


@pytest.mark.parametrize("key", ["team", "TEAM"])
def test_a_tag_that_came_down_cannot_be_passed_again(served: ServedHouse, key: str) -> None:
    first, second = open_role(served, "first", allow("sts:*")), open_role(served, "second")
    session = served.admin.assume(first, Tags=tags(team="red"), TransitiveTagKeys=["team"])
    answer = session.ask("sts:AssumeRole", RoleArn=second, RoleSessionName="xx", Tags=tags(**{key: "blue"}))
    assert (answer.status, answer.code) == (400, "InvalidParameterValue")
    assert answer.message == (
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the"
        " calling session."
    )


def test_tags_that_come_down_need_tag_session_again(served: ServedHouse) -> None:
    first, second = open_role(served, "first", allow("sts:AssumeRole")), open_role(served, "second")
    plain, tagging = (
        served.admin.assume(first),
        served.admin.assume(first, Tags=tags(team="red"), TransitiveTagKeys=["team"]),
    )
    assert plain.ask("sts:AssumeRole", RoleArn=second, RoleSessionName="xx").status == 200
    refused = tagging.ask("sts:AssumeRole", RoleArn=second, RoleSessionName="xx")
    assert refused.message.endswith(f"is not authorized to perform: sts:TagSession on resource: {second}")


def test_more_than_fifty_tags_are_refused(served: ServedHouse) -> None:
    role = open_role(served, "builder")
    many = [{"Key": f"k{at}", "Value": ""} for at in range(51)]
    answer = served.admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", Tags=many)
    assert (answer.status, answer.code) == (400, "ValidationError")


def test_a_session_tag_sets_no_other_key(served: ServedHouse) -> None:
    """Rule P9: whatever a tag is called, it stays below aws:PrincipalTag."""
    condition = {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}
    role = open_role(served, "builder", allow("iam:ListUsers", Condition=condition))
    for key in ("PrincipalAccount", "x/aws:PrincipalAccount", "/../aws:PrincipalAccount"):
        assert not may(served.admin.assume(role, Tags=[{"Key": key, "Value": "999999999999"}]))


# ---- source identity


def test_a_source_identity_is_shown_and_is_a_key(served: ServedHouse) -> None:
    condition = {"StringEquals": {"aws:SourceIdentity": "maria"}}
    role = open_role(served, "builder", allow("iam:ListUsers", Condition=condition))
    answer = served.admin("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", SourceIdentity="maria")
    assert answer["SourceIdentity"] == "maria"
    assert may(served.admin.assume(role, SourceIdentity="maria"))
    assert not may(served.admin.assume(role, SourceIdentity="otto"))
    assert not may(served.admin.assume(role))


def test_a_source_identity_needs_its_right_on_both_sides(served: ServedHouse) -> None:
    closed = served.role("closed")
    answer = served.admin.ask("sts:AssumeRole", RoleArn=closed, RoleSessionName="xx", SourceIdentity="maria")
    assert answer.message.endswith(f"is not authorized to perform: sts:SetSourceIdentity on resource: {closed}")
    alice = served.user("alice", allow("sts:AssumeRole"))
    role = open_role(served, "builder")
    assert alice.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", SourceIdentity="m1").code == "AccessDenied"


def test_a_source_identity_stays_along_a_chain_and_cannot_change(served: ServedHouse) -> None:
    first = open_role(served, "first", allow("sts:*"))
    condition = {"StringEquals": {"aws:SourceIdentity": "maria"}}
    second = open_role(served, "second", allow("iam:ListUsers", Condition=condition))
    session = served.admin.assume(first, SourceIdentity="maria")
    assert may(session.assume(second))
    assert may(session.assume(second, SourceIdentity="maria"))
    changed = session.ask("sts:AssumeRole", RoleArn=second, RoleSessionName="xx", SourceIdentity="otto")
    assert (changed.status, changed.code) == (403, "AccessDenied")


def test_a_source_identity_that_comes_down_needs_its_right_again(served: ServedHouse) -> None:
    first = open_role(served, "first", allow("sts:AssumeRole"))
    second = open_role(served, "second")
    refused = served.admin.assume(first, SourceIdentity="maria").ask(
        "sts:AssumeRole", RoleArn=second, RoleSessionName="xx"
    )
    assert refused.message.endswith(f"is not authorized to perform: sts:SetSourceIdentity on resource: {second}")


def test_the_source_identity_of_the_request_is_a_condition_of_the_trust_policy(served: ServedHouse) -> None:
    condition = {"StringLike": {"sts:SourceIdentity": "m*"}}
    role = served.role("builder", trust=[trusting(ACCOUNT, actions=ALL, Condition=condition)])
    for given, code in (("maria", ""), ("otto", "AccessDenied")):
        answer = served.admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", SourceIdentity=given)
        assert answer.code == code
