"""The format of policy tests: short forms, what is refused and how, coverage, JSON and YAML."""

from __future__ import annotations

from typing import Any

import pytest

from locum.policy import PrincipalType
from locum.policy.casefile import read_json, read_yaml
from locum.policy.cases import Result, run
from locum.policy.coverage import covered
from locum.policy.shorthand import Caller, CaseError, policy, principal_arn, statement

BASE = {"name": "x", "principal": "user/alice", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}
ACCOUNT = "111122223333"


def only(**fields: Any) -> Result:
    (result,) = run([{**BASE, "expect": "allowed", **fields}])
    return result


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"pricipal": "user/a"}, "field `pricipal` is unknown; did you mean `principal`?"),
        ({"expect": "alowed"}, "expectation `alowed`; allowed, explicitDeny or implicitDeny would be right"),
        ({"decided_by": "idntity"}, "`decided_by: idntity`; did you mean `identity`?"),
        ({"principal": "role/app"}, "a role never calls by itself: `role/app`; `session/ROLE/NAME` would be right"),
        (
            {"principal": "alice"},
            "principal `alice` is unknown; `user/NAME`, `session/ROLE/NAME` or an ARN would be right",
        ),
        ({"principal": ACCOUNT}, f"`{ACCOUNT}` is nobody who calls; `user/NAME` or `session/ROLE/NAME` would be right"),
        ({"principal": "*"}, "`*` is nobody who calls; `user/NAME` or `session/ROLE/NAME` would be right"),
        (
            {"principal": "arn:aws:iam::111122223333:group"},
            "`arn:aws:iam::111122223333:group` is nobody who calls; `user/NAME` or `session/ROLE/NAME` would be right",
        ),
        ({"principal": {"tags": {}}}, "a principal has no name; `is: user/NAME` would be right"),
        ({"principal": 7}, "a principal has no name; `is: user/NAME` would be right"),
        ({"principal": {"is": "user/a", "tag": {}}}, "principal field `tag` is unknown; did you mean `tags`?"),
        ({"principal": {"is": "user/a", "tags": "red"}}, "`tags` is no map; keys with values would be right"),
        ({"principal": {"is": "user/a", "id": 7}}, "principal `id` is no text; a name would be right"),
        ({"principal": {"is": "session/r/s", "role": ["x"]}}, "principal `role` is no text; a name would be right"),
        (
            {"principal": {"is": "user/a", "mfa": "false"}},
            "principal `mfa` is no boolean; true or false would be right",
        ),
        ({"derive": "no"}, "`derive` is no boolean; true or false would be right"),
        ({"identity": "permit s3:*"}, "sentence `permit s3:*` cannot be read"),
        (
            {"identity": {"allow": "s3:*", "deny": "s3:*"}},
            "a statement has 2 of allow, deny, allow-except, deny-except",
        ),
        ({"identity": {"allow": "s3:*", "to_": "x"}}, "statement field `to_` is unknown; did you mean `to`?"),
        ({"identity": 7}, "`7` is no statement"),
        (
            {"resource_policy": "allow s3:* on *"},
            "a statement of `resource_policy` names nobody; `to PRINCIPAL` would be right",
        ),
        ({"trust": [], "key_policy": []}, "`trust` and `key_policy`; only one of them would be right"),
        ({"scps": "FullAWSAccess"}, "`scps` is no list of levels"),
        ({"context": ["a"]}, "`context` is no map; keys with values would be right"),
        ({"context": {"a": {"b": "c"}}}, "context value `{'b': 'c'}`; a text, a number or a boolean would be right"),
        ({"context": {"a": [None]}}, "context value `None`; a text, a number or a boolean would be right"),
        ({"resource_tags": []}, "`resource_tags` is no map; keys with values would be right"),
        ({"action": []}, "an empty list of actions or resources"),
        ({"identity": {"Statement": {1, 2}}}, "a policy cannot be written as JSON"),
        ({"identity": {"Statement": []}}, "Syntax errors in policy. line 1, column 15: an empty `Statement`"),
    ],
)
def test_a_scenario_that_cannot_be_read_says_why(fields: dict[str, Any], error: str) -> None:
    result = only(**fields)
    assert (result.decision, result.passed) == ("error", False)
    assert result.error.startswith(error)
    assert result.to_dict()["error"] == result.error


@pytest.mark.parametrize("missing", ["principal", "action", "expect"])
def test_a_scenario_without_a_required_field_says_which(missing: str) -> None:
    (result,) = run([{key: value for key, value in {**BASE, "expect": "allowed"}.items() if key != missing}])
    assert result.error == f"no `{missing}`; every scenario has one"


def test_one_bad_scenario_does_not_stop_the_others() -> None:
    good = {**BASE, "expect": "implicitDeny"}
    results = list(run([{**good, "name": "a"}, {**good, "name": "b", "identity": "?"}, "c", {**good, "name": "d"}]))
    assert [result.decision for result in results] == ["implicitDeny", "error", "error", "implicitDeny"]


def test_a_case_that_is_no_map_is_an_error_of_its_own() -> None:
    results = list(run([{**BASE, "expect": "implicitDeny", "cases": [{}, "x"]}]))
    assert [result.passed for result in results] == [True, False]


def test_an_id_is_used_once() -> None:
    scenario = {**BASE, "expect": "implicitDeny"}
    results = list(run([scenario, scenario]))
    assert results[1].error == "id `scenarios/x` is used twice; an id of its own would be right"


@pytest.mark.parametrize(
    "suite", [None, "x", {}, {"scenarios": {}}, {"scenarios": [], "defautls": {}}, {"scenarios": [], "defaults": []}]
)
def test_a_suite_that_is_none_is_refused_whole(suite: Any) -> None:
    with pytest.raises(CaseError):
        list(run(suite))


def test_cases_inherit_and_context_is_merged_key_by_key() -> None:
    suite = {
        "suite": "s",
        "source": "page",
        "defaults": {**BASE, "identity": {"allow": "s3:*", "if": {"StringEquals": {"a": "1", "b": "2"}}}},
        "scenarios": [
            {
                "name": "outer",
                "context": {"a": "1"},
                "cases": [
                    {"name": "both", "context": {"b": "2"}, "expect": "allowed"},
                    {"context": {"A": None, "b": "2"}, "expect": "implicitDeny"},
                ],
            }
        ],
    }
    first, second = run(suite)
    assert (first.id, second.id) == ("s/outer-both", "s/outer-2")
    assert first.case is not None
    assert (first.case.source, first.passed, second.passed) == ("page", True, True)


def test_a_null_removes_a_derived_key() -> None:
    mine = {"allow": "s3:*", "if": {"Null": {"aws:SecureTransport": "true"}}}
    assert only(identity=mine, context={"AWS:securetransport": None}).passed
    assert not only(identity=mine).passed


def test_nothing_is_derived_when_told_so() -> None:
    assert only(identity={"allow": "s3:*", "if": {"Null": {"aws:username": "true"}}}, derive=False).passed


def test_the_epoch_follows_now() -> None:
    mine = {"allow": "s3:*", "if": {"DateEquals": {"aws:EpochTime": "2030-01-01T00:00:00Z"}}}
    assert only(identity=mine, now="2030-01-01T00:00:00Z").passed
    assert not only(identity=mine, now="someday").passed


def test_who_decided_is_compared_when_given() -> None:
    assert only(identity="FullAWSAccess", decided_by=["identity"]).passed
    result = only(identity="FullAWSAccess", decided_by="resource")
    assert (result.passed, result.decided_by, result.expected_by) == (False, ("identity",), ("resource",))


def test_numbers_and_booleans_in_a_context_are_their_text() -> None:
    mine = {"allow": "s3:*", "if": {"NumericEquals": {"n": 10}, "Bool": {"b": True}}}
    assert only(identity=mine, context={"n": 10, "b": True}).passed


@pytest.mark.parametrize(
    ("short", "arn"),
    [
        ("user/dev/alice", f"arn:aws:iam::{ACCOUNT}:user/dev/alice"),
        ("root", f"arn:aws:iam::{ACCOUNT}:root"),
        ("444455556666:root", "arn:aws:iam::444455556666:root"),
        ("session/app/i-1", f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"),
        ("federated/carol", f"arn:aws:sts::{ACCOUNT}:federated-user/carol"),
        ("role/app", f"arn:aws:iam::{ACCOUNT}:role/app"),
        (ACCOUNT, ACCOUNT),
        ("*", "*"),
    ],
)
def test_a_short_name_stands_for_an_arn(short: str, arn: str) -> None:
    assert principal_arn(short, ACCOUNT) == arn


def test_a_statement_names_everybody_a_policy_can() -> None:
    names = [
        "ec2.amazonaws.com", "service:x.y", "saml:Corp", "oidc:host", "federated:accounts.google.com", "canonical:c",
        "AIDAEXAMPLE", "user/a",
    ]  # fmt: skip
    assert statement({"allow": "s3:*", "to": names}, ACCOUNT, "resource_policy")["Principal"] == {
        "Service": ["ec2.amazonaws.com", "x.y"],
        "Federated": [
            f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp",
            f"arn:aws:iam::{ACCOUNT}:oidc-provider/host",
            "accounts.google.com",
        ],
        "CanonicalUser": ["c"],
        "AWS": ["AIDAEXAMPLE", f"arn:aws:iam::{ACCOUNT}:user/a"],
    }


def test_every_short_form_of_a_statement() -> None:
    short = {"deny-except": ["s3:*"], "on-except": "arn:aws:s3:::b", "to-except": "user/a", "if": {}, "sid": "x"}
    assert statement(short, ACCOUNT, "resource_policy") == {
        "Sid": "x",
        "Effect": "Deny",
        "NotPrincipal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:user/a"]},
        "NotAction": ["s3:*"],
        "NotResource": "arn:aws:s3:::b",
        "Condition": {},
    }
    assert statement("Allow a:b, c:d on x, y to user/a, *", ACCOUNT, "resource_policy") == {
        "Effect": "Allow", "Principal": "*", "Action": ["a:b", "c:d"], "Resource": ["x", "y"],
    }  # fmt: skip
    assert statement("allow sts:AssumeRole to *", ACCOUNT, "trust") == {
        "Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"],
    }  # fmt: skip
    assert statement({"deny": "*", "to": {"Service": "x.y"}}, ACCOUNT, "endpoint")["Principal"] == {"Service": "x.y"}
    assert statement("deny s3:*", ACCOUNT, "rcps")["Principal"] == "*"
    whole = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert statement(whole, ACCOUNT, "identity") is whole
    assert policy({"Statement": whole}, ACCOUNT, "identity") == {"Statement": whole}


def test_a_caller_brings_every_name_it_has() -> None:
    caller = Caller(
        {"is": "session/app/s", "role": "role/prod/app", "id": "AROAX", "management_account": True}, ACCOUNT
    )
    assert caller.principal.names == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s",
        f"arn:aws:iam::{ACCOUNT}:role/prod/app",
        "AROAX",
    )
    assert caller.principal.management_account
    linked = Caller({"is": "session/x/s", "role": "role/aws-service-role/x.amazonaws.com/x"}, ACCOUNT).principal
    assert linked.service_linked
    assert Caller("canonical:x", ACCOUNT).principal.type is PrincipalType.CANONICAL_USER
    assert Caller({"arn": "anonymous"}, ACCOUNT).principal.type is PrincipalType.ANONYMOUS


def test_coverage_counts_statements_that_decided() -> None:
    identity = ["allow s3:GetObject on *", "allow s3:PutObject on *"]
    results = [
        *run(
            [
                {**BASE, "expect": "allowed", "identity": identity},
                {**BASE, "name": "y", "expect": "allowed", "identity": "?"},
            ]
        ),
    ]
    found = covered(results)
    assert (found.total, found.deciding) == (2, 1)
    assert [(scenario, ref.source) for scenario, ref in found.silent] == [("scenarios/x", "identity policy 2")]


def test_coverage_looks_at_every_layer() -> None:
    fields = {
        "identity": "FullAWSAccess", "boundary": "FullAWSAccess", "session": "FullAWSAccess",
        "scps": [["FullAWSAccess"], ["deny ec2:* on *"]], "rcps": [["deny sqs:* on *"]],
        "endpoint": "allow * on *", "resource_policy": "allow * on * to user/bob",
    }  # fmt: skip
    assert covered(run([{**BASE, "expect": "implicitDeny", **fields}])).total == 8


def test_json_and_yaml_say_the_same() -> None:
    text = '{"scenarios": [{"name": "x", "mfa": true, "n": 012, "none": null, "on": "y", "list": [1, "a"]}]}'
    yaml = "scenarios:\n- name: x\n  mfa: true\n  n: 12\n  none:\n  on: y\n  list: [1, a]\n"
    assert read_yaml(yaml) == read_json(text.replace("012", "12"))
    assert read_yaml("a: 012345678901\nb: 2026-01-15\nc: yes\nd: 'true'") == {
        "a": "012345678901", "b": "2026-01-15", "c": "yes", "d": "true",
    }  # fmt: skip


def test_yaml_takes_defaults_by_anchor() -> None:
    assert read_yaml("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2") == {"a": {"x": "1"}, "b": {"x": "1", "y": "2"}}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: 1\na: 2", "line 2: key `a` twice; each key once would be right"),
        ("a: [", "not YAML: "),
        ("!!python/object/apply:os.system [x]", "not YAML: "),
        ("? [a]\n: b", "not YAML: "),
        ("&a [*a]", "a value that holds itself; plain values would be right"),
        ("[" * 10_000, "not YAML: too many levels; at most 32 levels would be right"),
        (
            "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]),
            "more than 1000000 values, each repeated one counted; fewer would be right",
        ),
    ],
)
def test_yaml_that_cannot_be_read_says_why(text: str, error: str) -> None:
    with pytest.raises(CaseError) as caught:
        read_yaml(text)
    assert str(caught.value).startswith(error)


def test_json_that_cannot_be_read_says_where() -> None:
    with pytest.raises(CaseError) as caught:
        read_json('{"a": 1,\n}')
    assert str(caught.value) == 'not JSON, line 2, column 1: `}`; a key in `"` would be right'


def test_a_scenario_may_bring_its_own_id() -> None:
    assert only(id="mine", identity="FullAWSAccess").id == "mine"


def test_full_access_may_be_named_wherever_it_is_a_policy() -> None:
    fields = {"identity": "FullAWSAccess", "scps": ["FullAWSAccess"], "boundary": "AdministratorAccess"}
    assert only(**fields, rcps=["RCPFullAWSAccess", ["FullAWSAccess"]], endpoint="FullAWSAccess").passed
    assert "principal" in only(resource_policy="FullAWSAccess").error.lower()
