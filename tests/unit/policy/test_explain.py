"""Why: the statement that decided, the one that nearly did, and the smallest change, decided again."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.unit.policy.asking import ask

from locum.policy import Explanation, explain
from locum.policy.context import BUDGET

BUCKET = "arn:aws:s3:::b/k"


def why(**fields: Any) -> Explanation:
    return explain(ask(**{"resource": BUCKET, **fields}))


def test_an_allowed_call_names_the_statement() -> None:
    explanation = why(identity={"allow": "s3:*", "sid": "Mine"})
    assert explanation.text.splitlines() == [
        f"allowed: arn:aws:iam::111122223333:user/alice may s3:GetObject on {BUCKET}",
        "  allowed by the identity-based policy: statement 1 `Mine` of identity, line 1",
    ]
    assert explanation.change is None


def test_the_nearest_statement_says_which_key_is_missing() -> None:
    explanation = why(identity={"allow": "s3:*", "if": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}})
    assert "condition Bool aws:MultiFactorAuthPresent wants `true`; the request has none" in explanation.text


def test_the_nearest_statement_says_what_was_seen() -> None:
    fields = {"identity": {"allow": "s3:*", "if": {"StringEquals": {"aws:TagKeys": ["a", "b"]}}}}
    assert "wants `a` or `b`; seen `c`, `d`" in why(**fields, context={"aws:TagKeys": ["c", "d"]}).text
    assert "wants `a` or `b`; seen `c`" in why(**fields, context={"aws:TagKeys": "c"}).text


def test_statements_come_nearest_first() -> None:
    identity = ["allow ec2:* on *", "allow s3:PutObject on arn:aws:s3:::b/k", "allow s3:GetObject on arn:aws:s3:::c/*"]
    near = why(identity=identity).near
    assert [[miss.part for miss in one.misses] for one in near] == [["resource"], ["action"], ["action"]]


def test_not_elements_are_told_as_such() -> None:
    text = why(identity={"allow-except": "s3:*", "on-except": "arn:aws:s3:::b/*"}).text
    assert "action wants `anything but s3:*`; seen `s3:GetObject`" in text
    assert "resource wants `anything but arn:aws:s3:::b/*`" in text


def test_an_allow_for_somebody_else_names_both() -> None:
    text = why(
        principal="444455556666:user/carol", resource_policy="allow s3:* on * to user/bob", identity="FullAWSAccess"
    ).text
    assert "principal wants `arn:aws:iam::111122223333:user/bob`" in text
    assert "seen `arn:aws:iam::444455556666:user/carol`" in text


def test_an_anonymous_caller_has_no_name_to_see() -> None:
    assert (
        "the request has none" in why(principal="anonymous", resource_policy="allow s3:GetObject on * to user/bob").text
    )


def test_the_smallest_change_is_one_statement_for_each_silent_layer() -> None:
    explanation = why(principal="444455556666:session/app/s", boundary=[], session=[], endpoint=[], scps=[[], []])
    assert explanation.change is not None
    assert [layer for layer, _ in explanation.change.add] == [
        "scp", "endpoint", "resource", "identity", "boundary", "session",
    ]  # fmt: skip
    assert explanation.change.verdict == "allowed"
    statement = json.loads(dict(explanation.change.add)["resource"])
    assert statement["Principal"] == {"AWS": "arn:aws:iam::444455556666:role/app"}


def test_the_change_of_a_trust_policy_has_no_resource() -> None:
    fields = {"action": "sts:AssumeRole", "resource": "arn:aws:iam::111122223333:role/app", "trust": []}
    change = why(**fields).change
    assert change is not None
    assert json.loads(change.add[0][1]) == {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"},
        "Action": "sts:AssumeRole",
    }


def test_outsiders_are_named_by_their_kind() -> None:
    for principal, named in (
        ("ec2.amazonaws.com", {"Service": "ec2.amazonaws.com"}),
        ("canonical:abc", {"CanonicalUser": "abc"}),
        ("anonymous", "*"),
    ):
        change = why(principal=principal).change
        assert change is not None
        assert json.loads(change.add[0][1])["Principal"] == named


def test_a_name_with_a_variable_in_it_is_written_as_text() -> None:
    change = why(resource="arn:aws:s3:::b/${aws:username}").change
    assert change is not None
    assert change.verdict == "allowed"


def test_no_statement_changes_what_belongs_to_aws() -> None:
    explanation = why(action="iam:DeletePolicy", resource="arn:aws:iam::aws:policy/X", identity="AdministratorAccess")
    assert explanation.change is None
    assert explanation.text.splitlines()[1:] == ["  the resource belongs to AWS", "  no statement would allow it"]


def test_a_resource_that_no_policy_can_name_has_no_smallest_change() -> None:
    assert explain(msgspec.structs.replace(ask(), resource="not-an-arn")).change is None


def test_a_change_that_does_not_help_is_not_proposed() -> None:
    assert why(principal={"is": "federated/f"}, session=None).change is not None
    assert why(principal="root", action="sts:AssumeRole", resource="arn:aws:iam::111122223333:role/a").change is None


def test_a_denial_names_every_deny_and_what_would_be_without_them() -> None:
    explanation = why(
        identity=["AdministratorAccess", "deny s3:* on *"],
        boundary="deny s3:* on *",
        session=["deny s3:* on *"],
        scps=[["FullAWSAccess", "deny s3:* on *"]],
        rcps=[["deny s3:* on *"]],
        endpoint=["allow * on *", "deny s3:* on *"],
        resource_policy=["allow * on * to *", "deny s3:* on * to *"],
    )
    assert explanation.decision.decided_by == (
        "rcp", "scp", "endpoint", "resource", "identity", "boundary", "session",
    )  # fmt: skip
    assert explanation.change is not None
    assert len(explanation.change.remove) == 7
    assert explanation.change.verdict == "allowed"
    assert "without these statements: allowed" in explanation.text


def test_one_deny_is_one_statement() -> None:
    assert "without this statement: implicitDeny" in why(identity="deny s3:* on *").text


def test_a_silent_level_of_the_organisation_is_told() -> None:
    assert (
        "a level of the organisation has no service control policy that allows it"
        in why(identity="AdministratorAccess", scps=[["FullAWSAccess"], []]).text
    )


def test_an_explanation_as_json_holds_what_the_text_says() -> None:
    answer = why(identity={"allow": "s3:Put*", "if": {"Bool": {"a": "true"}}}).to_dict()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["verdict"] == "implicitDeny"
    assert answer["near_misses"][0]["misses"][1] == {
        "part": "condition",
        "operator": "Bool",
        "key": "a",
        "wanted": ["true"],
        "seen": None,
    }
    assert answer["change"]["add"][0]["layer"] == "identity"
    assert why(identity="FullAWSAccess").to_dict()["change"] is None
    assert why(principal="anonymous").to_dict()["principal"] == "anonymous"


def test_a_question_that_is_too_long_is_denied_and_explained() -> None:
    long = {"allow": "s3:*", "if": {"ForAnyValue:StringLike": {"aws:TagKeys": "x" * 4000}}}
    question = ask(resource=BUCKET, identity=long)
    keys = tuple("y" for _ in range(BUDGET // 4000 + 1))
    explanation = explain(msgspec.structs.replace(question, context={"aws:TagKeys": keys}))
    assert explanation.decision.verdict == "implicitDeny"
    assert explanation.decision.reason == "the conditions are too long to be compared"
    assert explanation.near == ()


def test_near_misses_that_would_cost_too_much_are_left_out() -> None:
    other = {"allow": "ec2:*", "if": {"ForAnyValue:StringLike": {"aws:TagKeys": "x" * 4000}}}
    keys = tuple("y" for _ in range(BUDGET // 4000 + 1))
    explanation = explain(msgspec.structs.replace(ask(resource=BUCKET, identity=other), context={"aws:TagKeys": keys}))
    assert explanation.decision.silent == ("identity",)
    assert explanation.near == ()


def test_a_statement_that_would_not_cover_the_resource_is_not_proposed() -> None:
    assert why(resource="arn:aws:s3:${x}::y").change is None


def test_each_silent_layer_has_its_own_near_misses() -> None:
    text = why(identity="allow s3:Put* on *", boundary="allow s3:Put* on *").text
    assert text.index("near: statement 1 of identity") < text.index("no permissions boundary allows it")
    assert text.count("near: ") == 2


def test_a_trust_policy_and_a_key_policy_have_their_own_names() -> None:
    fields = {"action": "sts:AssumeRole", "resource": "arn:aws:iam::111122223333:role/app"}
    assert "no role trust policy allows it" in why(**fields, trust="allow sts:AssumeRole to user/bob").text
    assert "there is no key policy that could allow it" in why(action="kms:Decrypt", key_policy=[]).text


def test_a_deny_that_did_not_apply_is_not_named() -> None:
    explanation = why(resource_policy=["deny s3:* on * to user/bob", "deny s3:* on * to user/alice"])
    assert [ref.source for ref in explanation.decision.statements] == ["resource_policy policy 2"]


TRUST = {"action": "sts:AssumeRole", "resource": "arn:aws:iam::111122223333:role/app"}


def trusted(**conditions: dict[str, str | list[str]]) -> dict[str, Any]:
    return {**TRUST, "trust": {"allow": "sts:AssumeRole", "to": "user/alice", "if": conditions}}


def test_a_role_that_is_to_be_assumed_has_a_trust_policy_whatever_it_was_asked_with() -> None:
    assert "there is no role trust policy that could allow it" in why(**TRUST, identity="allow sts:* on *").text
    denied = why(**TRUST, trust=["allow sts:* to user/alice", "deny sts:* to user/alice"])
    assert "denied by the role trust policy: statement 1 of trust policy 2" in denied.text
    assert "resource-based" not in denied.text


def test_who_lacks_an_external_id_is_told_to_bring_it_before_a_wider_statement_is_proposed() -> None:
    explanation = why(**trusted(StringEquals={"sts:ExternalId": "audit-2026"}))
    lines = [line.strip() for line in explanation.text.splitlines()]
    call = "policies as they are allow it to who calls with `sts:ExternalId` = `audit-2026` (decided again)"
    assert lines.index(call) < lines.index("or else, what would allow it (decided again):")
    assert lines[-1] == "which does not ask for `sts:ExternalId`, as statement 1 of trust, line 1 does"
    assert explanation.to_dict()["call"] == {
        "words": "with `sts:ExternalId` = `audit-2026`",
        "keys": {"sts:ExternalId": "audit-2026"},
    }


@pytest.mark.parametrize(
    ("conditions", "context", "words"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {}, "with MFA"),
        (
            {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}},
            {"aws:MultiFactorAuthAge": "90"},
            "with a fresh MFA code",
        ),
        (
            {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}},
            {},
            "with MFA and with a fresh MFA code",
        ),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "false"}, "over TLS"),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, "with `aws:SecureTransport` = `false`"),
        ({"StringLike": {"sts:SourceIdentity": "ops-*"}}, {}, "with `sts:SourceIdentity` = `ops-x`"),
        ({"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}, {}, "with `sts:RoleSessionName` = `alice`"),
        ({"StringEquals": {"sts:RoleSessionName": ["${aws:absent}", "b"]}}, {}, "with `sts:RoleSessionName` = `b`"),
        ({"StringEquals": {"aws:RequestTag/team": ["red", "blue"]}}, {}, "with `aws:RequestTag/team` = `red`"),
        (
            {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}},
            {"aws:TagKeys": "x"},
            "with `aws:TagKeys` = `x`, `team`",
        ),
        (
            {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
            {"aws:TagKeys": ["b", "c"]},
            "with `aws:TagKeys` = `b`",
        ),
        (
            {"Null": {"sts:TransitiveTagKeys": "true"}},
            {"sts:TransitiveTagKeys": "a"},
            "without `sts:TransitiveTagKeys`",
        ),
        ({"StringNotLike": {"sts:ExternalId": "x*"}}, {"sts:ExternalId": "xy"}, "without `sts:ExternalId`"),
        (
            {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "60"}},
            {},
            "with a fresh MFA code",
        ),
    ],
)
def test_a_condition_that_a_caller_can_meet_is_proposed_as_a_call(
    conditions: dict[str, Any], context: dict[str, Any], words: str
) -> None:
    explanation = why(**trusted(**conditions), context=context)
    assert f"allow it to who calls {words} (decided again)" in explanation.text


@pytest.mark.parametrize(
    "conditions",
    [
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"StringEquals": {"sts:ExternalId": "a"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"Null": {"sts:ExternalId": "false"}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": "soon"}},
        {"StringEquals": {"sts:RoleSessionName": "${aws:absent}"}},
        {"StringEquals": {"sts:ExternalId": "a"}, "StringLike": {"sts:ExternalId": "b*"}},
    ],
)
def test_a_condition_that_no_way_of_calling_meets_is_not_proposed(conditions: dict[str, Any]) -> None:
    explanation = why(**trusted(**conditions))
    assert explanation.call is None
    assert "which does not ask for `" in explanation.text


def test_every_silent_layer_must_be_met_by_the_call() -> None:
    mfa = {"allow": "s3:*", "if": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    tls = {"allow": "s3:*", "if": {"Bool": {"aws:SecureTransport": "true"}}}
    fields = {"identity": mfa, "boundary": tls, "context": {"aws:SecureTransport": "false"}}
    assert "who calls with MFA and over TLS (decided again)" in why(**fields).text
    assert why(**{**fields, "boundary": "allow ec2:* on *"}).call is None


def test_a_deny_that_a_caller_can_avoid_says_how() -> None:
    allowed = "allow s3:* on *"
    mfa = {"deny": "*", "if": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}
    assert "who calls with MFA (decided again)" in why(identity=[allowed, mfa]).text
    region = {"deny": "*", "if": {"StringNotEquals": {"aws:RequestedRegion": ["${aws:absent}", "eu-west-1"]}}}
    assert "with `aws:RequestedRegion` = `eu-west-1`" in why(identity=[allowed, region]).text
    tag = {"deny": "*", "if": {"StringEquals": {"aws:RequestTag/team": "red"}}}
    told = why(identity=[allowed, tag], context={"aws:RequestTag/team": "red"})
    assert "without `aws:RequestTag/team`" in told.text
    assert told.to_dict()["call"]["keys"] == {"aws:RequestTag/team": None}
    plain = {"deny": "*", "if": {"Bool": {"aws:SecureTransport": "true"}}}
    assert why(identity=[allowed, plain]).to_dict()["call"]["keys"] == {"aws:SecureTransport": "false"}
    assert why(identity=[allowed, mfa, "deny s3:* on *"]).call is None


def test_a_set_of_values_is_a_list_in_json() -> None:
    explanation = why(**trusted(**{"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}))
    assert explanation.to_dict()["call"]["keys"] == {"aws:TagKeys": ["team"]}


def test_a_statement_that_names_the_caller_is_said_to_pass_its_limits() -> None:
    explanation = why(identity="allow s3:* on *", boundary="allow ec2:* on *")
    assert "or alone, past the caller's limits, resource-based policy: " in explanation.text
    other = why(identity="allow s3:* on *", boundary="allow ec2:* on *", principal="user/a*")
    assert "no identity or resource statement alone would allow it" in other.text
    assert other.to_dict()["change"]["instead"] is None
