"""What users and roles ask for is noted, allowed or not, and reports are made of it."""

from __future__ import annotations

from tests.served import ACCOUNT, ServedHouse, allow


def told(house, arn):
    job = house.admin("iam:GenerateServiceLastAccessedDetails", Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
    services = house.admin("iam:GetServiceLastAccessedDetails", JobId=job, MaxItems=1000)["ServicesLastAccessed"]
    return {
        f"{service['ServiceNamespace']}:{action['ActionName']}": action["LastAccessedEntity"]
        for service in services
        for action in service.get("TrackedActionsLastAccessed", ())
        if "LastAccessedTime" in action
    }


def test_a_user_s_calls_are_told_whether_they_were_allowed_or_not_and_others_are_not():
    house = ServedHouse()
    alice, bob = house.user("alice", allow("iam:ListUsers", "sts:*")), house.user("bob", allow("iam:*"))
    alice("iam:ListUsers")
    alice("sts:GetCallerIdentity")
    assert alice.ask("iam:ListRoles").code == "AccessDenied"
    bob("iam:ListGroups")
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert told(house, arn) == dict.fromkeys(("iam:ListUsers", "iam:ListRoles", "sts:GetCallerIdentity"), arn)
    house.close()


def test_a_session_s_calls_are_its_role_s():
    house = ServedHouse()
    role = house.role("reader", allow("iam:*"))
    house.admin.assume(role)("iam:ListUsers")
    assert told(house, role) == {"iam:ListUsers": role}
    house.close()


def test_what_is_not_signed_rightly_is_nobody_s_deed():
    house = ServedHouse()
    alice = house.user("alice", allow("iam:*"))
    alice.credentials = type(alice.credentials)(alice.credentials.id, "wrong")
    assert alice.ask("iam:ListUsers").code == "SignatureDoesNotMatch"
    assert told(house, f"arn:aws:iam::{ACCOUNT}:user/alice") == {}
    house.close()
