"""A session ends with what it stands on: its role, its time; it never outlives them and never widens."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import ADMIN, Key, boto
from tests.journeys.documents import allow, deny, policy, trust

ROLE = "arn:aws:iam::111111111111:role/worker"


def make_role(locum) -> None:
    """The role `worker`, which trusts its own account and may list users."""
    iam = boto("iam", locum.url)
    iam.create_role(
        RoleName="worker",
        AssumeRolePolicyDocument=trust("arn:aws:iam::111111111111:root"),
        MaxSessionDuration=7200,
    )
    iam.put_role_policy(
        RoleName="worker", PolicyName="p", PolicyDocument=policy(allow(["iam:ListUsers", "sts:AssumeRole"]))
    )


def assume(locum, key: Key = ADMIN, **more) -> Key:
    """The credentials of a new session of `worker`."""
    answer = boto("sts", locum.url, key).assume_role(RoleArn=ROLE, RoleSessionName="shift", **more)
    return Key.of(answer["Credentials"])


def code(call) -> str:
    """The error code of a call that must be refused."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_a_deleted_role_ends_its_sessions_and_one_made_again_does_not_revive_them(locum):
    make_role(locum)
    session = assume(locum)
    boto("iam", locum.url, session).list_users()
    iam = boto("iam", locum.url)
    iam.delete_role_policy(RoleName="worker", PolicyName="p")
    iam.delete_role(RoleName="worker")
    after_deletion = code(boto("iam", locum.url, session).list_users)
    make_role(locum)
    after_creation = code(boto("iam", locum.url, session).list_users)
    assert after_deletion in {"AccessDenied", "InvalidClientTokenId"}
    assert after_creation in {"AccessDenied", "InvalidClientTokenId"}
    boto("iam", locum.url, assume(locum)).list_users()


def test_a_change_of_the_roles_policy_is_felt_by_the_sessions_that_are_out(locum):
    make_role(locum)
    session = assume(locum)
    boto("iam", locum.url).put_role_policy(
        RoleName="worker", PolicyName="p", PolicyDocument=policy(deny("iam:ListUsers"))
    )
    assert code(boto("iam", locum.url, session).list_users) == "AccessDenied"


def test_older_sessions_are_revoked_by_their_token_issue_time(locum):
    make_role(locum)
    old = assume(locum)
    issued_before = boto("iam", locum.url).get_role(RoleName="worker")["Role"]["CreateDate"].year + 1
    locum.advance(0)
    condition = {"DateLessThan": {"aws:TokenIssueTime": f"{issued_before}-12-31T00:00:00Z"}}
    boto("iam", locum.url).put_role_policy(
        RoleName="worker", PolicyName="revoke", PolicyDocument=policy(deny("*", Condition=condition))
    )
    assert code(boto("iam", locum.url, old).list_users) == "AccessDenied"
    locum.advance(3 * 365 * 24 * 3600)
    boto("iam", locum.url, assume(locum)).list_users()


def test_a_session_policy_only_takes_away(locum):
    make_role(locum)
    wide = assume(locum, Policy=policy(allow("*")))
    narrow = assume(locum, Policy=policy(allow("iam:ListRoles")))
    boto("iam", locum.url, wide).list_users()
    assert code(boto("iam", locum.url, wide).list_roles) == "AccessDenied"
    assert code(boto("iam", locum.url, narrow).list_users) == "AccessDenied"
    assert code(boto("iam", locum.url, narrow).list_roles) == "AccessDenied"


def test_a_duration_above_the_roles_maximum_is_refused(locum):
    make_role(locum)
    assume(locum, DurationSeconds=7200)
    assert code(lambda: assume(locum, DurationSeconds=7201)) == "ValidationError"


def test_a_chained_session_lasts_an_hour_at_most(locum):
    make_role(locum)
    first = assume(locum)
    assume(locum, first, DurationSeconds=3600)
    assert code(lambda: assume(locum, first, DurationSeconds=3601)) == "ValidationError"


@pytest.mark.parametrize(
    "change",
    [
        lambda key: Key(key.id, key.secret, None),
        lambda key: Key(key.id, key.secret, key.token[:-4] + "AAAA"),
        lambda key: Key(key.id, "x" * 40, key.token),
        lambda key: Key("ASIA" + "A" * 16, key.secret, key.token),
    ],
    ids=["no token", "altered token", "wrong secret", "another key id"],
)
def test_altered_credentials_of_a_session_are_refused(locum, change):
    make_role(locum)
    session = assume(locum)
    refused = code(boto("sts", locum.url, change(session)).get_caller_identity)
    assert refused in {"InvalidClientTokenId", "SignatureDoesNotMatch"}


def test_the_token_of_one_session_does_not_serve_another(locum):
    make_role(locum)
    one, other = assume(locum), assume(locum)
    crossed = Key(one.id, one.secret, other.token)
    assert code(boto("sts", locum.url, crossed).get_caller_identity) in {
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
    }


def test_a_reset_ends_every_session(locum):
    make_role(locum)
    session = assume(locum)
    locum.own("reset")
    assert code(boto("sts", locum.url, session).get_caller_identity) == "InvalidClientTokenId"
