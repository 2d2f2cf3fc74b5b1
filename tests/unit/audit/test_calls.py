"""What the spine puts on record, and that nobody is answered before it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.served import ACCOUNT, REQUEST_ID, Client, Credentials, ServedHouse, allow, deny, request
from tests.unit.sts.phones import phone_of

from locum.audit.files import chains
from locum.audit.sensitive import HIDDEN
from locum.audit.trail import FileTrail, MemoryTrail
from locum.server.answer import admit, attempt
from locum.store.engine import open_store


@pytest.fixture
def served():
    found = ServedHouse()
    yield found
    found.close()


@pytest.fixture
def filed(served, tmp_path: Path):
    """The same, with its trail in files of this directory."""
    store = open_store(None)
    trail = FileTrail(tmp_path / "audit", store, large=1)
    served.house.trail = trail
    yield tmp_path / "audit"
    trail.close()
    store.close()


def last(served: ServedHouse) -> dict[str, Any]:
    """The newest record."""
    trail = served.house.trail
    assert isinstance(trail, MemoryTrail)
    return msgspec.json.decode(list(trail.records())[-1])


def on_file(directory: Path) -> list[str]:
    """The operations that are in the files now."""
    lines = [line for one in chains(directory) for line in one.lines()]
    return [msgspec.json.decode(line)["operation"] for line in lines if b'"kind":"call"' in line]


def test_a_change_is_on_record_with_everything_that_was_asked(served):
    served.admin("iam:CreateUser", UserName="alice", Path="/team/")
    found = last(served)
    expected = {
        "kind": "call",
        "at": "2026-11-23T19:00:00Z",
        "request_id": REQUEST_ID,
        "outcome": "allowed",
        "operation": "iam:CreateUser",
        "changes": True,
        "account": ACCOUNT,
        "caller": f"arn:aws:iam::{ACCOUNT}:user/admin",
        "caller_kind": "user",
        "access_key_id": served.admin.credentials.id,
        "inputs": {"UserName": "alice", "Path": "/team/"},
        "source_ip": "192.0.2.7",
        "user_agent": "a test",
        "region": "us-east-1",
        "service": "iam",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["caller_id"].startswith("AIDA")


def test_a_denial_names_the_statement_that_made_it(served):
    served.user("eve", allow("iam:*"), deny("iam:DeleteUser", on="*", Sid="NoDeleting")).ask(
        "iam:DeleteUser", UserName="admin"
    )
    found = last(served)
    assert (found["outcome"], found["layers"]) == ("explicitDeny", ["identity"])
    assert "`NoDeleting`" in found["statements"][0]


def test_a_missing_allow_is_told_from_a_deny(served):
    served.user("eve").ask("iam:ListUsers")
    found = last(served)
    assert (found["outcome"], found["layers"]) == ("implicitDeny", ["identity"])


def test_a_refusal_of_another_kind_has_its_code(served):
    served.admin.ask("iam:GetUser", UserName="nobody")
    assert last(served)["outcome"] == "NoSuchEntity"


def test_a_faulty_signature_is_on_record_with_the_key_that_was_claimed_and_without_a_caller(served):
    wrong = Client(served, Credentials(served.admin.credentials.id, "wrong"))
    wrong.ask("iam:CreateUser", UserName="alice")
    found = last(served)
    assert (found["outcome"], found["access_key_id"]) == ("SignatureDoesNotMatch", served.admin.credentials.id)
    assert {"caller", "account", "inputs"} & set(found) == set()


def test_a_session_is_named_and_its_token_is_not(served):
    session = served.admin.assume(served.role("app", allow("iam:ListUsers")), "build-7")
    session("iam:ListUsers")
    found = last(served)
    assert found["session"]["name"] == "build-7"
    assert session.credentials.token not in msgspec.json.encode(found).decode()


def test_the_generation_is_the_one_that_the_decision_saw(served):
    served.admin("iam:ListUsers")
    before = last(served)["generation"]
    served.admin("iam:CreateUser", UserName="alice")
    served.admin("iam:ListUsers")
    assert last(served)["generation"] > before > 0


def test_the_codes_of_an_mfa_device_are_hidden(served):
    served.user("alice")
    phone_of(served, "alice")
    texts = b"".join(served.house.trail.records()).decode()
    assert "AuthenticationCode1" in texts
    enabled = next(one for one in map(msgspec.json.decode, served.house.trail.records()) if _enables(one))
    assert enabled["inputs"]["AuthenticationCode1"] == enabled["inputs"]["AuthenticationCode2"] == HIDDEN


def _enables(record: dict[str, Any]) -> bool:
    return record["operation"] == "iam:EnableMFADevice"


@pytest.mark.parametrize("action", ["iam:CreateUser", "sts:AssumeRole", "sts:GetSessionToken"])
def test_what_changes_or_issues_is_in_the_file_when_it_is_answered(served, filed, action):
    role = served.role("app")
    alice = served.user("alice", allow("*"))
    inputs = {
        "iam:CreateUser": {"UserName": "bob"},
        "sts:AssumeRole": {"RoleArn": role, "RoleSessionName": "session"},
    }
    alice(action, **inputs.get(action, {}))
    assert on_file(filed)[-1] == action


@pytest.mark.parametrize("action", ["iam:ListUsers", "sts:GetCallerIdentity"])
def test_what_only_reads_waits_for_nothing(served, action):
    admitted = admit(served.admin.signed(request(action), action.partition(":")[0]))
    assert attempt(admitted, served.house, REQUEST_ID).batch is None


@pytest.mark.parametrize("action", ["iam:CreateUser", "sts:AssumeRole"])
def test_without_a_trail_nothing_is_changed_and_nothing_issued(served, filed, action):
    role = served.role("app")
    for path in filed.iterdir():
        path.unlink()
    filed.rmdir()  # the next file cannot be made
    asked = {"iam:CreateUser": {"UserName": "bob"}, "sts:AssumeRole": {"RoleArn": role, "RoleSessionName": "session"}}
    first = served.admin.ask(action, **asked[action])
    second = served.admin.ask(action, **asked[action])
    assert {first.code, second.code} == {"ServiceUnavailable"}
    assert b"SecretAccessKey" not in first.response.body
    assert served.admin.ask("iam:ListUsers").status == 200
    names = [user["UserName"] for user in served.admin("iam:ListUsers")["Users"]]
    assert names.count("bob") <= 1
    assert served.admin.ask("iam:CreateUser", UserName="carol").code == "ServiceUnavailable"
    assert "carol" not in [user["UserName"] for user in served.admin("iam:ListUsers")["Users"]]
