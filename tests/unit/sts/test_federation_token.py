"""sts:GetFederationToken: a user's credentials for somebody else, never more than the user and the policy together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.served import ACCOUNT, NOW, Client, Credentials, ServedHouse, allow, deny, document
from tests.unit.sts.deciding import allowed

TOKEN, WHO = "sts:GetFederationToken", "sts:GetCallerIdentity"
ALL = document(allow("*"))


@pytest.fixture
def alice(served: ServedHouse) -> Client:
    return served.user("alice", allow(TOKEN, "sts:TagSession", "iam:ListUsers"))


def session(client: Client, **inputs: object) -> Client:
    return Client(client.house, Credentials.of(client(TOKEN, Name="bob", **inputs)["Credentials"]))


def test_a_federated_user_has_a_name_of_its_own(alice: Client) -> None:
    answer = alice(TOKEN, Name="bob")
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:bob", "Arn": arn}
    assert answer["PackedPolicySize"] == 0
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=12)
    who = session(alice)(WHO)
    assert (who["Arn"], who["UserId"]) == (arn, f"{ACCOUNT}:bob")


def test_the_right_to_make_them_is_needed(served: ServedHouse) -> None:
    answer = served.user("nobody").ask(TOKEN, Name="bob")
    assert answer.code == "AccessDenied"
    assert f"{TOKEN} on resource: arn:aws:sts::{ACCOUNT}:federated-user/bob" in answer.message


def test_a_right_may_be_for_one_name(served: ServedHouse) -> None:
    alice = served.user("alice", allow(TOKEN, on=f"arn:aws:sts::{ACCOUNT}:federated-user/bob"))
    assert alice.ask(TOKEN, Name="bob").code == ""
    assert alice.ask(TOKEN, Name="eve").code == "AccessDenied"


def test_tags_need_their_own_right(served: ServedHouse) -> None:
    tags = [{"Key": "team", "Value": "build"}]
    alice = served.user("alice", allow(TOKEN))
    assert alice.ask(TOKEN, Name="bob", Tags=tags).code == "AccessDenied"
    carol = served.user(
        "carol", allow(TOKEN, "sts:TagSession", Condition={"StringEquals": {"aws:RequestTag/team": "build"}})
    )
    assert carol(TOKEN, Name="bob", Tags=tags)["PackedPolicySize"] > 0


@pytest.mark.parametrize(
    ("seconds", "code"), [(900, ""), (129_600, ""), (899, "ValidationError"), (129_601, "ValidationError")]
)
def test_it_lasts_from_a_quarter_of_an_hour_to_36_hours(alice: Client, seconds: int, code: str) -> None:
    answer = alice.ask(TOKEN, Name="bob", DurationSeconds=seconds)
    assert answer.code == code
    if not code:
        assert answer["Credentials"]["Expiration"] == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("name", ["b", "b" * 33, "bo b", "bøb"])
def test_a_name_has_2_to_32_characters(alice: Client, name: str) -> None:
    assert alice.ask(TOKEN, Name=name).code == "ValidationError"


def test_root_s_lasts_one_hour_at_most(served: ServedHouse) -> None:
    assert served.root(TOKEN, Name="bob")["Credentials"]["Expiration"] == NOW + timedelta(hours=1)
    who = session(served.root)(WHO)
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"


def test_of_sts_and_iam_a_federated_user_calls_one_operation(served: ServedHouse, alice: Client) -> None:
    for client in (session(alice, Policy=ALL), session(served.root, Policy=ALL)):
        assert client.ask("iam:ListUsers").code == "InvalidClientTokenId"
        assert client.ask(TOKEN, Name="eve").code == "AccessDenied"
        assert client.ask("sts:GetSessionToken").code == "AccessDenied"


def test_credentials_of_a_session_make_none(served: ServedHouse) -> None:
    assert served.admin.assume(served.role("any", allow("*"))).ask(TOKEN, Name="bob").code == "AccessDenied"
    own = Client(served, Credentials.of(served.admin("sts:GetSessionToken")["Credentials"]))
    assert own.ask(TOKEN, Name="bob").message == "Cannot call GetFederationToken with session credentials"


def test_a_session_policy_that_is_none_is_refused(alice: Client) -> None:
    assert alice.ask(TOKEN, Name="bob", Policy="{}").code == "MalformedPolicyDocument"
    assert alice.ask(TOKEN, Name="bob", PolicyArns=[{"arn": "arn:aws:iam::aws:policy/None12345"}]).status == 400


@pytest.mark.parametrize("own", [[deny("s3:*"), allow("*")], [allow("*")]])
def test_what_the_user_may_not_the_federated_user_may_not(served: ServedHouse, own: list) -> None:
    """Decided by the engine, because no operation here has a resource that a federated user may call."""
    alice = served.user("alice", *own)
    bob = session(alice, Policy=document(allow("s3:GetObject")))
    may = own == [allow("*")]
    assert allowed(bob, "s3:GetObject", "arn:aws:s3:::b/k") is may
    assert allowed(bob, "s3:PutObject", "arn:aws:s3:::b/k") is False
    assert allowed(session(alice), "s3:GetObject", "arn:aws:s3:::b/k") is False


def test_of_root_s_rights_the_policy_s_are_left(served: ServedHouse) -> None:
    bob = session(served.root, Policy=document(allow("s3:GetObject")))
    assert allowed(bob, "s3:GetObject", "arn:aws:s3:::b/k") is True
    assert allowed(bob, "s3:PutObject", "arn:aws:s3:::b/k") is False
    assert allowed(session(served.root), "s3:GetObject", "arn:aws:s3:::b/k") is False
