"""What is taken away counts at once: no request that begins after the acknowledgement is let in (rule R11, one node).

What breaks it: anything about a key, a user, a role or a policy that is remembered longer than it is true.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.served import ACCOUNT, OTHER, Client, ServedHouse, allow, document, trusting

THREADS, ROUNDS = 4, 12


def hammered(client: Client, action: str, taken_away: Callable[[], object]) -> list[str]:
    """The codes of requests that began after `taken_away` had been acknowledged, while others were under way."""
    gone, stop = threading.Event(), threading.Event()
    busy = threading.Barrier(THREADS + 1)
    late: list[str] = []

    def hammer() -> None:
        client.ask(action)
        busy.wait()
        while not stop.is_set():
            after = gone.is_set()
            code = client.ask(action).code
            if after:
                late.append(code)
                if len(late) > 20 * THREADS:
                    return

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(hammer) for _ in range(THREADS)]
        busy.wait()
        try:
            taken_away()
        finally:
            gone.set()
        while len(late) < 10 and not all(one.done() for one in running):
            pass
        stop.set()
        for one in running:
            one.result()
    return late


@pytest.mark.parametrize("turn", range(ROUNDS // 4))
def test_a_key_that_is_turned_off(served: ServedHouse, turn: int) -> None:
    alice = served.user("alice")
    key = {"UserName": "alice", "AccessKeyId": alice.credentials.id}
    late = hammered(
        alice, "sts:GetCallerIdentity", lambda: served.admin("iam:UpdateAccessKey", Status="Inactive", **key)
    )
    assert set(late) == {"InvalidClientTokenId"}


@pytest.mark.parametrize("turn", range(ROUNDS // 4))
def test_a_right_that_is_withdrawn(served: ServedHouse, turn: int) -> None:
    alice = served.user("alice", allow("iam:ListUsers"))
    late = hammered(
        alice, "iam:ListUsers", lambda: served.admin("iam:DeleteUserPolicy", UserName="alice", PolicyName="own")
    )
    assert set(late) == {"AccessDenied"}


@pytest.mark.parametrize("turn", range(ROUNDS // 4))
def test_a_role_that_is_deleted(served: ServedHouse, turn: int) -> None:
    session = served.admin.assume(served.role("builder"))
    late = hammered(session, "sts:GetCallerIdentity", lambda: served.admin("iam:DeleteRole", RoleName="builder"))
    assert set(late) == {"InvalidClientTokenId"}


@pytest.mark.parametrize("turn", range(ROUNDS // 4))
def test_a_session_policy_that_gets_a_new_version(served: ServedHouse, turn: int) -> None:
    made = served.admin("iam:CreatePolicy", PolicyName="users", PolicyDocument=document(allow("iam:ListUsers")))
    arn = made["Policy"]["Arn"]
    session = served.admin.assume(served.role("builder", allow("*")), PolicyArns=[{"arn": arn}])
    silent = document(allow("iam:GetUser"))
    late = hammered(
        session,
        "iam:ListUsers",
        lambda: served.admin("iam:CreatePolicyVersion", PolicyArn=arn, PolicyDocument=silent, SetAsDefault=True),
    )
    assert set(late) == {"AccessDenied"}


def test_trust_that_is_withdrawn_across_accounts(served: ServedHouse) -> None:
    """The decision depends on two accounts: a change in either counts."""
    from_other = served.user("able", allow("sts:AssumeRole"), admin=served.other_admin)
    role = served.role("builder", trust=[trusting(f"arn:aws:iam::{ACCOUNT}:root", OTHER)])
    inputs = {"RoleArn": role, "RoleSessionName": "xx"}
    assert from_other.ask("sts:AssumeRole", **inputs).status == 200
    served.admin("iam:UpdateAssumeRolePolicy", RoleName="builder", PolicyDocument=document(trusting(ACCOUNT)))
    assert from_other.ask("sts:AssumeRole", **inputs).code == "AccessDenied"
