"""Central management of root users: switched on by the management account, used for one task at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.served import ACCOUNT, OTHER, Client, Credentials, ServedHouse, allow, deny, document
from tests.unit.organizations.org import ORGS, Org, begun

TASK = "arn:aws:iam::aws:policy/root-task/"
AUDIT, DELETE, UNLOCK = (
    f"{TASK}IAMAuditRootUserCredentials",
    f"{TASK}IAMDeleteRootUserCredentials",
    f"{TASK}S3UnlockBucketPolicy",
)
BOTH = ["RootCredentialsManagement", "RootSessions"]


@pytest.fixture
def org() -> Iterator[Org]:
    found = begun()
    found.admin(f"{ORGS}EnableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
    yield found
    found.house.close()


@pytest.fixture
def managed(org: Org) -> Org:
    org.admin("iam:EnableOrganizationsRootCredentialsManagement")
    return org


def assume(client: Client, target: str, task: str = AUDIT, **inputs: object) -> Client:
    answer = client("sts:AssumeRoot", TargetPrincipal=target, TaskPolicyArn={"arn": task}, **inputs)
    return Client(client.house, Credentials.of(answer["Credentials"]))


def refused(client: Client, target: str, task: str = AUDIT) -> tuple[str, str]:
    answer = client.ask("sts:AssumeRoot", TargetPrincipal=target, TaskPolicyArn={"arn": task})
    return answer.code, answer.message


def test_features_are_switched_on_and_off(org: Org) -> None:
    assert org.admin("iam:ListOrganizationsFeatures").result == {"OrganizationId": org.id, "EnabledFeatures": []}
    org.admin("iam:EnableOrganizationsRootCredentialsManagement")
    org.admin("iam:EnableOrganizationsRootCredentialsManagement")
    assert org.admin("iam:EnableOrganizationsRootSessions")["EnabledFeatures"] == BOTH
    assert org.admin("iam:DisableOrganizationsRootSessions")["EnabledFeatures"] == BOTH[:1]
    assert org.admin("iam:DisableOrganizationsRootCredentialsManagement")["EnabledFeatures"] == []


def test_without_an_organization_or_not_its_manager_or_without_trust_nobody_switches(org: Org) -> None:
    stranger = org.house.other_admin.ask("iam:ListOrganizationsFeatures")
    assert stranger.code == "OrganizationNotFoundException"
    member = org.inside(org.account("dev")).ask("iam:EnableOrganizationsRootSessions")
    assert member.code == "AccountNotManagementOrDelegatedAdministratorException"
    org.admin("iam:EnableOrganizationsRootSessions")
    org.admin(f"{ORGS}DisableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
    untrusted = org.admin.ask("iam:ListOrganizationsFeatures")
    assert untrusted.code == "ServiceAccessNotEnabledException"
    assert untrusted.message == f"Trusted Access for IAM not enabled by organization of input account {ACCOUNT}."
    org.admin(f"{ORGS}EnableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
    assert org.admin("iam:ListOrganizationsFeatures")["EnabledFeatures"] == []


def test_a_session_is_the_member_s_root_user_for_its_task_alone(managed: Org) -> None:
    account = managed.account("dev")
    root = assume(managed.admin, account)
    who = root("sts:GetCallerIdentity")
    assert (who["Account"], who["Arn"]) == (account, f"arn:aws:sts::{account}:assumed-root")
    assert root("iam:ListAccessKeys")["AccessKeyMetadata"] == []
    root("iam:GetAccountSummary")
    for action, inputs in (
        ("iam:ListUsers", {}),
        ("iam:CreateUser", {"UserName": "x"}),
        ("iam:ListAccessKeys", {"UserName": "x"}),
        ("sts:GetSessionToken", {}),
        ("sts:AssumeRole", {"RoleArn": f"arn:aws:iam::{account}:role/x", "RoleSessionName": "xx"}),
    ):
        assert root.ask(action, **inputs).code == "AccessDenied", action


def test_a_root_key_is_found_and_deleted(managed: Org) -> None:
    account = managed.account("dev")
    by_arn = f"arn:aws:iam::{account}:root"
    assert assume(managed.admin, by_arn, DELETE)("iam:ListAccessKeys")["AccessKeyMetadata"] == []
    missing = assume(managed.admin, by_arn, DELETE).ask("iam:DeleteAccessKey", AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    assert missing.code == "NoSuchEntity"


def test_it_lasts_fifteen_minutes_at_most(managed: Org) -> None:
    account = managed.account("dev")
    root = assume(managed.admin, account)
    long = {"TargetPrincipal": account, "TaskPolicyArn": {"arn": AUDIT}, "DurationSeconds": 901}
    assert managed.admin.ask("sts:AssumeRoot", **long).code == "ValidationError"
    managed.house.sessions_age(seconds=899)
    root("sts:GetCallerIdentity")
    managed.house.sessions_age(seconds=1)
    assert root.ask("sts:GetCallerIdentity").code == "ExpiredToken"


def test_whoever_may_not_is_told_nothing(managed: Org) -> None:
    account = managed.account("dev")
    denied = f"is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::{account}:root"
    house = managed.house
    by_admin = [
        (account, UNLOCK),
        (account, "arn:aws:iam::aws:policy/AdministratorAccess"),
        (account, f"{TASK}NoSuchTask"),
    ]
    asked = [
        *((managed.admin, target, task) for target, task in by_admin),
        (house.root, account, AUDIT),
        (house.other_admin, account, AUDIT),
        (house.user("nobody"), account, AUDIT),
        (managed.inside(account), account, AUDIT),
    ]
    for client, target, task in asked:
        code, message = refused(client, target, task)
        assert code == "AccessDenied", (target, task)
        assert message.endswith(denied)
    for target in (ACCOUNT, OTHER, "999999999999"):
        assert refused(managed.admin, target)[0] == "AccessDenied"
    for text in ("12345678901x", f"arn:aws:iam::{account}:user/root", "x" * 12):
        assert refused(managed.admin, text)[0] == "ValidationError"


def test_a_user_needs_the_right_and_its_task_may_be_named(managed: Org) -> None:
    account = managed.account("dev")
    on = f"arn:aws:iam::{account}:root"
    audits = {"Condition": {"StringEquals": {"sts:TaskPolicyArn": AUDIT}}}
    user = managed.house.user("auditor", allow("sts:AssumeRoot", on=on, **audits))
    assume(user, account)
    assert refused(user, account, DELETE)[0] == "AccessDenied"
    assert refused(user, managed.account("other"))[0] == "AccessDenied"


def test_scps_hold_it_and_may_know_it(managed: Org) -> None:
    account = managed.account("dev")
    assumed = {"Condition": {"Bool": {"aws:AssumedRoot": "true"}}}
    content = document(deny("iam:ListAccessKeys", **assumed))
    made = managed.admin(
        f"{ORGS}CreatePolicy", Name="n", Description="", Type="SERVICE_CONTROL_POLICY", Content=content
    )
    root = assume(managed.admin, account)
    root("iam:ListAccessKeys")
    managed.admin(f"{ORGS}AttachPolicy", PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=account)
    assert root.ask("iam:ListAccessKeys").code == "AccessDenied"


def test_a_service_without_organizations_knows_no_such_session() -> None:
    house = ServedHouse()
    assert refused(house.admin, OTHER)[0] == "AccessDenied"
    house.close()


def test_a_fault_inside_a_structure_is_told_by_its_path(managed: Org) -> None:
    code, message = refused(managed.admin, ACCOUNT, "short")
    assert code == "ValidationError"
    assert "Value 'short' at 'taskPolicyArn.arn' failed to satisfy constraint" in message
