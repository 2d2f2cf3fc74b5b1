"""Session policies: they narrow and never add (semantics 7), inline and by ARN."""

from __future__ import annotations

import pytest
from tests.served import ACCOUNT, OTHER, Client, ServedHouse, allow, deny, document, trusting

READ_ONLY = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def able(client: Client) -> set[str]:
    """Which of two lists this client may see."""
    return {action for action in ("iam:ListUsers", "iam:ListRoles") if client.ask(action).status == 200}


BOTH = {"iam:ListUsers", "iam:ListRoles"}


def policy(served: ServedHouse, name: str, *statements: dict, admin: Client | None = None) -> str:
    """A managed policy; its ARN."""
    made = (admin or served.admin)("iam:CreatePolicy", PolicyName=name, PolicyDocument=document(*statements))
    return made["Policy"]["Arn"]


def test_an_inline_policy_narrows(served: ServedHouse) -> None:
    role = served.role("builder", allow("iam:List*"))
    assert able(served.admin.assume(role)) == BOTH
    assert able(served.admin.assume(role, Policy=document(allow("iam:ListUsers")))) == {"iam:ListUsers"}
    assert able(served.admin.assume(role, Policy=document(deny("iam:ListUsers")))) == set()


def test_a_session_policy_never_adds(served: ServedHouse) -> None:
    role = served.role("builder", allow("iam:ListUsers"))
    assert able(served.admin.assume(role, Policy=document(allow("*")))) == {"iam:ListUsers"}
    assert able(served.admin.assume(role, PolicyArns=[{"arn": ADMINISTRATOR}])) == {"iam:ListUsers"}


def test_several_session_policies_allow_what_one_of_them_allows(served: ServedHouse) -> None:
    role = served.role("builder", allow("*"))
    users, roles = policy(served, "users", allow("iam:ListUsers")), policy(served, "roles", allow("iam:ListRoles"))
    assert able(served.admin.assume(role, PolicyArns=[{"arn": users}])) == {"iam:ListUsers"}
    assert able(served.admin.assume(role, PolicyArns=[{"arn": users}, {"arn": roles}])) == BOTH
    mixed = served.admin.assume(role, PolicyArns=[{"arn": users}], Policy=document(allow("iam:ListRoles")))
    assert able(mixed) == BOTH


def test_a_deny_in_one_session_policy_beats_an_allow_in_another(served: ServedHouse) -> None:
    role = served.role("builder", allow("*"))
    refusing = policy(served, "refusing", deny("iam:ListUsers"))
    inputs = {"PolicyArns": [{"arn": ADMINISTRATOR}, {"arn": refusing}]}
    assert able(served.admin.assume(role, **inputs)) == {"iam:ListRoles"}


def test_a_managed_policy_is_read_anew_at_each_request(served: ServedHouse) -> None:
    """Rule T6: a new default version takes effect in running sessions."""
    arn = policy(served, "users", allow("iam:ListUsers"))
    session = served.admin.assume(served.role("builder", allow("*")), PolicyArns=[{"arn": arn}])
    assert able(session) == {"iam:ListUsers"}
    served.admin(
        "iam:CreatePolicyVersion", PolicyArn=arn, PolicyDocument=document(allow("iam:ListRoles")), SetAsDefault=True
    )
    assert able(session) == {"iam:ListRoles"}


def test_a_managed_policy_that_was_deleted_allows_nothing_any_more(served: ServedHouse) -> None:
    arn = policy(served, "users", allow("iam:ListUsers"))
    session = served.admin.assume(served.role("builder", allow("*")), PolicyArns=[{"arn": arn}])
    served.admin("iam:DeletePolicy", PolicyArn=arn)
    assert able(session) == set()
    policy(served, "users", allow("iam:ListUsers"))
    assert able(session) == set()


def test_aws_s_own_policies_can_be_session_policies(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder", allow("*")), PolicyArns=[{"arn": READ_ONLY}])
    assert able(session) == BOTH
    assert session.ask("iam:CreateUser", UserName="x").code == "AccessDenied"


def test_the_policies_are_the_role_s_account_s(served: ServedHouse) -> None:
    """Else a session would hang on a policy whose changes its account never hears of, and whether another account has
    a policy of that name could be found out."""
    role = served.role("builder", allow("*"), trust=[trusting(OTHER)])
    caller = policy(served, "users", allow("iam:ListUsers"), admin=served.other_admin)
    absent = caller.replace("users", "absent")
    answers = [
        served.other_admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", PolicyArns=[{"arn": arn}])
        for arn in (caller, absent)
    ]
    assert [one.code for one in answers] == ["MalformedPolicyDocument"] * 2
    assert answers[0].message.replace("users", "absent") == answers[1].message
    own = policy(served, "users", allow("iam:ListUsers"))
    assert able(served.other_admin.assume(role, PolicyArns=[{"arn": own}])) == {"iam:ListUsers"}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"arn:aws:iam::{ACCOUNT}:policy/absent", "MalformedPolicyDocument"),
        (f"arn:aws:iam::{ACCOUNT}:policy/USERS", "MalformedPolicyDocument"),
        (f"arn:aws-cn:iam::{ACCOUNT}:policy/users", "MalformedPolicyDocument"),
        ("arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "MalformedPolicyDocument"),
        ("arn:aws:iam::aws:policy/NoSuchPolicy", "MalformedPolicyDocument"),
        ("this-is-no-arn-at-all", "ValidationError"),
    ],
)
def test_a_policy_that_is_not_there_is_refused(served: ServedHouse, arn: str, code: str) -> None:
    policy(served, "users", allow("iam:ListUsers"))
    answer = served.admin.ask(
        "sts:AssumeRole", RoleArn=served.role("builder"), RoleSessionName="xx", PolicyArns=[{"arn": arn}]
    )
    assert (answer.status, answer.code) == (400, code)


def test_ten_managed_policies_at_most(served: ServedHouse) -> None:
    role = served.role("builder", allow("*"))
    ten = [{"arn": policy(served, f"p{at}", allow("iam:ListUsers"))} for at in range(10)]
    assert able(served.admin.assume(role, PolicyArns=ten)) == {"iam:ListUsers"}
    eleven = [*ten, {"arn": READ_ONLY}]
    answer = served.admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", PolicyArns=eleven)
    assert (answer.status, answer.code) == (400, "ValidationError")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "ValidationError"),
        ("{", "MalformedPolicyDocument"),
        ('{"Version": "2012-10-17", "Statement": []}', "MalformedPolicyDocument"),
        (document(trusting("*")), "MalformedPolicyDocument"),
        (document(allow("*")) + " " * 2048, "ValidationError"),
        ('{"Statement":' + "[" * 1000, "MalformedPolicyDocument"),
    ],
)
def test_a_text_that_is_no_session_policy_is_refused(served: ServedHouse, text: str, code: str) -> None:
    answer = served.admin.ask("sts:AssumeRole", RoleArn=served.role("builder"), RoleSessionName="xx", Policy=text)
    assert (answer.status, answer.code) == (400, code)


def test_policies_and_tags_that_do_not_fit_the_token_are_refused_in_percent(served: ServedHouse) -> None:
    role = served.role("builder", trust=[trusting(ACCOUNT, actions=("sts:AssumeRole", "sts:TagSession"))])
    tags = [{"Key": f"{at:02}" + "k" * 100, "Value": "v" * 200} for at in range(10)]
    answer = served.admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx", Tags=tags)
    assert (answer.status, answer.code) == (400, "PackedPolicyTooLarge")
    assert answer.message.startswith("Packed policy consumes 1")
    assert "%" in answer.message
