"""The grammar of each kind of policy: every row of documents.json names its rule and what must be found wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from locum.policy import Policy, PolicyError, PolicyKind, parse, size
from locum.policy.accepted import require_identity_policy, require_session_policy, require_trust_policy

ROWS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "documents.json").read_text())
ALLOW = '{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
TRUST = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}'


def refused(text: str | bytes, kind: PolicyKind = PolicyKind.IDENTITY) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse(text, kind)
    return caught.value


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['rule']} {row['name']}" for row in ROWS])
def test_a_document_is_judged_as_its_row_says(row: dict[str, Any]) -> None:
    text = row.get("text") or json.dumps(row["document"], indent=1)
    kind = PolicyKind(row["kind"])
    if "wrong" not in row:
        assert isinstance(parse(text, kind), Policy)
        return
    error = refused(text, kind)
    assert sorted(one.seen for one in error.findings) == sorted(row["wrong"])
    assert row.get("sentence", error.message) == error.message


def test_a_refusal_is_malformed_policy_document_with_status_400() -> None:
    error = refused("{}")
    assert (error.code, error.status, error.facts) == ("MalformedPolicyDocument", 400, {"kind": "identity"})


def test_a_finding_says_where_it_is() -> None:
    error = refused('{"Statement": [\n  {"Effect": "Allow", "Action": "*", "Resource": "*"},\n  {"Effect": "No"}]}')
    assert [(one.line, one.column) for one in error.findings] == [(3, 3), (3, 3), (3, 14)]
    assert str(error.findings[2]) == "line 3, column 14: effect `No`; `Allow` or `Deny` would be right"


def test_the_right_operator_is_named() -> None:
    condition = '"Condition": {"stringlike": {"a": "b"}, "null": {"a": "b"}, "NullIfExists": {"a": "b"}}'
    error = refused(f'{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", {condition}}}}}')
    assert [one.right for one in error.findings] == [
        "`StringLike` would be right",
        "`Null` alone, without `IfExists` or a set operator, would be right",
        "`Null` alone, without `IfExists` or a set operator, would be right",
    ]


def test_white_space_counts_in_organisations_policies_alone() -> None:
    assert size(ALLOW, PolicyKind.IDENTITY) == len("".join(ALLOW.split()))
    assert size(ALLOW, PolicyKind.SCP) == len(ALLOW)
    assert parse(ALLOW).size == size(ALLOW, PolicyKind.IDENTITY)


def test_a_policy_shows_its_kind_and_not_its_text() -> None:
    assert repr(parse(ALLOW)) == "Policy(identity, 1 statements)"


def test_a_statement_knows_its_line() -> None:
    assert parse(ALLOW).statements[0].line == 2


def test_each_door_takes_its_own_kind() -> None:
    assert require_identity_policy(ALLOW).kind is PolicyKind.IDENTITY
    assert require_session_policy(ALLOW).kind is PolicyKind.SESSION
    assert require_trust_policy(TRUST).kind is PolicyKind.TRUST
    with pytest.raises(PolicyError):
        require_identity_policy(TRUST)
