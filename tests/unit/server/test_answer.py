"""The spine: the order of its lines, what is decided again where it counts, and that every end is an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import msgspec
import pytest
from tests.served import ACCOUNT, FORM, HOST, REQUEST_ID, Answer, Client, ServedHouse, allow, form, parsed, request
from tests.unit.sts.phones import phone_of

from locum.aws.faults import Refusal
from locum.http import Request
from locum.iam.access_keys import SECRET, AccessKey
from locum.server.answer import UNKNOWN, MustWait, admit, answer, refused
from locum.store.entity import Author
from locum.store.tx import Store, Tx

WHO = "sts:GetCallerIdentity"


class Between:
    """A store that lets something happen once, between the check that only reads and the step that writes."""

    def __init__(self, store: Store, happens: Callable[[], object]) -> None:
        self._store = store
        self._happens: list[Callable[[], object]] = [happens]

    def read(self, step: Callable[[Tx], Any]) -> Any:
        return self._store.read(step)

    def write(self, step: Callable[[Tx], Any]) -> Any:
        while self._happens:
            self._happens.pop()()
        return self._store.write(step)

    def close(self) -> None:
        self._store.close()


class Broken:
    """A store that fails as a disk does."""

    def read(self, step: Callable[[Tx], Any]) -> Any:
        raise RuntimeError("the disk at sector 42 is gone")

    write = read

    def close(self) -> None: ...


def signed_by_botocore(client: Client, action: str, **inputs: Any) -> Request:
    """A request under botocore's own signature, which reads the clock of the machine."""
    service = action.partition(":")[0]
    key = botocore.credentials.Credentials(client.credentials.id, client.credentials.secret, client.credentials.token)
    made = botocore.awsrequest.AWSRequest(
        "POST", f"http://{HOST}/", headers={"Content-Type": FORM, "Host": HOST}, data=form(action, inputs)
    )
    botocore.auth.SigV4Auth(key, service, "eu-central-1").add_auth(made)
    headers = tuple((name.lower(), value) for name, value in made.headers.items())
    return Request("POST", "/", "", headers, made.data, peer="192.0.2.7")


# ---- order


def test_botocore_s_signature_is_accepted() -> None:
    served = ServedHouse(now=datetime.now(UTC))
    try:
        session = served.admin.assume(served.role("builder", allow("iam:ListUsers")))
        for client, arn in ((served.admin, ":user/admin"), (session, ":assumed-role/builder/session")):
            found = served.answer(signed_by_botocore(client, WHO), WHO)
            assert found["Arn"].endswith(arn)
        assert served.answer(signed_by_botocore(session, "iam:ListUsers"), "iam:ListUsers").status == 200
        wrong = msgspec.structs.replace(served.admin.credentials, secret="wrong")
        assert served.answer(signed_by_botocore(Client(served, wrong), WHO)).code == "SignatureDoesNotMatch"
    finally:
        served.close()


def test_inputs_are_read_after_authentication_only(served: ServedHouse) -> None:
    """Rule S21: the same faulty inputs are no fault for somebody who is not known."""
    bad = request("iam:CreateUser", body=b"Action=CreateUser&Version=2010-05-08&UserName=%zz&UserName=a&Tags=x")
    assert served.answer(bad).code == "MissingAuthenticationToken"
    wrong = Client(served, msgspec.structs.replace(served.admin.credentials, secret="wrong"))
    assert served.answer(wrong.signed(bad, "iam")).code == "SignatureDoesNotMatch"
    assert served.answer(served.admin.signed(bad, "iam")).code == "MalformedInput"


def test_inputs_are_read_before_authorization(served: ServedHouse) -> None:
    alice = served.user("alice")
    assert alice.ask("iam:CreateUser", UserName="with blank").code == "ValidationError"
    assert alice.ask("iam:CreateUser", UserName="fine").code == "AccessDenied"


def test_existence_is_asked_after_authorization(served: ServedHouse) -> None:
    alice = served.user("alice")
    answers = {alice.ask("iam:GetUser", UserName=name).code for name in ("admin", "nobody")}
    assert answers == {"AccessDenied"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MissingAction"),
        (b"Action=GetRobot&Version=2010-05-08", "InvalidAction"),
        (b"Action=ListUsers", "InvalidAction"),
        (b"Action=ListUsers&Version=2011-06-15", "InvalidAction"),
        (b"Action=ListUsers&Action=ListRoles&Version=2010-05-08", "MalformedInput"),
        (b"Action=listusers&Version=2010-05-08", "InvalidAction"),
    ],
)
def test_what_is_no_operation_is_refused_before_anybody_is_asked_who_they_are(
    served: ServedHouse, body: bytes, code: str
) -> None:
    assert served.answer(request(WHO, body=body or b"x=y")).code == code


def test_an_operation_that_is_not_performed_is_told_to_known_callers_only(served: ServedHouse) -> None:
    """Whichever operation it is: what is admitted names none that performs it."""

    def asked(of: Any) -> Any:
        return parsed(answer(msgspec.structs.replace(admit(of), operation=None), served.house, REQUEST_ID))

    plain = request("iam:ListUsers")
    assert asked(plain).code == "MissingAuthenticationToken"
    found = asked(served.user("alice").signed(plain, "iam"))
    assert (found.status, found.code) == (501, "NotImplemented")
    assert "does not perform" in found.message


# ---- what is decided again where it counts


def taken_away(served: ServedHouse, alice: Client, how: str) -> Callable[[], object]:
    """What an administrator does while alice's request is under way."""
    key = {"UserName": "alice", "AccessKeyId": alice.credentials.id}
    return {
        "right": lambda: served.admin("iam:DeleteUserPolicy", UserName="alice", PolicyName="own"),
        "key": lambda: served.admin("iam:DeleteAccessKey", **key),
        "active key": lambda: served.admin("iam:UpdateAccessKey", Status="Inactive", **key),
    }[how]


@pytest.mark.parametrize(
    ("how", "code"),
    [("right", "AccessDenied"), ("key", "InvalidClientTokenId"), ("active key", "InvalidClientTokenId")],
)
def test_what_is_taken_away_between_check_and_write_counts(served: ServedHouse, how: str, code: str) -> None:
    alice = served.user("alice", allow("iam:CreateUser"))
    served.house.store = Between(served.house.store, taken_away(served, alice, how))
    assert alice.ask("iam:CreateUser", UserName="late").code == code
    assert served.admin.ask("iam:GetUser", UserName="late").code == "NoSuchEntity"


def test_what_is_refused_never_reaches_the_writer(served: ServedHouse) -> None:
    reached: list[str] = []
    alice = served.user("alice")
    served.house.store = Between(served.house.store, lambda: reached.append("the writer"))
    assert alice.ask("iam:CreateUser", UserName="late").code == "AccessDenied"
    assert reached == []


def test_the_control_of_that_writes(served: ServedHouse) -> None:
    alice = served.user("alice", allow("iam:CreateUser"))
    served.house.store = Between(served.house.store, lambda: None)
    assert alice.ask("iam:CreateUser", UserName="late").status == 200


def test_a_role_deleted_between_check_and_write_ends_its_session_s_call(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder", allow("*")))

    def gone() -> None:
        served.admin("iam:DeleteRolePolicy", RoleName="builder", PolicyName="own")
        served.admin("iam:DeleteRole", RoleName="builder")

    served.house.store = Between(served.house.store, gone)
    assert session.ask("iam:CreateUser", UserName="late").code == "InvalidClientTokenId"


def test_a_refused_write_leaves_nothing_behind(served: ServedHouse) -> None:
    before = served.house.store.read(lambda tx: tx.generation(ACCOUNT))
    tags = [{"Key": "a", "Value": "b"}, {"Key": "A", "Value": "c"}]
    assert served.admin.ask("iam:CreateUser", UserName="half", Tags=tags).status == 400
    limit = f"arn:aws:iam::{ACCOUNT}:policy/absent"
    assert served.admin.ask("iam:CreateUser", UserName="half", PermissionsBoundary=limit).code == "NoSuchEntity"
    assert served.admin.ask("iam:GetUser", UserName="half").code == "NoSuchEntity"
    assert served.house.store.read(lambda tx: tx.generation(ACCOUNT)) == before


def test_a_change_names_its_author(served: ServedHouse) -> None:
    alice = served.user("alice", allow("iam:CreateUser"))
    alice("iam:CreateUser", UserName="bob")
    last = served.house.store.read(lambda tx: tx.changes(ACCOUNT))[-1]
    assert last.author.arn == f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert (last.author.request_id, last.author.operation) == (REQUEST_ID, "iam:CreateUser")


# ---- waiting


def test_a_write_waits_where_waiting_is_allowed_alone(served: ServedHouse) -> None:
    asked = admit(served.admin.signed(request("iam:CreateUser", {"UserName": "x"}), "iam"))
    with pytest.raises(MustWait):
        answer(asked, served.house, REQUEST_ID, may_wait=False)
    assert served.admin.ask("iam:GetUser", UserName="x").code == "NoSuchEntity"
    assert answer(asked, served.house, REQUEST_ID).status == 200


def test_a_read_does_not_wait(served: ServedHouse) -> None:
    asked = admit(served.admin.signed(request(WHO), "sts"))
    assert answer(asked, served.house, REQUEST_ID, may_wait=False).status == 200


def test_a_code_of_mfa_waits_and_is_not_used_up_by_that(served: ServedHouse) -> None:
    phone = phone_of(served, "admin")
    asked = admit(served.admin.signed(request("sts:GetSessionToken", phone.now()), "sts"))
    with pytest.raises(MustWait):
        answer(asked, served.house, REQUEST_ID, may_wait=False)
    assert answer(asked, served.house, REQUEST_ID).status == 200


# ---- faults of our own


@pytest.mark.parametrize("action", [WHO, "iam:ListUsers", "iam:CreateUser"])
def test_a_fault_is_an_answer_that_says_nothing_of_it(
    served: ServedHouse, action: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, served.house.store = served.house.store, Broken()
    with caplog.at_level(logging.CRITICAL, "locum.server"):
        found = served.admin.ask(action, **({"UserName": "x"} if action == "iam:CreateUser" else {}))
    served.house.store = store
    assert (found.status, found.code, found.message) == (500, "InternalFailure", UNKNOWN)
    assert b"sector" not in found.response.body
    assert b"<Type>Receiver</Type>" in found.response.body


def test_a_fault_while_a_key_is_opened_lets_nobody_in(served: ServedHouse) -> None:
    """A broken seal is a fault of ours: closed, not open."""
    alice = served.user("alice")

    def step(tx: Any) -> None:
        tx.written_by(Author(arn="test", at=served.real.now, request_id="test"))
        tx.remove_secret(tx.find_id(AccessKey, alice.credentials.id), SECRET)

    served.house.store.write(step)
    logging.getLogger("locum.server").disabled = True
    try:
        assert alice.ask(WHO).code == "InternalFailure"
    finally:
        logging.getLogger("locum.server").disabled = False


def test_no_answer_repeats_a_secret(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"))
    for client in (served.admin, session):
        for action in ("iam:ListUsers", "iam:GetAccountSummary", WHO):
            body = client.ask(action).response.body.decode()
            assert client.credentials.secret not in body
            assert (client.credentials.token or "-") not in body.replace("-", "")


def test_every_answer_carries_its_request_id(served: ServedHouse) -> None:
    for found in (served.admin.ask(WHO), served.admin.ask("iam:GetAccountSummary"), served.answer(request(WHO))):
        assert dict(found.response.headers)["x-amzn-RequestId"] == REQUEST_ID
        assert REQUEST_ID.encode() in found.response.body


def test_use_is_noted_of_calls_that_were_authenticated_only(served: ServedHouse) -> None:
    alice = served.user("alice")
    asks = {"AccessKeyId": alice.credentials.id}

    def last() -> Any:
        return served.admin("iam:GetAccessKeyLastUsed", **asks)["AccessKeyLastUsed"]

    wrong = Client(served, msgspec.structs.replace(alice.credentials, secret="wrong"))
    wrong.ask("iam:ListUsers")
    assert last()["ServiceName"] == "N/A"
    alice.ask("iam:ListUsers")
    assert (last()["ServiceName"], last()["Region"]) == ("iam", "us-east-1")


def test_a_refusal_without_a_service_is_still_xml() -> None:
    found: Answer = parsed(refused(Refusal("InvalidRequest", "x"), None, REQUEST_ID))
    assert (found.status, found.code) == (400, "InvalidRequest")
