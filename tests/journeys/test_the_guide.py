"""The guide's own story, by the AWS CLI: a user assumes a role and works with it until its time is over."""

from __future__ import annotations

import shlex

import pytest
from tests.journeys.clients import AwsCli, Key, boto
from tests.journeys.documents import allow, policy, trust

ASSUME = (
    'aws sts assume-role --role-arn "arn:aws:iam::111111111111:role/admin-task-role" '
    '--role-session-name "TriageSession"'
)


@pytest.fixture
def alice(locum) -> Key:
    """A user with a long-term key and no permission of her own but to assume the role, which trusts her."""
    iam = boto("iam", locum.url)
    arn = iam.create_user(UserName="alice")["User"]["Arn"]
    role = iam.create_role(RoleName="admin-task-role", AssumeRolePolicyDocument=trust(arn))["Role"]
    iam.put_role_policy(
        RoleName="admin-task-role", PolicyName="read", PolicyDocument=policy(allow(["iam:ListRoles", "iam:GetRole"]))
    )
    iam.put_user_policy(
        UserName="alice", PolicyName="assume", PolicyDocument=policy(allow("sts:AssumeRole", role["Arn"]))
    )
    return Key.of(iam.create_access_key(UserName="alice")["AccessKey"])


def guided(cli: AwsCli) -> dict:
    """What the guide's command prints, letter by letter as the guide has it."""
    return cli(*shlex.split(ASSUME)[1:])


def test_the_guides_command_gives_temporary_credentials_of_the_role(locum, alice):
    answer = guided(AwsCli(locum.url, alice))
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111111111111:assumed-role/admin-task-role/TriageSession"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA")
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":TriageSession")


def test_the_credentials_speak_as_the_session(locum, alice):
    answer = guided(AwsCli(locum.url, alice))
    shown = AwsCli(locum.url, Key.of(answer["Credentials"]))("sts", "get-caller-identity")
    assert shown == {
        "UserId": answer["AssumedRoleUser"]["AssumedRoleId"],
        "Account": "111111111111",
        "Arn": "arn:aws:sts::111111111111:assumed-role/admin-task-role/TriageSession",
    }


def test_the_role_may_what_its_policy_says_and_nothing_else(locum, alice):
    session = AwsCli(locum.url, Key.of(guided(AwsCli(locum.url, alice))["Credentials"]))
    assert [role["RoleName"] for role in session("iam", "list-roles")["Roles"]] == ["admin-task-role"]
    refused = session.refused("iam", "list-users")
    assert "An error occurred (AccessDenied) when calling the ListUsers operation" in refused
    assert (
        "arn:aws:sts::111111111111:assumed-role/admin-task-role/TriageSession is not authorized to perform" in refused
    )
    assert "because no identity-based policy allows the iam:ListUsers action" in refused


def test_the_user_herself_may_not_what_the_role_may(locum, alice):
    refused = AwsCli(locum.url, alice).refused("iam", "list-roles")
    assert "User: arn:aws:iam::111111111111:user/alice is not authorized to perform: iam:ListRoles" in refused


def test_a_user_that_the_role_does_not_trust_may_not_assume_it(locum, alice):
    iam = boto("iam", locum.url)
    iam.create_user(UserName="mallory")
    iam.put_user_policy(UserName="mallory", PolicyName="x", PolicyDocument=policy(allow("sts:AssumeRole")))
    mallory = Key.of(iam.create_access_key(UserName="mallory")["AccessKey"])
    refused = AwsCli(locum.url, mallory).refused(*shlex.split(ASSUME)[1:])
    assert "(AccessDenied) when calling the AssumeRole operation" in refused


def test_the_credentials_are_refused_as_expired_when_their_time_is_over(locum, alice):
    session = AwsCli(locum.url, Key.of(guided(AwsCli(locum.url, alice))["Credentials"]))
    locum.advance(3000)
    session("sts", "get-caller-identity")
    locum.advance(600)
    assert "(ExpiredToken) when calling the GetCallerIdentity operation" in session.refused(
        "sts", "get-caller-identity"
    )


def test_the_users_own_key_outlives_the_session(locum, alice):
    locum.advance(100 * 24 * 3600)
    assert AwsCli(locum.url, alice)("sts", "get-caller-identity")["Arn"] == "arn:aws:iam::111111111111:user/alice"
