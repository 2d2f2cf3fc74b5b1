"""Who is let in: every way in which a key, a token or a signature may be wrong, and what is answered.

Sentences and codes: rules S11 to S20 and T3, T11. Each refusal has its control, the same request done right.
"""

from __future__ import annotations

import base64

import msgspec
import pytest
from tests.served import ACCOUNT, OTHER, Client, Credentials, ServedHouse, allow, request, trusting

from locum import sigv4
from locum.access.authenticate import INVALID, Verification, authenticate
from locum.access.sessions import EXPIRED
from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.aws.mac import Mac
from locum.call import Caller, Place
from locum.http import Request
from locum.iam.entities import Role, User
from locum.session.session import Session
from locum.session.token import seal
from locum.store.entity import Author

WHO = "sts:GetCallerIdentity"


class CountedDayKeys(sigv4.DayKeys):
    """Signing keys that say for whom a signature was computed, and with which secret."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, bytes]] = []

    def key(self, access_key_id: str, secret: bytes, *, date: str, region: str, service: str) -> Mac:
        self.asked.append((access_key_id, secret))
        return super().key(access_key_id, secret, date=date, region=region, service=service)


def counted(served: ServedHouse) -> CountedDayKeys:
    """From here on the house verifies with keys that count."""
    day_keys = CountedDayKeys()
    served.house.verification = msgspec.structs.replace(served.house.verification, day_keys=day_keys)
    return day_keys


def verifying(served: ServedHouse, **how: object) -> None:
    """From here on the house verifies otherwise."""
    served.house.verification = msgspec.structs.replace(served.house.verification, **how)


def sealed(served: ServedHouse, **claims: object) -> Client:
    """Somebody with a token of these claims, sealed by the house's own key: a session of alice unless told."""
    now = served.house.clocks.moment().now
    plain: dict[str, object] = {
        "kind": "session",
        "partition": "aws",
        "account": ACCOUNT,
        "principal_id": ACCOUNT,
        "name": "",
        "issued": now,
        "not_before": now,
        "expires": now.replace(hour=now.hour + 1),
    }
    made = seal(Session(**(plain | claims)), served.house.verification.keyring, served.house.mint.octets(16))
    shown = Credentials(made.access_key_id, made.secret_access_key.reveal(), made.session_token.reveal())
    return Client(served, shown)


def outcome(client: Client) -> tuple[int, str, str]:
    """How the question who one is was answered."""
    answer = client.ask(WHO)
    return answer.status, answer.code, answer.message


def wrong(client: Client, **parts: str | None) -> Client:
    """The same somebody with a part of the credentials changed."""
    return Client(client.house, msgspec.structs.replace(client.credentials, **parts))


# ---- long-term keys


def test_a_user_is_who_the_key_belongs_to(served: ServedHouse) -> None:
    alice = served.user("alice", Path="/sales/")
    answer = alice(WHO)
    assert answer["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/sales/alice"
    assert answer["Account"] == ACCOUNT
    assert answer["UserId"].startswith("AIDA")


def test_the_owner_of_a_root_key_is_root(served: ServedHouse) -> None:
    assert served.root(WHO).result == {"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}


def test_an_unknown_key_is_refused(served: ServedHouse) -> None:
    assert outcome(wrong(served.admin, id="AKIAQ3EGRIT4EXAMPLE7")) == (403, "InvalidClientTokenId", INVALID)


def test_a_key_is_found_in_its_own_spelling_only(served: ServedHouse) -> None:
    assert outcome(wrong(served.admin, id="akidadmin0000001"))[1] == "InvalidClientTokenId"


def test_a_wrong_secret_is_refused(served: ServedHouse) -> None:
    assert outcome(wrong(served.admin, secret="admin-secret-2"))[:2] == (403, "SignatureDoesNotMatch")


def test_an_inactive_key_is_refused_until_it_is_active_again(served: ServedHouse) -> None:
    alice = served.user("alice")
    key = {"UserName": "alice", "AccessKeyId": alice.credentials.id}
    served.admin("iam:UpdateAccessKey", Status="Inactive", **key)
    assert outcome(alice) == (403, "InvalidClientTokenId", INVALID)
    served.admin("iam:UpdateAccessKey", Status="Active", **key)
    assert alice(WHO).status == 200


def test_a_deleted_key_is_refused_at_the_next_request(served: ServedHouse) -> None:
    alice = served.user("alice")
    alice(WHO)
    served.admin("iam:DeleteAccessKey", UserName="alice", AccessKeyId=alice.credentials.id)
    assert outcome(alice)[1] == "InvalidClientTokenId"


def test_a_key_whose_user_is_gone_is_refused(served: ServedHouse) -> None:
    """The API removes keys first; rows that were brought here otherwise may not let anybody in."""
    alice = served.user("alice")

    def step(tx: object) -> None:
        tx.written_by(Author(arn="arn:aws:iam::111122223333:root", at=served.real.now, request_id="test"))
        tx.remove(tx.get(User, ACCOUNT, "alice"))

    served.house.store.write(step)
    assert outcome(alice) == (403, "InvalidClientTokenId", INVALID)


def test_a_long_term_key_with_a_token_is_refused(served: ServedHouse) -> None:
    token = served.admin("sts:GetSessionToken")["Credentials"]["SessionToken"]
    alice = served.user("alice")
    assert alice.credentials.id.startswith("AKIA")
    assert outcome(wrong(alice, token=token)) == (403, "InvalidClientTokenId", INVALID)


def test_a_renamed_user_keeps_the_key_and_shows_the_new_name(served: ServedHouse) -> None:
    alice = served.user("alice")
    served.admin("iam:UpdateUser", UserName="alice", NewUserName="alicia")
    assert alice(WHO)["Arn"].endswith(":user/alicia")


# ---- temporary keys


def test_a_role_session_is_who_the_token_says(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder", Path="/ci/"), "job-7")
    answer = session(WHO)
    assert answer["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/job-7"
    assert answer["UserId"].startswith("AROA")
    assert answer["UserId"].endswith(":job-7")


def test_a_temporary_key_without_its_token_is_refused(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"))
    assert outcome(wrong(session, token=None)) == (403, "InvalidClientTokenId", INVALID)


def test_the_token_of_another_key_is_refused(served: ServedHouse) -> None:
    arn = served.role("builder")
    one, two = served.admin.assume(arn, "one"), served.admin.assume(arn, "two")
    assert outcome(wrong(one, token=two.credentials.token)) == (403, "InvalidClientTokenId", INVALID)
    assert outcome(wrong(one, id=two.credentials.id, token=two.credentials.token))[1] == "SignatureDoesNotMatch"


def test_an_empty_token_is_refused(served: ServedHouse) -> None:
    assert outcome(wrong(served.admin.assume(served.role("builder")), token=""))[0] == 403


@pytest.mark.parametrize(
    ("milliseconds", "code"), [(-1, ""), (0, "ExpiredToken"), (1, "ExpiredToken")], ids=["before", "at", "after"]
)
def test_a_session_ends_at_its_expiration_to_the_millisecond(served: ServedHouse, milliseconds: int, code: str) -> None:
    session = served.admin.assume(served.role("builder"), DurationSeconds=900)
    served.sessions_age(seconds=900, milliseconds=milliseconds)
    answer = session.ask(WHO)
    assert answer.code == code
    assert answer.message == (EXPIRED if code else "")


@pytest.mark.parametrize(
    ("milliseconds", "code"), [(-1, "ExpiredToken"), (0, ""), (1, "")], ids=["before", "at", "after"]
)
def test_a_session_counts_from_its_not_before(served: ServedHouse, milliseconds: int, code: str) -> None:
    begins = served.real.now.replace(minute=30)
    session = sealed(served, not_before=begins)
    served.sessions_age(minutes=30, milliseconds=milliseconds)
    assert session.ask(WHO).code == code


def test_an_expired_session_is_told_so_whatever_its_signature(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"), DurationSeconds=900)
    served.sessions_age(seconds=900)
    assert outcome(wrong(session, secret="wrong")) == (403, "ExpiredToken", EXPIRED)


def test_a_moved_clock_does_not_break_a_signature(served: ServedHouse) -> None:
    served.sessions_age(days=30)
    assert served.admin(WHO).status == 200


def test_a_session_of_a_deleted_role_is_refused(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"))
    served.admin("iam:DeleteRole", RoleName="builder")
    assert outcome(session) == (403, "InvalidClientTokenId", INVALID)


def test_a_role_made_anew_does_not_revive_its_sessions(served: ServedHouse) -> None:
    arn = served.role("builder")
    session = served.admin.assume(arn)
    served.admin("iam:DeleteRole", RoleName="builder")
    assert served.role("builder") == arn
    assert outcome(session) == (403, "InvalidClientTokenId", INVALID)


def test_a_session_of_a_deleted_user_is_refused(served: ServedHouse) -> None:
    alice = served.user("alice")
    session = Client(served, Credentials.of(alice("sts:GetSessionToken")["Credentials"]))
    session(WHO)
    served.admin("iam:DeleteAccessKey", UserName="alice", AccessKeyId=alice.credentials.id)
    session(WHO)
    served.admin("iam:DeleteUser", UserName="alice")
    assert outcome(session) == (403, "InvalidClientTokenId", INVALID)


@pytest.mark.parametrize(("kind", "name"), [(Role, "builder"), (User, "alice")])
def test_a_raised_epoch_ends_the_sessions_before_it(served: ServedHouse, kind: type, name: str) -> None:
    """Rule T11, level two: ExpiredToken, so that clients fetch new credentials by themselves."""
    arn, alice = served.role("builder"), served.user("alice")

    def session() -> Client:
        if kind is Role:
            return served.admin.assume(arn)
        return Client(served, Credentials.of(alice("sts:GetSessionToken")["Credentials"]))

    def step(tx: object) -> None:
        tx.written_by(Author(arn="arn:aws:iam::111122223333:root", at=served.real.now, request_id="test"))
        entity = tx.get(kind, ACCOUNT, name)
        tx.put(msgspec.structs.replace(entity, session_epoch=entity.session_epoch + 1))

    before = session()
    served.house.store.write(step)
    assert outcome(before) == (403, "ExpiredToken", EXPIRED)
    assert session()(WHO).status == 200


def test_a_session_of_another_partition_is_refused(served: ServedHouse) -> None:
    assert outcome(sealed(served, partition="aws-cn")) == (403, "InvalidClientTokenId", INVALID)
    assert sealed(served)(WHO)["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_principal_of_another_account_than_the_token_says_is_refused(served: ServedHouse) -> None:
    alice = served.user("alice")(WHO)["UserId"]
    assert outcome(sealed(served, account=OTHER, principal_id=alice)) == (403, "InvalidClientTokenId", INVALID)
    assert sealed(served, principal_id=alice)(WHO)["Arn"].endswith(":user/alice")


@pytest.mark.parametrize("kind", ["root-task", "web", "saml", "assumed-role"])
def test_a_session_of_another_kind_is_never_root_s(served: ServedHouse, kind: str) -> None:
    assert outcome(sealed(served, kind=kind, name="x")) == (403, "InvalidClientTokenId", INVALID)


def test_a_federated_user_whom_root_has_made_is_not_root(served: ServedHouse) -> None:
    federated = sealed(served, kind="federated-user", name="bob")
    assert federated(WHO)["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert federated.ask("iam:ListUsers").code == "InvalidClientTokenId"
    assert federated.ask("sts:GetSessionToken").code == "AccessDenied"


def test_a_federated_user_is_never_the_user_who_federated(served: ServedHouse) -> None:
    """Rule P10: the child of a user has a name and limits of its own, not the user's rights."""
    alice = served.user("alice", allow("*"))
    federated = sealed(served, kind="federated-user", name="bob", principal_id=alice(WHO)["UserId"])
    answer = federated(WHO)
    assert answer["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert answer["UserId"] == f"{ACCOUNT}:bob"


def test_a_root_task_of_a_user_is_refused(served: ServedHouse) -> None:
    alice = served.user("alice", allow("*"))(WHO)["UserId"]
    assert outcome(sealed(served, kind="root-task", principal_id=alice)) == (403, "InvalidClientTokenId", INVALID)


def test_a_role_s_kind_of_session_cannot_be_a_user_s(served: ServedHouse) -> None:
    alice = served.user("alice", allow("*"))(WHO)["UserId"]
    for kind in ("assumed-role", "web", "saml"):
        assert outcome(sealed(served, kind=kind, principal_id=alice, name="x"))[1] == "InvalidClientTokenId"


def test_two_sessions_of_one_key_id_both_work(served: ServedHouse) -> None:
    """Rule T13: a temporary key id is not unique, so nothing may be remembered by it alone."""
    one = served.admin.assume(served.role("builder"), "one")
    for client in (one, served.root, one):
        assert client(WHO).status == 200


def test_a_token_on_the_deny_list_is_refused_and_no_other(served: ServedHouse) -> None:
    """Rule T11, level four: by the token's salt."""
    arn = served.role("builder")
    one, two = served.admin.assume(arn, "one"), served.admin.assume(arn, "two")
    salt = base64.b64decode(one.credentials.token or "")[5:21]
    verifying(served, denied=frozenset({salt}))
    assert outcome(one) == (403, "InvalidClientTokenId", INVALID)
    assert two(WHO).status == 200
    assert served.admin(WHO).status == 200


def test_tokens_issued_before_a_moment_are_refused(served: ServedHouse) -> None:
    """Rule T10: all of them at once; long-term keys are not tokens."""
    before = served.admin.assume(served.role("builder"))
    served.sessions_age(seconds=1)
    verifying(served, issued_from=served.house.clocks.moment().now)
    assert outcome(before) == (403, "InvalidClientTokenId", INVALID)
    assert served.admin.assume(f"arn:aws:iam::{ACCOUNT}:role/builder")(WHO).status == 200


# ---- the signature and its scope


def test_no_signature_at_all_is_refused(served: ServedHouse) -> None:
    answer = served.answer(request(WHO))
    assert (answer.status, answer.code) == (403, "MissingAuthenticationToken")
    assert answer.message == "Request is missing Authentication Token"


def test_an_operation_that_is_unsigned_by_design_has_an_anonymous_caller(served: ServedHouse) -> None:
    caller = _authenticated(served, request("sts:AssumeRoleWithWebIdentity"), "sts:AssumeRoleWithWebIdentity")
    assert (caller.kind, caller.account, caller.arn) == ("anonymous", "", "")


def test_a_signature_counts_even_where_none_is_needed(served: ServedHouse) -> None:
    action = "sts:AssumeRoleWithWebIdentity"
    signed = served.admin.signed(request(action), "sts")
    assert _authenticated(served, signed, action).name == "admin"
    with pytest.raises(Refusal) as refusal:
        _authenticated(served, wrong(served.admin, secret="x").signed(request(action), "sts"), action)
    assert refusal.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(("action", "scope"), [(WHO, "iam"), ("iam:ListUsers", "sts"), (WHO, "s3")])
def test_a_signature_for_another_service_is_refused(served: ServedHouse, action: str, scope: str) -> None:
    answer = served.answer(served.admin.signed(request(action), scope))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert f"Credential should be scoped to correct service: '{action.partition(':')[0]}'" in answer.message


def test_only_configured_regions_are_accepted(served: ServedHouse) -> None:
    verifying(served, regions=frozenset({"eu-central-1"}))
    refused = served.answer(served.admin.signed(request(WHO), "sts", region="us-east-1"))
    assert (refused.code, refused.status) == ("SignatureDoesNotMatch", 403)
    assert served.answer(served.admin.signed(request(WHO), "sts", region="eu-central-1"), WHO).status == 200


def test_the_window_is_the_setting_s(served: ServedHouse) -> None:
    signed = served.admin.signed(request(WHO), "sts")
    served.real_time_passes(minutes=5)
    assert served.answer(signed).status == 200
    served.real_time_passes(seconds=1)
    assert served.answer(signed).code == "SignatureDoesNotMatch"


def test_a_token_outside_the_signature_is_refused_unless_the_setting_says_so(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"))
    without = wrong(session, token=None).signed(request(WHO), "sts")
    added = msgspec.structs.replace(
        without, headers=(*without.headers, ("x-amz-security-token", session.credentials.token or ""))
    )
    assert served.answer(added).code == "SignatureDoesNotMatch"
    verifying(served, allow_unsigned_token=True)
    assert served.answer(added).status == 200


# ---- the whole HMAC runs (rules S5, S17, S18)


def test_the_hmac_runs_over_the_dummy_for_a_key_that_does_not_exist(served: ServedHouse) -> None:
    day_keys = counted(served)
    dummy = served.house.verification.dummy_secret.reveal().encode()
    served.answer(wrong(served.admin, id="AKIAQ3EGRIT4EXAMPLE7").signed(request(WHO), "sts"))
    assert day_keys.asked == [("AKIAQ3EGRIT4EXAMPLE7", dummy)]


def test_the_hmac_runs_over_the_dummy_whatever_is_wrong_with_the_key(served: ServedHouse) -> None:
    alice, session = served.user("alice"), served.admin.assume(served.role("builder"), DurationSeconds=900)
    served.admin("iam:UpdateAccessKey", UserName="alice", AccessKeyId=alice.credentials.id, Status="Inactive")
    served.sessions_age(seconds=900)
    dummy = served.house.verification.dummy_secret.reveal().encode()
    for client in (alice, session, wrong(session, token="AAAA"), wrong(session, token=None)):
        day_keys = counted(served)
        assert client.ask(WHO).status == 403
        assert [secret for _, secret in day_keys.asked] == [dummy]


def test_the_hmac_runs_once_over_the_true_secret_of_a_key_that_exists(served: ServedHouse) -> None:
    day_keys = counted(served)
    served.admin(WHO)
    assert day_keys.asked == [("AKIDADMIN0000001", b"admin-secret")]


def test_a_signature_made_with_the_dummy_proves_nothing(served: ServedHouse) -> None:
    dummy = served.house.verification.dummy_secret.reveal()
    for id in ("AKIAQ3EGRIT4EXAMPLE7", "ASIAQ3EGRIT4EXAMPLE7"):
        assert outcome(Client(served, Credentials(id, dummy)))[1] == "InvalidClientTokenId"


def test_the_dummy_differs_from_process_to_process_and_is_never_shown(served: ServedHouse) -> None:
    dummy = served.house.verification.dummy_secret
    other = ServedHouse(now=served.real.now)
    try:
        other.development.reset({})
        assert other.house.verification.dummy_secret.reveal() != dummy.reveal()
    finally:
        other.close()
    assert dummy.reveal() not in repr(served.house.verification)


def test_a_role_session_outlives_the_key_that_asked_for_it(served: ServedHouse) -> None:
    """Rule T12: as on AWS, a long-term key that is turned off does not end its sessions."""
    alice = served.user("alice")
    arn = served.role("builder", trust=[trusting(f"arn:aws:iam::{ACCOUNT}:user/alice")])
    session = alice.assume(arn)
    served.admin("iam:DeleteAccessKey", UserName="alice", AccessKeyId=alice.credentials.id)
    assert session(WHO).status == 200


def _authenticated(served: ServedHouse, asked: Request, action: str) -> Caller:
    how: Verification = served.house.verification
    moment = served.house.clocks.moment()
    return served.house.store.read(
        lambda tx: authenticate(
            asked,
            sigv4.carrier(asked),
            shapes.operation(action),
            tx,
            how,
            place=Place(),
            now=moment.now,
            wire_now=moment.wire_now,
        )
    )
