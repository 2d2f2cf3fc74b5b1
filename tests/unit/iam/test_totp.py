"""One-time codes of the clock."""

from __future__ import annotations

import base64

import pytest

from locum.aws.secret import Secret
from locum.iam import totp

# RFC 6238, appendix B, SHA-1: seed, and time -> the last six of its eight digits.
SEED = Secret(base64.b32encode(b"12345678901234567890").decode())
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_the_rfc_hold(seconds: int, code: str) -> None:
    step = totp.step_at(seconds)
    assert totp.matching(SEED, code, [step]) == step


def test_a_code_of_another_step_does_not_match() -> None:
    step = totp.step_at(59)
    assert totp.matching(SEED, "287082", [step - 1, step + 1]) is None


@pytest.mark.parametrize("code", ["28708", "2870820", " 287082", "287082\n", "２８７０８２", "28708x", "", "+87082"])
def test_a_code_is_six_ascii_digits(code: str) -> None:
    assert totp.matching(SEED, code, [totp.step_at(59)]) is None


def test_a_pair_is_two_codes_of_steps_in_a_row() -> None:
    step = totp.step_at(1111111109)
    assert totp.matching_pair(SEED, ("081804", "050471"), [step]) == step + 1


@pytest.mark.parametrize("codes", [("050471", "081804"), ("081804", "081804"), ("081804", "005924")])
def test_codes_that_do_not_follow_each_other_are_no_pair(codes: tuple[str, str]) -> None:
    step = totp.step_at(1111111109)
    assert totp.matching_pair(SEED, codes, range(step - 2, step + 3)) is None


def test_the_address_names_the_device_and_the_account() -> None:
    address = totp.address("phone", "111122223333", SEED)
    assert address.startswith("otpauth://totp/Locum:phone%40111122223333?secret=")
