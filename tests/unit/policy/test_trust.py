"""The two forms of a trust policy: stored with unique ids, shown with ARNs."""

from __future__ import annotations

from locum.policy import display_form, principals_of, store_form
from locum.policy.trust import aws_principals

ALICE, APP = "arn:aws:iam::111122223333:user/dev/alice", "arn:aws:iam::111122223333:role/app"
TRUST = f"""{{
  "Version": "2012-10-17",
  "Statement": [
    {{"Effect": "Allow", "Principal": {{"AWS": ["{ALICE}", "111122223333", "{APP}"]}}, "Action": "sts:AssumeRole",
     "Condition": {{"ArnEquals": {{"aws:PrincipalArn": "{APP}"}}}}}},
    {{"Effect": "Deny", "Principal": {{"AWS": "{ALICE}"}}, "Action": "sts:TagSession"}},
    {{"Effect": "Allow", "Principal": {{"Service": "ec2.amazonaws.com"}}, "Action": "sts:AssumeRole"}},
    {{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
  ]
}}"""
IDS = {ALICE: "AIDAALICE00000000000", APP: "AROAAPP0000000000000"}
ARNS = {identity: arn for arn, identity in IDS.items()}


def test_the_users_and_roles_of_a_trust_policy_are_found_once_each() -> None:
    assert principals_of(TRUST) == (ALICE, APP)


def test_storing_changes_the_principals_and_nothing_else() -> None:
    stored = store_form(TRUST, IDS)
    assert stored.count("AIDAALICE00000000000") == 2
    assert stored.count(APP) == 1, "an ARN inside a condition is not converted"
    assert stored.replace('"AIDAALICE00000000000"', f'"{ALICE}"').replace('"AROAAPP0000000000000"', f'"{APP}"') == TRUST


def test_showing_brings_the_submitted_text_back() -> None:
    assert display_form(store_form(TRUST, IDS), ARNS) == TRUST


def test_the_id_of_somebody_deleted_stays_visible() -> None:
    stored = store_form(TRUST, IDS)
    assert "AIDAALICE00000000000" in display_form(stored, {IDS[APP]: APP})


def test_a_text_that_is_no_policy_names_nobody_and_stays_as_it_is() -> None:
    for text in ("", "{", "[]", '{"Statement": 1}', '{"Version": "2012-10-17"}'):
        assert principals_of(text) == ()
        assert store_form(text, IDS) == text


def test_an_escaped_name_is_the_same_name() -> None:
    escaped = TRUST.replace("user/dev/alice", r"user\/dev\/alice")
    assert principals_of(escaped) == (ALICE, APP)
    assert "AIDAALICE00000000000" in store_form(escaped, IDS)


def test_every_aws_principal_is_listed_once() -> None:
    assert aws_principals(TRUST) == (ALICE, "111122223333", APP)
