"""sts:AssumeRole: who may, for how long, and what the session is.

Source: AWS STS API reference and IAM User Guide; semantics 7 ("Role trust") and 8, sentences of wire.md 7.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.served import (
    ACCOUNT,
    NOW,
    OTHER,
    Answer,
    Client,
    ServedHouse,
    allow,
    deny,
    document,
    trusting,
)

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
WHO = "sts:GetCallerIdentity"


def asked(client: Client, role: str, **inputs: Any) -> Answer:
    """The answer to an AssumeRole."""
    return client.ask("sts:AssumeRole", **{"RoleArn": role, "RoleSessionName": "session"} | inputs)


def refused(client: Client, role: str, **inputs: Any) -> bool:
    """Whether an AssumeRole is denied, as every denial of it reads."""
    answer = asked(client, role, **inputs)
    if answer.status == 200:
        return False
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message.startswith("User: ")
    assert answer.message.endswith(f"on resource: {role}")
    return True


# ---- the answer


def test_the_answer_shows_the_session_and_its_credentials(served: ServedHouse) -> None:
    answer = served.admin("sts:AssumeRole", RoleArn=served.role("builder", Path="/ci/"), RoleSessionName="job")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/job"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":job")
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert len(answer["Credentials"]["SecretAccessKey"]) == 40
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=1)
    assert set(answer.result) == {"Credentials", "AssumedRoleUser"}


def test_packed_policy_size_comes_with_policies_or_tags_only(served: ServedHouse) -> None:
    role = served.role("builder", trust=[trusting(ACCOUNT, actions=("sts:AssumeRole", "sts:TagSession"))])
    for inputs in ({"Policy": document(allow("*"))}, {"Tags": [{"Key": "a", "Value": "b"}]}):
        assert 0 < served.admin("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", **inputs)["PackedPolicySize"] < 50


# ---- who may


def test_trust_in_the_account_asks_the_caller_s_own_policies(served: ServedHouse) -> None:
    role = served.role("builder", trust=[trusting(ACCOUNT)])
    assert refused(served.user("alice"), role)
    assert refused(served.user("bob", allow("sts:AssumeRole", on=f"{role}x")), role)
    assert not refused(served.user("eve", allow("sts:AssumeRole", on=role)), role)


def test_trust_in_the_user_needs_no_policy_of_the_user(served: ServedHouse) -> None:
    alice, bob = served.user("alice"), served.user("bob")
    role = served.role("builder", trust=[trusting(ALICE)])
    assert not refused(alice, role)
    assert refused(bob, role)


def test_a_deny_of_the_user_s_own_counts_though_the_role_trusts_the_user(served: ServedHouse) -> None:
    alice = served.user("alice", deny("sts:AssumeRole"))
    assert refused(alice, served.role("builder", trust=[trusting(ALICE)]))


def test_a_deny_in_the_trust_policy_beats_an_administrator(served: ServedHouse) -> None:
    trust = [trusting(ACCOUNT), {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]
    assert refused(served.admin, served.role("builder", trust=trust))


def test_an_administrator_is_not_enough_without_trust(served: ServedHouse) -> None:
    served.user("alice")
    assert refused(served.admin, served.role("builder", trust=[trusting(ALICE)]))


def test_trust_in_a_service_lets_no_user_in(served: ServedHouse) -> None:
    trust = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    assert refused(served.admin, served.role("builder", trust=trust))


def test_a_user_made_anew_is_not_the_one_who_was_trusted(served: ServedHouse) -> None:
    alice = served.user("alice")
    role = served.role("builder", trust=[trusting(ALICE)])
    served.admin("iam:DeleteAccessKey", UserName="alice", AccessKeyId=alice.credentials.id)
    served.admin("iam:DeleteUser", UserName="alice")
    assert refused(served.user("alice"), role)


def test_a_renamed_user_stays_trusted(served: ServedHouse) -> None:
    alice = served.user("alice")
    role = served.role("builder", trust=[trusting(ALICE)])
    served.admin("iam:UpdateUser", UserName="alice", NewUserName="alicia", NewPath="/x/")
    assert not refused(alice, role)


def test_a_role_made_anew_is_not_the_one_that_was_trusted(served: ServedHouse) -> None:
    first = served.role("first")
    second = served.role("second", trust=[trusting(first)])
    assert not refused(served.admin.assume(first), second)
    served.admin("iam:DeleteRole", RoleName="first")
    assert served.role("first") == first
    assert refused(served.admin.assume(first), second)


def test_a_role_assumes_itself_only_if_its_trust_names_it(served: ServedHouse) -> None:
    role = served.role("builder", allow("sts:AssumeRole"))
    session = served.admin.assume(role)

    def trusts(statement: dict[str, Any]) -> None:
        served.admin("iam:UpdateAssumeRolePolicy", RoleName="builder", PolicyDocument=document(statement))

    trusts({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    assert refused(session, role)
    trusts(trusting(role))
    assert not refused(session, role)


def test_root_assumes_nothing(served: ServedHouse) -> None:
    role = served.role("builder", trust=[trusting(ACCOUNT, OTHER)])
    for root in (served.root, served.other_root):
        answer = asked(root, role)
        assert (answer.status, answer.code) == (403, "AccessDenied")
        assert answer.message == "Roles may not be assumed by root accounts."


def test_across_accounts_both_sides_must_allow(served: ServedHouse) -> None:
    trusted = served.role("trusted", trust=[trusting(OTHER)])
    untrusted = served.role("untrusted")
    able = served.user("able", allow("sts:AssumeRole"), admin=served.other_admin)
    unable = served.user("unable", admin=served.other_admin)
    assert not refused(able, trusted)
    assert refused(unable, trusted)
    assert refused(able, untrusted)


def test_across_accounts_a_named_user_still_needs_a_policy_of_its_own(served: ServedHouse) -> None:
    unable = served.user("unable", admin=served.other_admin)
    role = served.role("builder", trust=[trusting(f"arn:aws:iam::{OTHER}:user/unable")])
    assert refused(unable, role)
    served.other_admin(
        "iam:PutUserPolicy", UserName="unable", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole"))
    )
    assert not refused(unable, role)


def test_the_session_acts_in_the_role_s_account(served: ServedHouse) -> None:
    role = served.role("builder", allow("iam:ListUsers"), trust=[trusting(OTHER)])
    session = served.other_admin.assume(role)
    assert session(WHO)["Account"] == ACCOUNT
    assert {user["UserName"] for user in session("iam:ListUsers")["Users"]} == {"admin"}


def test_the_session_has_the_role_s_rights_and_not_the_caller_s(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder", allow("iam:ListUsers")))
    assert session("iam:ListUsers").status == 200
    assert session.ask("iam:ListRoles").code == "AccessDenied"


def test_a_boundary_of_the_role_holds_its_session(served: ServedHouse) -> None:
    arn = served.admin("iam:CreatePolicy", PolicyName="limit", PolicyDocument=document(allow("iam:ListUsers")))
    session = served.admin.assume(served.role("builder", allow("*"), PermissionsBoundary=arn["Policy"]["Arn"]))
    assert session("iam:ListUsers").status == 200
    assert "no permissions boundary allows" in session.ask("iam:ListRoles").message


# ---- which role


def test_a_role_that_does_not_exist_is_refused_as_any_other(served: ServedHouse) -> None:
    there = served.role("there", trust=[trusting(OTHER)])
    absent = there.replace("there", "absent")
    for client in (served.admin, served.other_admin, served.user("alice", allow("*"))):
        assert refused(client, absent)
    answers = [asked(served.admin, arn) for arn in (there, absent)]
    assert answers[0].message.replace("there", "absent") == answers[1].message


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:role/Builder",
        f"arn:aws:iam::{ACCOUNT}:role/ci/builder",
        f"arn:aws-cn:iam::{ACCOUNT}:role/builder",
        f"arn:aws:sts::{ACCOUNT}:role/builder",
        f"arn:aws:iam::{ACCOUNT}:user/builder",
        f"arn:aws:iam::{OTHER}:role/builder",
        "arn:aws:iam::999999999999:role/builder",
        "arn:aws:iam:::role/builder",
        f"arn:aws:iam::{ACCOUNT}:role/builder:x",
        f"arn:aws:iam::{ACCOUNT}:role//builder",
        f"arn:aws:iam::{ACCOUNT}:role/*",
    ],
)
def test_the_arn_is_compared_exactly(served: ServedHouse, arn: str) -> None:
    served.role("builder")
    assert refused(served.admin, arn)


@pytest.mark.parametrize(
    "arn",
    [
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
        "nothing-valid-in-here",
    ],
)
def test_a_text_that_is_no_arn_is_called_invalid(served: ServedHouse, arn: str) -> None:
    answer = asked(served.admin, arn)
    assert (answer.status, answer.code, answer.message) == (400, "ValidationError", f"{arn} is invalid")


# ---- how long


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(899, "ValidationError"), (900, ""), (7200, ""), (7201, "ValidationError"), (43201, "ValidationError")],
)
def test_a_session_lasts_from_a_quarter_of_an_hour_to_the_role_s_maximum(
    served: ServedHouse, seconds: int, code: str
) -> None:
    answer = asked(served.admin, served.role("builder", MaxSessionDuration=7200), DurationSeconds=seconds)
    assert answer.code == code
    if seconds == 7201:
        assert answer.message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    if not code:
        assert answer["Credentials"]["Expiration"] == NOW + timedelta(seconds=seconds)


def test_twelve_hours_is_the_most_of_all(served: ServedHouse) -> None:
    answer = asked(served.admin, served.role("builder", MaxSessionDuration=43200), DurationSeconds=43200)
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=12)


def test_an_hour_is_what_a_role_gives_that_allows_more(served: ServedHouse) -> None:
    answer = asked(served.admin, served.role("builder", MaxSessionDuration=43200))
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=1)


@pytest.mark.parametrize("seconds", [3600, 3601])
def test_a_chained_session_lasts_an_hour_at_most(served: ServedHouse, seconds: int) -> None:
    first = served.role("first", allow("*"))
    second = served.role("second", MaxSessionDuration=43200)
    session = served.admin.assume(first)
    answer = asked(session, second, DurationSeconds=seconds)
    assert answer.code == ("" if seconds == 3600 else "ValidationError")
    if seconds > 3600:
        assert answer.message == (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )


def test_time_counts_on_the_clock_of_sessions(served: ServedHouse) -> None:
    role = served.role("builder")
    served.sessions_age(days=10)
    answer = asked(served.admin, role)
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(days=10, hours=1)


# ---- external id


def test_an_external_id_is_a_condition_of_the_trust_policy(served: ServedHouse) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "deal-7"}}
    role = served.role("builder", trust=[trusting(ACCOUNT, Condition=condition)])
    assert refused(served.admin, role)
    assert refused(served.admin, role, ExternalId="DEAL-7")
    assert not refused(served.admin, role, ExternalId="deal-7")


def test_a_session_name_is_a_condition_of_the_trust_policy(served: ServedHouse) -> None:
    condition = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    role = served.role("builder", trust=[trusting(ACCOUNT, Condition=condition)])
    assert refused(served.admin, role, RoleSessionName="somebody")
    assert not refused(served.admin, role, RoleSessionName="admin")


@pytest.mark.parametrize("name", ["x", "with blank", "with/slash", "a" * 65, "newline\n", "ключ"])
def test_a_session_name_outside_the_pattern_is_refused(served: ServedHouse, name: str) -> None:
    assert asked(served.admin, served.role("builder"), RoleSessionName=name).code == "ValidationError"
