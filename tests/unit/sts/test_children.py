"""A child is never more than its parent (rule P10): what a session may do, its role may, whatever it was made with.

What breaks it: one random set of policies under which a session is allowed what its role is not, or lives longer than
its rule says. A failure prints the seed that replays it.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

from tests.served import ACCOUNT, Client, ServedHouse, document, trusting

SEED = int(os.environ.get("LOCUM_SEED", "20261124"))
TURNS = 40
ASKED = ("iam:ListUsers", "iam:ListRoles", "iam:ListGroups", "iam:GetAccountSummary", "iam:ListPolicies")
ACTIONS = (*ASKED, "iam:List*", "iam:*", "*", "iam:Get*", "iam:ListR*s")
RESOURCES = ("*", f"arn:aws:iam::{ACCOUNT}:user/*", f"arn:aws:iam::{ACCOUNT}:*")
TAGGING = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def statement(random: Random) -> dict[str, Any]:
    """A statement that may or may not matter."""
    made: dict[str, Any] = {"Effect": random.choice(["Allow", "Allow", "Allow", "Deny"])}
    made[random.choice(["Action", "Action", "Action", "NotAction"])] = random.sample(ACTIONS, random.randint(1, 2))
    made["Resource"] = random.choice(RESOURCES)
    if random.random() < 0.3:
        made["Condition"] = {"StringEquals": {"aws:PrincipalTag/team": random.choice(["red", "blue"])}}
    return made


def policy(random: Random) -> str:
    """A policy of a few statements."""
    return document(*[statement(random) for _ in range(random.randint(1, 3))])


def able(client: Client) -> set[str]:
    """What this client may do."""
    return {action for action in ASKED if client.ask(action).status == 200}


def test_a_session_is_never_more_than_its_role() -> None:
    random = Random(SEED)
    narrowed = 0
    for turn in range(TURNS):
        served = ServedHouse()
        try:
            role = served.role("parent", trust=[trusting(ACCOUNT, actions=TAGGING)])
            served.admin("iam:PutRolePolicy", RoleName="parent", PolicyName="own", PolicyDocument=policy(random))
            made = served.admin("iam:CreatePolicy", PolicyName="managed", PolicyDocument=policy(random))
            tags = {"Tags": [{"Key": "team", "Value": random.choice(["red", "blue"])}]}
            parent = able(served.admin.assume(role, **tags))
            child = tags | random.choice(
                [
                    {"Policy": policy(random)},
                    {"PolicyArns": [{"arn": made["Policy"]["Arn"]}]},
                    {"Policy": policy(random), "PolicyArns": [{"arn": made["Policy"]["Arn"]}]},
                ]
            )
            found = able(served.admin.assume(role, **child))
            assert found <= parent, f"LOCUM_SEED={SEED}, turn {turn}: {child}"
            narrowed += found < parent
        finally:
            served.close()
    assert narrowed > TURNS // 10  # the control: session policies do bite


def test_a_chain_never_outlives_its_hour(served: ServedHouse) -> None:
    """However often it is renewed by itself, a chained session asks its role's trust again at the latest in an hour."""
    trust = document(trusting(ACCOUNT))
    role = served.role("looping", {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}, trust=trust)
    served.admin("iam:UpdateRole", RoleName="looping", MaxSessionDuration=43_200)
    served.admin("iam:UpdateAssumeRolePolicy", RoleName="looping", PolicyDocument=document(trusting(ACCOUNT, role)))
    session = served.admin.assume(role, DurationSeconds=43_200)
    session = session.assume(role)
    served.admin("iam:UpdateAssumeRolePolicy", RoleName="looping", PolicyDocument=trust)
    served.sessions_age(seconds=3_600)
    assert session.ask("sts:GetCallerIdentity").code == "ExpiredToken"
