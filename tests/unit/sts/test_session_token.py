"""sts:GetSessionToken: a user's own temporary credentials, and what they may not call (semantics 7 and 8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.served import ACCOUNT, NOW, Client, Credentials, ServedHouse, allow, deny
from tests.unit.access.test_authenticate import sealed

from locum.call import OPERATIONS

TOKEN, WHO = "sts:GetSessionToken", "sts:GetCallerIdentity"
KEY = {"AccessKeyId": "AKIAQ3EGRIT4EXAMPLE7"}


def session(client: Client, **inputs: object) -> Client:
    """The caller's own temporary credentials."""
    return Client(client.house, Credentials.of(client(TOKEN, **inputs)["Credentials"]))


def test_no_permission_is_needed(served: ServedHouse) -> None:
    assert served.user("alice").ask(TOKEN).status == 200


def test_a_deny_stops_it(served: ServedHouse) -> None:
    alice = served.user("alice", deny(TOKEN))
    answer = alice.ask(TOKEN)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "with an explicit deny in an identity-based policy" in answer.message


def test_the_session_is_the_user(served: ServedHouse) -> None:
    alice = served.user("alice")
    assert session(alice)(WHO).result == alice(WHO).result


@pytest.mark.parametrize(
    ("inputs", "hours"), [({}, 12), ({"DurationSeconds": 900}, 0.25), ({"DurationSeconds": 129_600}, 36)]
)
def test_it_lasts_from_a_quarter_of_an_hour_to_36_hours(served: ServedHouse, inputs: dict, hours: float) -> None:
    assert served.user("alice")(TOKEN, **inputs)["Credentials"]["Expiration"] == NOW + timedelta(hours=hours)


@pytest.mark.parametrize("seconds", [899, 129_601, 0, -1])
def test_outside_of_that_it_is_refused(served: ServedHouse, seconds: int) -> None:
    answer = served.user("alice").ask(TOKEN, DurationSeconds=seconds)
    assert (answer.status, answer.code) == (400, "ValidationError")


@pytest.mark.parametrize("inputs", [{}, {"DurationSeconds": 129_600}])
def test_root_gets_one_hour_at_most(served: ServedHouse, inputs: dict) -> None:
    assert served.root(TOKEN, **inputs)["Credentials"]["Expiration"] == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (WHO, ""),
        ("sts:AssumeRole", ""),
        (TOKEN, "AccessDenied"),
        ("sts:AssumeRoot", "AccessDenied"),
        ("sts:GetDelegatedAccessToken", "AccessDenied"),
        ("sts:DecodeAuthorizationMessage", "AccessDenied"),
        ("sts:GetAccessKeyInfo", "AccessDenied"),
    ],
)
def test_of_sts_a_session_calls_two_operations(served: ServedHouse, action: str, code: str) -> None:
    role = {"RoleArn": served.role("builder"), "RoleSessionName": "xx"}
    message = {"EncodedMessage": "x"}
    inputs: dict = {
        "sts:AssumeRole": role,
        "sts:GetDelegatedAccessToken": {"TradeInToken": "x" * 64},
        "sts:AssumeRoot": {"TargetPrincipal": "1" * 12, "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/x"}},
        "sts:DecodeAuthorizationMessage": message,
        "sts:GetAccessKeyInfo": KEY,
    }.get(action, {})
    assert session(served.admin).ask(action, **inputs).code == code
    assert session(served.root).ask(action, **inputs).code == ("AccessDenied" if action == "sts:AssumeRole" else code)


def test_every_operation_of_sts_is_among_them() -> None:
    assert {name for name in OPERATIONS if name.startswith("sts:")} == {
        WHO,
        TOKEN,
        "sts:AssumeRole",
        "sts:AssumeRoot",
        "sts:GetDelegatedAccessToken",
        "sts:DecodeAuthorizationMessage",
        "sts:AssumeRoleWithSAML",  # nobody signs these two, so that no session calls them
        "sts:AssumeRoleWithWebIdentity",
        "sts:GetFederationToken",
        "sts:GetWebIdentityToken",
        "sts:GetAccessKeyInfo",
    }


@pytest.mark.parametrize("action", ["iam:ListUsers", "iam:GetUser", "iam:GetAccountSummary"])
def test_without_mfa_the_session_calls_no_iam(served: ServedHouse, action: str) -> None:
    for client in (session(served.admin), session(served.root)):
        answer = client.ask(action)
        assert (answer.status, answer.code) == (403, "InvalidClientTokenId")


def test_a_session_makes_no_session(served: ServedHouse) -> None:
    answer = session(served.admin).ask(TOKEN)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message == "Cannot call GetSessionToken with session credentials"


def test_a_role_session_makes_none_either(served: ServedHouse) -> None:
    answer = served.admin.assume(served.role("builder", allow("*"))).ask(TOKEN)
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_role_assumed_with_a_session_is_chained(served: ServedHouse) -> None:
    role = served.role("builder", MaxSessionDuration=43200)
    inputs = {"RoleArn": role, "RoleSessionName": "xx"}
    assert session(served.admin).ask("sts:AssumeRole", **inputs, DurationSeconds=3600).status == 200
    assert session(served.admin).ask("sts:AssumeRole", **inputs, DurationSeconds=3601).code == "ValidationError"


def test_the_session_keeps_the_user_s_limits_of_this_very_moment(served: ServedHouse) -> None:
    alice = served.user("alice", allow("sts:AssumeRole"))
    role = served.role("builder")
    own = session(alice)
    assert own.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx").status == 200
    served.admin("iam:DeleteUserPolicy", UserName="alice", PolicyName="own")
    assert own.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx").code == "AccessDenied"


# ---- federated users: a token of that kind must not be more than it is


def test_a_federated_user_calls_no_iam_and_only_get_caller_identity_of_sts(served: ServedHouse) -> None:
    admin = served.admin(WHO)["UserId"]
    bob = sealed(served, kind="federated-user", name="bob", principal_id=admin, policy='{"Statement":[]}')
    assert bob(WHO)["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert bob.ask("iam:ListUsers").code == "InvalidClientTokenId"
    inputs = {"RoleArn": served.role("builder"), "RoleSessionName": "xx"}
    assert bob.ask("sts:AssumeRole", **inputs).code == "AccessDenied"
    assert bob.ask(TOKEN).message == "Cannot call GetSessionToken with a federated user"
    assert bob.ask("sts:GetAccessKeyInfo", **KEY).code == "AccessDenied"
