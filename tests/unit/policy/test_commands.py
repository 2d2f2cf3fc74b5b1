"""`locum test` and `locum explain`: what they print and how they end."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from locum.cli import explain, test

GOOD = {"name": "good", "principal": "user/a", "action": "s3:GetObject", "expect": "implicitDeny"}
BAD = {"name": "bad", "principal": "user/a", "action": "s3:GetObject", "expect": "allowed", "decided_by": "identity"}
BROKEN = {"name": "broken <&>", "principal": "role/a", "action": "s3:GetObject"}


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(test.command, list(arguments), input=stdin)


def why(*arguments: str) -> Result:
    return CliRunner().invoke(explain.command, list(arguments))


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "suite.json"
    path.write_text(json.dumps({"suite": "s", "scenarios": [GOOD, BAD, BROKEN]}))
    return path


def test_the_sample_passes() -> None:
    result = run("--sample", "--verbose", "--coverage")
    assert result.exit_code == 0
    assert "9 passed, 0 failed" in result.output
    assert "ok   sample/the-role-reads-reports" in result.output
    assert "never decided: " in result.output


def test_a_failure_shows_what_was_expected_decided_and_why(suite: Path) -> None:
    result = run(str(suite))
    assert result.exit_code == 2
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[:3] == ["FAIL s/bad", "- allowed by identity", "+ implicitDeny by identity"]
    assert "no identity-based policy allows it" in lines
    assert "FAIL s/broken" in lines
    assert "- no expectation" in lines
    assert "+ error: no `expect`; every scenario has one" in lines
    assert lines[-1] == "1 passed, 2 failed; 0 of 0 statements decided a scenario"


def test_json_keeps_the_contract() -> None:
    result = run("--format", "json", "-", stdin=json.dumps({"suite": "s", "scenarios": [GOOD, BAD, BROKEN]}))
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert answer["summary"] == {"total": 3, "passed": 1, "failed": 2}
    assert answer["results"][0] == {
        "id": "s/good",
        "decision": "implicitDeny",
        "decided_by": ["identity"],
        "expect": "implicitDeny",
        "pass": True,
    }
    assert answer["results"][2]["decision"] == "error"
    assert "error" in answer["results"][2]


def test_json_names_silent_statements_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "s.yml"
    path.write_text(
        "- {name: x, principal: user/a, action: 's3:Get', identity: allow ec2:* on *, expect: implicitDeny}"
    )
    answer = json.loads(run("--format", "json", "--coverage", str(path)).stdout)
    assert answer["coverage"] == {
        "statements": 1,
        "deciding": 0,
        "silent": [{"scenario": "scenarios/x", "statement": "statement 1 of identity, line 1"}],
    }


def test_junit_is_xml_with_failures_and_errors(suite: Path) -> None:
    tree = ElementTree.fromstring(run("--format", "junit", str(suite)).stdout)
    assert (tree.get("tests"), tree.get("failures"), tree.get("errors")) == ("3", "1", "1")
    assert [child.tag for case in tree for child in case] == ["failure", "error"]


def test_directories_are_searched_for_suites(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.yaml").write_text(f"suite: a\nscenarios: [{json.dumps(GOOD)}]")
    (tmp_path / "below" / "b.json").write_text(json.dumps({"suite": "b", "scenarios": [GOOD]}))
    (tmp_path / "notes.txt").write_text("not a suite")
    result = run(str(tmp_path), "--verbose")
    assert result.exit_code == 0
    assert result.output.splitlines()[:2] == ["ok   a/good", "ok   b/good"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ((), None, "no suite; FILE, a directory, `-` or --sample would be right"),
        (("-",), '{"a": ', "-: not JSON, line 1, column 7: the end of the text; a JSON value would be right"),
        (("-",), "{}", "-: no list of `scenarios`; a suite with `scenarios` would be right"),
        (("-",), '{"scenarios": []}', "no scenario; at least one would be right"),
        (("absent.json",), None, "absent.json: No such file or directory"),
        (("--watch", "-"), None, "--watch with `-`; files would be right"),
        (("--formt", "json"), None, "--format"),
    ],
)
def test_unusable_input_ends_with_status_2(arguments: tuple[str, ...], stdin: str | None, said: str) -> None:
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 2
    assert said in result.output


NONSENSE = [
    ({"action": "GetObject"}, "action `GetObject`; one action such as `s3:GetObject` would be right"),
    ({"action": "s3GetObject"}, "action `s3GetObject`; one action such as `s3:GetObject` would be right"),
    ({"action": "s3:"}, "action `s3:`; one action such as `s3:GetObject` would be right"),
    ({"action": "s3:Get*"}, "action `s3:Get*` is a pattern; one action such as `s3:GetObject` would be right"),
    ({"action": "*"}, "action `*` is a pattern; one action such as `s3:GetObject` would be right"),
    (
        {"resource": "not-an-arn"},
        "resource `not-an-arn`; `*` or an ARN such as `arn:aws:s3:::bucket/key` would be right",
    ),
    (
        {"resource": "arn:aws:s3:::"},
        "resource `arn:aws:s3:::`; `*` or an ARN such as `arn:aws:s3:::bucket/key` would be right",
    ),
    (
        {"resource": "arn:aws:*:::x"},
        "resource `arn:aws:*:::x` has the service `*`; lower-case letters would be right",
    ),
    (
        {"resource": "arn:aws:iam::12:role/a"},
        "resource `arn:aws:iam::12:role/a` has the account `12`; twelve digits would be right",
    ),
    ({"account": "12"}, "`account` `12`; twelve digits would be right"),
    ({"resource_account": "12"}, "`resource_account` `12`; twelve digits would be right"),
    ({"now": "yesterday"}, "`now` `yesterday`; an instant such as `2026-01-15T12:00:00Z` would be right"),
    (
        {"principal": "arn:aws:iam::12:user/a"},
        "principal `arn:aws:iam::12:user/a` has the account `12`; twelve digits would be right",
    ),
    (
        {"principal": "s3"},
        "principal `s3` is unknown; `user/NAME`, `session/ROLE/NAME` or an ARN would be right",
    ),
]


@pytest.mark.parametrize(("fields", "said"), NONSENSE)
def test_what_no_request_could_ask_ends_with_status_2_and_never_passes(fields: dict[str, str], said: str) -> None:
    result = run("-", stdin=json.dumps({"suite": "s", "scenarios": [GOOD | {"id": "odd"} | fields]}))
    assert result.exit_code == 2
    assert f"-: odd: {said}" in result.stderr.splitlines()
    assert "0 passed, 1 failed" in result.stdout


@pytest.mark.parametrize(("fields", "said"), NONSENSE)
def test_explain_says_the_same_about_what_no_request_could_ask(fields: dict[str, str], said: str) -> None:
    call = {"principal": "user/a", "action": "s3:GetObject"} | fields
    result = why(*(part for name, value in call.items() for part in (f"--{name.replace('_', '-')}", value)))
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "s33:GetObject"}, "service `s33` of action `s33:GetObject` is unknown; did you mean `s3`?"),
        ({"action": "quantum-llama:Go"}, "AWS may have added it since"),
        ({"action": "s3:GetObjekt"}, "action `s3:GetObjekt` is unknown; did you mean `s3:GetObject`?"),
        ({"context": {"SourceIp": "1.2.3.4"}}, "condition key `sourceip` has no prefix"),
        (
            {"context": {"aws:MultiFactorAuthAge": "old"}},
            "condition key `aws:multifactorauthage` is `old`; a number of seconds would be right",
        ),
        (
            {"context": {"aws:SourceIp": ["1.2.3.4", "home"]}},
            "condition key `aws:sourceip` is `home`; an address such as `203.0.113.1` would be right",
        ),
    ],
)
def test_what_looks_odd_is_said_and_decided_all_the_same(fields: dict[str, str], said: str) -> None:
    suite = json.dumps({"suite": "s", "scenarios": [GOOD | fields]})
    result = run("-", stdin=suite)
    assert (result.exit_code, result.stdout.split(",")[0]) == (0, "1 passed")
    assert result.stderr.startswith("-: s/good: warning: ")
    assert said in result.stderr
    (answer,) = json.loads(run("--format", "json", "-", stdin=suite).stdout)["results"]
    assert said in answer["warnings"][0]


def test_explain_says_what_looks_odd() -> None:
    result = why("--principal", "user/a", "--action", "s33:GetObject")
    assert result.exit_code == 1
    assert result.stderr == "warning: service `s33` of action `s33:GetObject` is unknown; did you mean `s3`?\n"


def test_every_action_and_value_of_the_sample_is_known() -> None:
    assert not run("--sample").stderr


def test_the_instant_of_an_explained_call_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    limit = {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": limit}
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    call = ("--principal", "user/a", "--action", "s3:GetObject", "--identity", str(path))
    assert why(*call, "--now", "2025-12-31T23:59:59Z").exit_code == 0
    assert why(*call, "--now", "2026-01-01T00:00:00Z").exit_code == 1


def test_an_unusable_file_does_not_hide_the_results_of_others(suite: Path) -> None:
    result = run("absent.json", str(suite))
    assert result.exit_code == 2
    assert "FAIL s/bad" in result.output


def test_the_sample_is_explained() -> None:
    result = why("--sample")
    assert result.exit_code == 1
    assert "condition Bool aws:MultiFactorAuthPresent wants `true`; the request has none" in result.output
    assert why("--sample", "--mfa").exit_code == 0


def test_a_call_is_explained_from_files(tmp_path: Path) -> None:
    identity, scp = tmp_path / "identity.json", tmp_path / "scp.json"
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}/*"}
    statement["Condition"] = {
        "StringEquals": {"aws:ResourceTag/x": "1"},
        "ForAllValues:StringEquals": {"k": ["a", "b"]},
    }  # type: ignore[assignment]
    identity.write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    scp.write_text(json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}))
    call = [
        "--principal", "user/a", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::red/k", "--scp", str(scp),
        "--scp", str(scp), "--identity", str(identity), "--tag", "team=red", "--resource-tag", "x=1",
        "--account", "444455556666", "--resource-account", "444455556666",
    ]  # fmt: skip
    assert why(*call, "--context", "k=a", "--context", "k=b").exit_code == 0
    denied = why(*call, "--context", "k=c", "--format", "json")
    assert denied.exit_code == 1
    (explanation,) = json.loads(denied.stdout)["explanations"]
    assert explanation["near_misses"][0]["statement"]["source"] == os.path.relpath(identity)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--principal and --action are needed"),
        (("--principal", "role/a", "--action", "a:b"), "a role never calls by itself"),
        (("--principal", "user/a", "--action", "a:b", "--tag", "x"), "`x`; KEY=VALUE would be right"),
        (("--principal", "user/a", "--action", "a:b", "--identity", "absent.json"), "absent.json: No such file"),
        (("--principl", "user/a"), "--principal"),
    ],
)
def test_wrong_usage_ends_with_status_2(arguments: tuple[str, ...], said: str) -> None:
    result = why(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_that_is_no_policy_says_where(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"Statement":\n {"Effect": "Allow", "Action": "s3:*"}}')
    result = why("--principal", "user/a", "--action", "a:b", "--identity", str(path))
    assert result.exit_code == 2
    assert (
        f"{os.path.relpath(path)} is no policy for `identity`: Policy statement must contain resources."
        in result.output
    )
    assert f"{os.path.relpath(path)}:2:2: no `Resource`" in result.output
