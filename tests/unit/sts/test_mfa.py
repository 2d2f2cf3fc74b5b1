"""The MFA code that comes with a call: accepted once, whatever is decided then (decisions 17, rule C9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.served import ACCOUNT, Answer, Client, Credentials, ServedHouse, allow, trusting
from tests.unit.sts.phones import STEP, Phone, phone_of

WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
TOKEN = "sts:GetSessionToken"
WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
UNABLE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and"
    " associated with this user."
)


@pytest.fixture
def alice(served: ServedHouse) -> Client:
    return served.user("alice", allow("iam:ListUsers", "sts:AssumeRole"))


@pytest.fixture
def phone(served: ServedHouse, alice: Client) -> Phone:
    return phone_of(served, "alice")


def session(client: Client, **inputs: Any) -> Client:
    """The caller's own temporary credentials."""
    return Client(client.house, Credentials.of(client(TOKEN, **inputs)["Credentials"]))


def said(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.code, answer.message


def test_a_code_makes_a_session_with_mfa(alice: Client, phone: Phone) -> None:
    assert session(alice, **phone.now())("iam:ListUsers").status == 200


def test_without_a_code_the_session_calls_no_iam(alice: Client, phone: Phone) -> None:
    answer = session(alice).ask("iam:ListUsers")
    assert (answer.status, answer.code) == (403, "InvalidClientTokenId")


def test_a_code_counts_once(alice: Client, phone: Phone) -> None:
    assert alice.ask(TOKEN, **phone.now()).status == 200
    assert said(alice.ask(TOKEN, **phone.now())) == (403, "AccessDenied", WRONG)


def test_the_next_code_counts_again(served: ServedHouse, alice: Client, phone: Phone) -> None:
    alice(TOKEN, **phone.now())
    served.real_time_passes(seconds=STEP)
    assert alice.ask(TOKEN, **phone.now()).status == 200


def test_an_accepted_code_stays_used_though_the_call_is_refused(
    served: ServedHouse, alice: Client, phone: Phone
) -> None:
    closed = served.role("closed", trust=[trusting(f"arn:aws:iam::{ACCOUNT}:user/admin")])
    inputs = {"RoleArn": closed, "RoleSessionName": "xx"} | phone.now()
    refused = alice.ask("sts:AssumeRole", **inputs)
    assert refused.message.endswith(f"on resource: {closed}")
    assert said(alice.ask("sts:AssumeRole", **inputs)) == (403, "AccessDenied", WRONG)
    assert said(alice.ask(TOKEN, **phone.now())) == (403, "AccessDenied", WRONG)


def test_of_many_uses_of_one_code_at_once_one_succeeds(served: ServedHouse, alice: Client, phone: Phone) -> None:
    inputs = phone.now()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: alice.ask(TOKEN, **inputs), range(24)))
    assert sorted(one.status for one in answers) == [200] + [403] * 23


def test_five_wrong_codes_a_minute_close_the_door_for_the_right_one(
    served: ServedHouse, alice: Client, phone: Phone
) -> None:
    wrong = {"SerialNumber": phone.serial, "TokenCode": "000000" if phone.code() != "000000" else "000001"}
    for _ in range(5):
        assert said(alice.ask(TOKEN, **wrong)) == (403, "AccessDenied", WRONG)
    assert alice.ask(TOKEN, **phone.now()).code == "AccessDenied"
    served.real_time_passes(seconds=61)
    assert alice.ask(TOKEN, **phone.now()).status == 200


def test_a_code_is_read_by_the_real_clock(served: ServedHouse, alice: Client, phone: Phone) -> None:
    served.sessions_age(days=3)
    assert alice.ask(TOKEN, **phone.now()).status == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 403), (-1, 200), (0, 200), (1, 200), (2, 403)])
def test_a_code_may_be_one_step_off(alice: Client, phone: Phone, steps: int, status: int) -> None:
    code = phone.code(steps)
    assert alice.ask(TOKEN, SerialNumber=phone.serial, TokenCode=code).status == status


@pytest.mark.parametrize("half", [{"TokenCode": "123456"}, {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/alice-phone"}])
def test_half_of_it_is_refused(alice: Client, phone: Phone, half: dict[str, str]) -> None:
    answer = alice.ask(TOKEN, **half)
    assert (answer.status, answer.code) == (400, "ValidationError")


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666", "12 456", ""])
def test_a_code_that_is_not_six_digits_is_refused(alice: Client, phone: Phone, code: str) -> None:
    answer = alice.ask(TOKEN, SerialNumber=phone.serial, TokenCode=code)
    assert answer.code in ("ValidationError", "AccessDenied")
    assert answer.status in (400, 403)


def test_somebody_else_s_device_is_refused_without_a_word_about_it(served: ServedHouse, phone: Phone) -> None:
    bob = served.user("bob")
    absent = phone.serial.replace("alice", "nobody")
    foreign = phone_of(served, "admin", served.other_admin)
    for serial in (phone.serial, absent, foreign.serial, phone.serial.upper(), phone.serial + "x"):
        answer = bob.ask(TOKEN, SerialNumber=serial, TokenCode="123456")
        assert said(answer) == (403, "AccessDenied", UNABLE)


def test_somebody_else_cannot_use_a_device_s_tries_up(served: ServedHouse, alice: Client, phone: Phone) -> None:
    bob = served.user("bob")
    for _ in range(10):
        bob.ask(TOKEN, SerialNumber=phone.serial, TokenCode="123456")
    assert alice.ask(TOKEN, **phone.now()).status == 200


def test_nobody_without_a_signature_reaches_a_device(served: ServedHouse, alice: Client, phone: Phone) -> None:
    forged = Client(served, Credentials(alice.credentials.id, "wrong"))
    for _ in range(10):
        assert forged.ask(TOKEN, **phone.now()).code == "SignatureDoesNotMatch"
    assert alice.ask(TOKEN, **phone.now()).status == 200


def test_a_device_taken_away_gives_no_more_codes(served: ServedHouse, alice: Client, phone: Phone) -> None:
    served.admin("iam:DeactivateMFADevice", UserName="alice", SerialNumber=phone.serial)
    assert said(alice.ask(TOKEN, **phone.now())) == (403, "AccessDenied", UNABLE)


def test_temporary_credentials_bring_no_code(served: ServedHouse, alice: Client, phone: Phone) -> None:
    role = served.role("builder", allow("sts:AssumeRole"))
    inputs = {"RoleArn": role, "RoleSessionName": "xx"} | phone.now()
    assert said(session(alice).ask("sts:AssumeRole", **inputs)) == (403, "AccessDenied", UNABLE)
    assert alice.ask("sts:AssumeRole", **inputs).status == 200


# ---- assuming a role that asks for MFA


def test_a_role_that_trusts_only_mfa_refuses_a_caller_without_it(
    served: ServedHouse, alice: Client, phone: Phone
) -> None:
    role = served.role("careful", trust=[trusting(ACCOUNT, Condition=WITH_MFA)])
    inputs = {"RoleArn": role, "RoleSessionName": "xx"}
    assert alice.ask("sts:AssumeRole", **inputs).code == "AccessDenied"
    assert alice.ask("sts:AssumeRole", **inputs, **phone.now()).status == 200


def test_a_session_with_mfa_needs_no_code_again(served: ServedHouse, alice: Client, phone: Phone) -> None:
    role = served.role("careful", trust=[trusting(ACCOUNT, Condition=WITH_MFA)])
    inputs = {"RoleArn": role, "RoleSessionName": "xx"}
    assert session(alice, **phone.now()).ask("sts:AssumeRole", **inputs).status == 200
    assert session(alice).ask("sts:AssumeRole", **inputs).code == "AccessDenied"


def test_the_role_session_says_whether_mfa_was_used(served: ServedHouse, alice: Client, phone: Phone) -> None:
    role = served.role("careful", allow("iam:ListUsers", Condition=WITH_MFA))
    assert alice.assume(role, **phone.now()).ask("iam:ListUsers").status == 200
    assert alice.assume(role).ask("iam:ListUsers").code == "AccessDenied"


def test_a_chained_session_does_not_inherit_mfa(served: ServedHouse, alice: Client, phone: Phone) -> None:
    first = served.role("first", allow("sts:AssumeRole"))
    second = served.role("second", allow("iam:ListUsers", Condition=WITH_MFA))
    chained = alice.assume(first, **phone.now()).assume(second)
    assert chained.ask("iam:ListUsers").code == "AccessDenied"


def test_the_age_of_mfa_grows_with_the_session(served: ServedHouse, alice: Client, phone: Phone) -> None:
    fresh = {"NumericLessThan": {"aws:MultiFactorAuthAge": "600"}}
    role = served.role("fresh", allow("iam:ListUsers", Condition=fresh))
    careful = alice.assume(role, **phone.now())
    served.sessions_age(seconds=599)
    assert careful.ask("iam:ListUsers").status == 200
    served.sessions_age(seconds=1)
    assert careful.ask("iam:ListUsers").code == "AccessDenied"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, 403),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, 200),
        ({"Null": {"aws:MultiFactorAuthPresent": "true"}}, 200),
        ({"Null": {"aws:MultiFactorAuthAge": "true"}}, 200),
    ],
)
def test_with_long_term_keys_the_keys_of_mfa_are_absent(
    served: ServedHouse, condition: dict[str, Any], status: int
) -> None:
    assert served.user("bob", allow("iam:ListUsers", Condition=condition)).ask("iam:ListUsers").status == status
