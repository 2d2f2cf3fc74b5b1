"""A session that a long-term key made goes on without the key, as on AWS, and ends when the sessions of its user do."""

from __future__ import annotations

import pytest
from tests.served import ACCOUNT, Client, Credentials, ServedHouse

from locum.server import token_rules


@pytest.fixture
def served():
    house = ServedHouse()
    yield house
    house.close()


@pytest.fixture
def made(served: ServedHouse) -> tuple[Client, Client]:
    """Alice's key, and a session that it made."""
    alice = served.user("alice")
    return alice, Client(served, Credentials.of(alice("sts:GetSessionToken")["Credentials"]))


@pytest.mark.parametrize(
    "end", [{"action": "iam:UpdateAccessKey", "Status": "Inactive"}, {"action": "iam:DeleteAccessKey"}]
)
def test_a_session_outlives_the_key_that_made_it(served, made, end):
    alice, session = made
    how = {name: value for name, value in end.items() if name != "action"}
    served.admin(end["action"], UserName="alice", AccessKeyId=alice.credentials.id, **how)
    assert alice.ask("sts:GetCallerIdentity").code == "InvalidClientTokenId"
    assert session("sts:GetCallerIdentity")["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"


def test_ending_the_sessions_of_a_user_ends_it(served, made):
    served.real_time_passes(minutes=1)
    served.house.store.write(token_rules.end_sessions(ACCOUNT, role=None, user="alice", now=served.real.now))
    assert made[1].ask("sts:GetCallerIdentity").code == "ExpiredToken"
