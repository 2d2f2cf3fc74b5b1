"""What each layer says alone, which statements an answer shows, and which keys nobody supplied."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.policy.asking import ask

from locum.policy import decide, parse
from locum.policy.context import BUDGET
from locum.policy.contributions import allowed_by_scps, contribution, keys_of_statement, matched, missing

BUCKET = "arn:aws:s3:::b/k"
NOTHING = "allow ec2:* on *"


def shown(**fields: Any) -> list[tuple[str, int]]:
    question = ask(**{"resource": BUCKET, **fields})
    return [(ref.layer, ref.index) for ref in matched(question, decide(question))]


def wanting(**fields: Any) -> tuple[str, ...]:
    question = ask(**{"resource": BUCKET, **fields})
    return missing(question, decide(question))


def only_if(conditions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"allow": "s3:*", "if": conditions, **fields}


# ---- one layer


@pytest.mark.parametrize(
    ("identity", "verdict"),
    [
        (["allow s3:* on *"], "allowed"),
        ([NOTHING], "implicitDeny"),
        ([], "implicitDeny"),
        (["allow s3:* on *", "deny s3:Get* on *"], "explicitDeny"),
        (["allow s3:* on *", "deny s3:Get* on arn:aws:s3:::other/*"], "allowed"),
    ],
)
def test_a_layer_says_what_its_own_statements_say(identity: list[str], verdict: str) -> None:
    boundary = ["deny * on *"]  # of another layer, which this one does not hear
    assert contribution(ask(resource=BUCKET, identity=identity, boundary=boundary), "identity").verdict == verdict


def test_a_contribution_names_every_statement_that_applies() -> None:
    identity = ["allow s3:* on *", "deny s3:GetObject on *", NOTHING, "allow s3:Get* on arn:aws:s3:::b/*"]
    found = contribution(ask(resource=BUCKET, identity=identity), "identity")
    assert [ref.source for ref in found.allows] == ["identity policy 1", "identity policy 4"]
    assert [ref.source for ref in found.denies] == ["identity policy 2"]


def test_a_statement_of_the_resource_counts_for_whom_it_names() -> None:
    policies = ["allow s3:* on * to user/bob", "deny s3:* on * to user/bob"]
    for principal, verdict in (("user/alice", "implicitDeny"), ("user/bob", "explicitDeny")):
        question = ask(principal, resource=BUCKET, resource_policy=policies)
        assert contribution(question, "resource").verdict == verdict
    assert contribution(ask("user/bob", resource_policy=policies[:1]), "resource").verdict == "allowed"


def test_what_is_too_long_to_be_compared_contributes_nothing() -> None:
    long = only_if({"ForAnyValue:StringLike": {"aws:TagKeys": "x" * 4000}})
    keys = tuple("y" for _ in range(BUDGET // 4000 + 1))
    question = msgspec.structs.replace(
        ask(resource=BUCKET, identity=["allow s3:* on *", long]), context={"aws:TagKeys": keys}
    )
    found = contribution(question, "identity")
    assert (found.denies, found.allows, found.verdict) == ((), (), "implicitDeny")


def test_keys_are_not_looked_for_when_that_would_cost_too_much() -> None:
    long = only_if({"ForAnyValue:StringLike": {"aws:TagKeys": "x" * 4000}}, on="arn:aws:s3:::b/*")
    question = ask(resource=BUCKET, identity=[NOTHING, only_if({"Bool": {"k": "true"}})])
    denied = decide(question)
    assert missing(question, denied) == ("k",)
    keys = tuple("y" for _ in range(BUDGET // 4000 + 1))
    longer = ask(resource=BUCKET, identity=[only_if({"Bool": {"k": "true"}}), long])
    assert missing(msgspec.structs.replace(longer, context={"aws:TagKeys": keys}), denied) == ()


# ---- service control policies


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({}, True),
        ({"scps": []}, True),
        ({"scps": [["FullAWSAccess"], ["FullAWSAccess"]]}, True),
        ({"scps": [["FullAWSAccess"], [NOTHING]]}, False),
        ({"scps": [["FullAWSAccess"], []]}, False),
        ({"scps": [["FullAWSAccess", "deny s3:* on *"]]}, False),
        ({"scps": [["deny * on *"]], "principal": "anonymous"}, True),
    ],
)
def test_every_level_must_allow_unless_none_holds_the_caller(fields: dict[str, Any], allowed: bool) -> None:
    assert allowed_by_scps(ask(**{"resource": BUCKET, **fields})) is allowed


# ---- the statements that an answer shows


def test_a_denial_shows_its_denies_alone() -> None:
    assert shown(identity=["allow s3:* on *", "deny s3:Get* on *"], boundary=["deny s3:* on *"]) == [
        ("identity", 0),
        ("boundary", 0),
    ]


def test_the_denies_of_a_session_are_not_shown() -> None:
    fields = {"principal": "session/app/s", "identity": ["deny s3:* on *"], "session": ["deny s3:* on *"]}
    assert shown(**fields) == [("identity", 0)]


def test_what_is_allowed_shows_every_allow_of_the_resource_and_the_caller() -> None:
    fields = {"identity": ["allow s3:* on *", NOTHING], "boundary": ["allow * on *"]}
    assert shown(**fields, resource_policy="allow s3:* on * to user/alice") == [("resource", 0), ("identity", 0)]


def test_what_nothing_allows_shows_nothing() -> None:
    assert shown(identity=["allow s3:* on *"], boundary=[NOTHING]) == []


@pytest.mark.parametrize("level", [["deny s3:* on *"], [NOTHING]])
def test_what_the_organisation_forbids_shows_nothing(level: list[str]) -> None:
    assert shown(identity=["deny s3:* on *"], scps=[level]) == []
    assert wanting(identity=only_if({"Bool": {"aws:SecureTransport": "true"}}), scps=[level]) == ()


# ---- the keys that nobody supplied


def test_an_absent_key_of_a_condition_is_missing_as_the_policy_spells_it() -> None:
    conditions = {"StringEquals": {"My:Key": "x", "my:other": "y"}, "StringLike": {"my:KEY": "x"}}
    assert wanting(identity=only_if(conditions)) == ("My:Key", "my:other")


def test_a_key_with_another_value_is_not_missing() -> None:
    assert wanting(identity=only_if({"StringEquals": {"k": "x"}}), context={"k": "y"}) == ()


def test_a_key_with_no_values_is_missing() -> None:
    assert wanting(identity=only_if({"ForAnyValue:StringEquals": {"k": "x"}}), context={"k": []}) == ("k",)


def test_a_condition_that_holds_without_its_key_misses_none() -> None:
    conditions = {"StringEqualsIfExists": {"k": "x"}, "StringNotEquals": {"l": "x"}, "StringEquals": {"m": "x"}}
    assert wanting(identity=only_if(conditions)) == ("m",)


def test_the_key_of_a_variable_is_missing_too() -> None:
    own = only_if({"StringLike": {"k": "${my:Team}-${my:Team}-*"}})
    assert wanting(identity=own, context={"k": "red"}) == ("my:Team",)
    assert wanting(identity=own) == ("k", "my:Team")
    assert wanting(identity=own, context={"my:team": "red"}) == ("k",)


def test_the_key_of_a_resource_is_missing_and_hides_those_of_conditions() -> None:
    own = only_if({"Bool": {"k": "true"}}, on="arn:aws:s3:::${my:Home}/*")
    assert wanting(identity=own) == ("my:Home",)
    assert wanting(identity=own, context={"my:home": "b"}) == ("k",)
    assert wanting(identity=own, context={"my:home": "c"}) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"identity": {"allow": "ec2:*", "if": {"Bool": {"k": "true"}}}},
        {"resource_policy": {"allow": "s3:*", "to": "user/bob", "if": {"Bool": {"k": "true"}}}},
        {"principal": "session/app/s", "identity": NOTHING, "session": only_if({"Bool": {"k": "true"}})},
        {"identity": only_if({"Bool": {"k": "true"}}, on="arn:aws:s3:::other/*")},
    ],
    ids=["another action", "another caller", "a session's policy", "another resource"],
)
def test_keys_of_what_would_not_apply_anyway_are_not_missing(fields: dict[str, Any]) -> None:
    assert wanting(**fields) == ()


def test_who_is_named_by_the_resource_misses_its_keys() -> None:
    named = {"allow": "s3:*", "to": "user/alice", "if": {"Bool": {"k": "true"}}}
    assert wanting(resource_policy=named) == ("k",)


def test_nothing_is_missing_where_a_deny_or_an_allow_decides() -> None:
    own = only_if({"Bool": {"k": "true"}})
    assert wanting(identity=[own, "allow s3:* on *"]) == ()
    assert wanting(identity=[own, "deny s3:* on *"]) == ()


# ---- the keys that a statement refers to


@pytest.mark.parametrize(("version", "variables"), [("2012-10-17", True), ("2008-10-17", False)])
def test_a_statement_refers_to_the_keys_of_its_conditions_variables_and_resources(
    version: str, variables: bool
) -> None:
    text = f"""{{"Version": "{version}", "Statement": {{"Effect": "Allow", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::b/${{aws:username}}/*", "arn:aws:s3:::b/${{*}}"],
        "Condition": {{"StringEquals": {{"my:A": "x", "my:B": "${{my:C, 'none'}}"}}}}}}}}"""
    (statement,) = parse(text).statements
    expected = ["my:A", "my:B", "my:C", "aws:username"] if variables else ["my:A", "my:B"]
    assert list(keys_of_statement(statement)) == expected
