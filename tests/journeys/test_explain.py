"""`locum explain` asks a running server what binds a caller, and explains it here."""

from __future__ import annotations

import json
import subprocess

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import ADMIN, Key, boto, environment
from tests.journeys.conftest import ACCOUNT
from tests.journeys.documents import allow, policy, trust
from tests.journeys.served import COMMAND, PATIENCE, Served

ROLE = f"arn:aws:iam::{ACCOUNT}:role/auditors/audit"


@pytest.fixture
def iam(locum: Served):
    """A server with bob, who is bound by all that IAM has, and a role that he may assume with an external id."""
    iam = boto("iam", locum.url)
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy(allow(["iam:*", "sts:*"])))["Policy"]["Arn"]
    team = iam.create_policy(PolicyName="team", PolicyDocument=policy(allow("iam:ListUsers")))["Policy"]["Arn"]
    iam.create_user(UserName="bob", PermissionsBoundary=limit, Tags=[{"Key": "team", "Value": "red"}])
    iam.put_user_policy(
        UserName="bob",
        PolicyName="own",
        PolicyDocument=policy(allow("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/${{aws:PrincipalTag/team}}-*")),
    )
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn=team)
    iam.put_group_policy(GroupName="readers", PolicyName="s3", PolicyDocument=policy(allow("s3:GetObject")))
    iam.add_user_to_group(GroupName="readers", UserName="bob")
    wanted = {"StringEquals": {"sts:ExternalId": "audit-2026"}}
    iam.create_role(
        RoleName="audit",
        Path="/auditors/",
        AssumeRolePolicyDocument=trust(f"arn:aws:iam::{ACCOUNT}:user/bob", **wanted),
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    iam.put_role_policy(
        RoleName="audit",
        PolicyName="own",
        PolicyDocument=policy(allow("iam:ListRoles", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})),
    )
    return iam


def explained(locum: Served, *arguments: str, key: Key = ADMIN) -> subprocess.CompletedProcess[str]:
    """What the command says."""
    return subprocess.run(
        [str(COMMAND), "explain", "--endpoint", locum.url, *arguments],
        env=environment(locum.url, key),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    ("action", "resource", "said"),
    [
        ("iam:ListUsers", "*", f"statement 1 of arn:aws:iam::{ACCOUNT}:policy/team"),
        ("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/red-1", "statement 1 of inline policy own of user/bob"),
    ],
)
@pytest.mark.usefixtures("iam")
def test_what_allows_a_user_is_named(locum: Served, action: str, resource: str, said: str) -> None:
    found = explained(locum, "--principal", "user/bob", "--action", action, "--resource", resource)
    assert found.returncode == 0, found.stderr
    assert said in found.stdout


@pytest.mark.usefixtures("iam")
def test_a_boundary_that_is_silent_is_named(locum: Served) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/bob"
    found = explained(locum, "--principal", arn, "--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/k")
    assert found.returncode == 1
    assert "no permissions boundary allows it" in found.stdout
    assert f"near: statement 1 of arn:aws:iam::{ACCOUNT}:policy/limit" in found.stdout


@pytest.mark.usefixtures("iam")
def test_an_assumption_says_which_external_id_is_missing(locum: Served) -> None:
    call = ["--principal", "user/bob", "--action", "sts:AssumeRole", "--resource", ROLE]
    found = explained(locum, *call)
    assert found.returncode == 1
    assert "no role trust policy allows it" in found.stdout
    assert "calls with `sts:ExternalId` = `audit-2026`" in found.stdout
    assert explained(locum, *call, "--context", "sts:ExternalId=audit-2026").returncode == 0


@pytest.mark.usefixtures("iam")
def test_a_session_has_the_policies_and_tags_of_its_role(locum: Served) -> None:
    found = explained(locum, "--principal", "session/audit/s", "--action", "iam:ListRoles", "--format", "json")
    assert found.returncode == 0, found.stderr
    (explanation,) = json.loads(found.stdout)["explanations"]
    assert explanation["statements"][0]["source"] == "inline policy own of role/audit"


def test_a_denial_that_the_server_remembers_is_told(locum: Served, iam) -> None:
    key = Key.of(iam.create_access_key(UserName="bob")["AccessKey"])
    with pytest.raises(ClientError) as refused:
        boto("iam", locum.url, key).list_roles()
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    for name in (request_id, "latest"):
        found = explained(locum, "--denial", name)
        assert found.returncode == 1, found.stderr
        assert found.stdout.startswith(
            f"request {request_id}\nimplicitDeny: arn:aws:iam::{ACCOUNT}:user/bob may not iam:Li"
        )
    assert json.loads(explained(locum, "--denial", "latest", "--format", "json").stdout)["request_id"] == request_id
    assert "no refusal is remembered under `unknown`" in explained(locum, "--denial", "unknown").stderr


def test_what_cannot_be_read_ends_with_status_2(locum: Served, iam) -> None:
    key = Key.of(iam.create_access_key(UserName="bob")["AccessKey"])
    found = explained(locum, "--principal", "user/admin", "--action", "iam:ListUsers", key=key)
    assert found.returncode == 2
    assert "is not authorized to perform: iam:GetUser" in found.stderr
    nobody = explained(locum, "--principal", "user/nobody", "--action", "iam:ListUsers")
    assert nobody.returncode == 2
    assert "NoSuchEntity" in nobody.stderr
