"""Small random policies, callers and contexts for the properties of decisions.

The vocabulary is tiny on purpose: with few actions, resources and keys, statements meet often enough to matter.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from locum.policy import Attached, Bound, PolicyKind, Principal, PrincipalType, Question, bind, parse

HOME, OTHER = "111122223333", "444455556666"
ACTIONS = ("s3:GetObject", "s3:PutObject", "ec2:RunInstances", "sts:AssumeRole")
RESOURCES = ("arn:aws:s3:::reports/q1", "arn:aws:s3:::home/alice/x", "arn:aws:iam::111122223333:role/app", "*")
ACTION_PATTERNS = ("*", "s3:*", "s3:Get*", "S3:getobject", "s3:?utObject", "ec2:*", "sts:AssumeRole")
RESOURCE_PATTERNS = (
    "*", "arn:aws:s3:::*", "arn:aws:s3:::reports/*", "arn:aws:s3:::home/${aws:username}/*", "arn:aws:iam::*:role/app",
)  # fmt: skip
VALUES = ("red", "blue", "true", "10", "re*", "${aws:PrincipalTag/team}", "arn:aws:sns:*:111122223333:x")
KEYS = ("aws:PrincipalTag/team", "aws:MultiFactorAuthPresent", "s3:max-keys", "aws:TagKeys", "aws:SourceArn")
OPERATORS = (
    "StringEquals", "StringNotEquals", "StringLike", "StringNotLikeIfExists", "StringEqualsIgnoreCase", "Bool",
    "NumericLessThan", "NumericNotEquals", "ArnLike", "ArnNotEquals", "Null", "ForAllValues:StringEquals",
    "ForAnyValue:StringNotLike", "IpAddress", "NotIpAddress", "DateLessThan", "BinaryEquals",
)  # fmt: skip
ALICE = "arn:aws:iam::111122223333:user/alice"
APP = ("arn:aws:sts::111122223333:assumed-role/app/s1", "arn:aws:iam::111122223333:role/app", "AROAAPP0000000000000")
CAROL = "arn:aws:iam::444455556666:user/carol"
BROKER = ("arn:aws:sts::111122223333:federated-user/fed", "arn:aws:iam::111122223333:user/broker")

CALLERS = (
    Principal(PrincipalType.USER, ALICE, HOME, (ALICE, "AIDAALICE00000000000")),
    Principal(PrincipalType.ROLE_SESSION, APP[0], HOME, APP),
    Principal(PrincipalType.FEDERATED_USER, BROKER[0], HOME, BROKER),
    Principal(PrincipalType.USER, CAROL, OTHER, (CAROL,)),
    Principal(PrincipalType.ROOT, f"arn:aws:iam::{HOME}:root", HOME, (f"arn:aws:iam::{HOME}:root",)),
    Principal(PrincipalType.ROOT, f"arn:aws:iam::{OTHER}:root", OTHER, (f"arn:aws:iam::{OTHER}:root",)),
    Principal(PrincipalType.SERVICE, "ec2.amazonaws.com", None, ("ec2.amazonaws.com",)),
    Principal(PrincipalType.ANONYMOUS),
)
NAMES = ("*", HOME, f"arn:aws:iam::{OTHER}:root", ALICE, CAROL, APP[0], APP[1], BROKER[1], "AIDAALICE00000000000")


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


conditions = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(st.sampled_from(KEYS), some(VALUES), min_size=1, max_size=2),
    max_size=1,
)
principals = st.one_of(
    st.just("*"), some(NAMES).map(lambda names: {"AWS": names}), st.just({"Service": "ec2.amazonaws.com"})
)


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Deny"), named: bool = False) -> dict[str, Any]:
    """One statement of the full language; `named` ones have a principal."""
    effect = draw(st.sampled_from(effects))
    statement: dict[str, Any] = {"Effect": effect}
    if named:
        element = draw(st.sampled_from(("Principal", "Principal", "NotPrincipal"))) if effect == "Deny" else "Principal"
        statement[element] = draw(principals)
    statement[draw(st.sampled_from(("Action", "Action", "NotAction")))] = draw(some(ACTION_PATTERNS))
    statement[draw(st.sampled_from(("Resource", "Resource", "NotResource")))] = draw(some(RESOURCE_PATTERNS))
    condition = draw(conditions)
    return {**statement, "Condition": condition} if condition else statement


def document(*found: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(found)})


def attach(kind: PolicyKind, *found: dict[str, Any]) -> Attached:
    return Attached(kind.value, parse(document(*found), kind))


def policies(kind: PolicyKind, **how: Any) -> st.SearchStrategy[Attached]:
    return st.lists(statements(**how), min_size=1, max_size=3).map(lambda found: attach(kind, *found))


contexts = st.dictionaries(
    st.sampled_from((*KEYS, "aws:username")),
    st.one_of(st.sampled_from(VALUES), st.lists(st.sampled_from(VALUES), max_size=2).map(tuple)),
    max_size=4,
)
identities = st.lists(policies(PolicyKind.IDENTITY), max_size=2)
boundaries = st.none() | policies(PolicyKind.BOUNDARY)
sessions = st.none() | st.lists(policies(PolicyKind.SESSION), max_size=2)
levels = st.none() | st.lists(st.lists(policies(PolicyKind.SCP), max_size=2), max_size=2)
bounds = st.builds(bind, identities, boundaries, sessions, levels)
own_policies = st.none() | policies(PolicyKind.RESOURCE, named=True)


@st.composite
def questions(draw: st.DrawFn, bound: st.SearchStrategy[Bound] = bounds) -> Question:
    """Any question of the vocabulary."""
    kind = draw(st.sampled_from(("resource", "resource", "resource", "key", "trust")))
    return Question(
        draw(st.sampled_from(CALLERS)),
        draw(st.sampled_from(ACTIONS)),
        draw(st.sampled_from(RESOURCES)),
        HOME,
        draw(contexts),
        draw(bound),
        resource_policy=draw(own_policies),
        resource_policy_kind=kind,
        rcps=draw(st.none() | st.lists(st.lists(_rcps, max_size=1), max_size=2)),
        endpoint=draw(st.none() | policies(PolicyKind.ENDPOINT, named=True)),
    )


_rcps = st.builds(
    lambda actions, condition: attach(
        PolicyKind.RCP,
        {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*", "Condition": condition},
    ),
    some(ACTION_PATTERNS),
    conditions,
)
