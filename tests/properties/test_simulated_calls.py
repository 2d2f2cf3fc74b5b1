"""Tries to break: what SimulatePrincipalPolicy says of a call is what happens when the call is made.

A failure prints the seed; LOCUM_SIMULATED (callers) and LOCUM_SEED lengthen or replay the run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.served import ACCOUNT, ServedHouse, document

ROUNDS = int(os.environ.get("LOCUM_SIMULATED", "20"))
IAM = f"arn:aws:iam::{ACCOUNT}:"
# Calls that are decided by one question, their inputs, and the resource that they are about.
CALLS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("iam:GetUser", {"UserName": "admin"}, f"{IAM}user/admin"),
    ("iam:ListUserPolicies", {"UserName": "admin"}, f"{IAM}user/admin"),
    ("iam:GetRole", {"RoleName": "red"}, f"{IAM}role/team/red"),
    ("iam:GetRole", {"RoleName": "blue"}, f"{IAM}role/blue"),
    ("iam:ListGroups", {}, f"{IAM}group/"),
    ("iam:GetGroup", {"GroupName": "all"}, f"{IAM}group/all"),
    ("sts:AssumeRole", {"RoleArn": f"{IAM}role/team/red", "RoleSessionName": "aa"}, f"{IAM}role/team/red"),
    ("sts:AssumeRole", {"RoleArn": f"{IAM}role/blue", "RoleSessionName": "aa"}, f"{IAM}role/blue"),
)
ACTIONS = ("*", "iam:*", "iam:Get*", "iam:List*", "iam:GetUser", "iam:GetRole", "sts:AssumeRole", "iam:?et*")
RESOURCES = ("*", f"{IAM}user/*", f"{IAM}role/*", f"{IAM}role/team/*", f"{IAM}*/admin", f"{IAM}user/${{aws:username}}")
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringLike": {"aws:username": "caller-*1"}},
    {"ArnLike": {"aws:PrincipalArn": f"{IAM}user/*"}},
    {"StringEquals": {"aws:ResourceAccount": ACCOUNT}},
)


def statement(chance: random.Random) -> dict[str, Any]:
    """A statement that may matter to one of the calls."""
    negated = chance.random() < 0.2
    made: dict[str, Any] = {
        "Effect": chance.choice(("Allow", "Allow", "Allow", "Deny")),
        "NotAction" if negated else "Action": chance.sample(ACTIONS, chance.randint(1, 2)),
        "Resource": chance.choice(RESOURCES),
    }
    condition = chance.choice(CONDITIONS)
    return made | {"Condition": condition} if condition else made


@pytest.fixture(scope="module")
def house() -> Iterator[ServedHouse]:
    house = ServedHouse()
    red = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    trusted = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    house.role("red", trust=[trusted | {"Condition": red}], Path="/team/")
    house.role("blue", trust=[trusted])
    house.admin("iam:CreateGroup", GroupName="all")
    yield house
    house.close()


def test_what_is_simulated_is_what_happens(house: ServedHouse) -> None:
    seed = int(os.environ.get("LOCUM_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    print(f"LOCUM_SEED={seed}")
    chance = random.Random(seed)
    seen = set()
    for number in range(ROUNDS):
        name = f"caller-{number}"
        tags = [{"Key": "team", "Value": chance.choice(("red", "blue"))}] if chance.random() < 0.7 else []
        caller = house.user(name, *(statement(chance) for _ in range(chance.randint(1, 4))), Tags=tags)
        if chance.random() < 0.4:
            limit = house.admin(
                "iam:CreatePolicy", PolicyName=name, PolicyDocument=document(statement(chance), statement(chance))
            )["Policy"]["Arn"]
            house.admin("iam:PutUserPermissionsBoundary", UserName=name, PermissionsBoundary=limit)
        for action, inputs, resource in CALLS:
            answer = house.admin(
                "iam:SimulatePrincipalPolicy",
                PolicySourceArn=f"{IAM}user/{name}",
                ActionNames=[action],
                ResourceArns=[resource],
            )
            said = answer["EvaluationResults"][0]["EvalDecision"]
            code = caller.ask(action, **inputs).code
            assert (said == "allowed") == (code == ""), (seed, number, action, resource, said, code)
            seen.add((action, said))
    if ROUNDS >= 20:  # each call was allowed and denied, by statements and for want of them
        assert len(seen) >= 2 * len({action for action, _, _ in CALLS})
