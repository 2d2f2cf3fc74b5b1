"""The account's password policy: what it answers, and what a password must be under it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.iam_house import ACCOUNT, NOW

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.iam.password_policy import PasswordPolicy, expires_at, require_conforming


def policy(**more):
    return PasswordPolicy(id=ACCOUNT, account=ACCOUNT, name=ACCOUNT, created=NOW, **more)


def violation(text: str, held: PasswordPolicy | None = None, *, root: bool = False) -> str:
    with pytest.raises(Refusal) as refused:
        require_conforming(held, Secret(text), root=root)
    assert refused.value.code == "PasswordPolicyViolation"
    return refused.value.message


def test_an_account_has_no_policy_at_first(house):
    refusal = house.refused("iam:GetAccountPasswordPolicy")
    assert (refusal.code, refusal.message) == (
        "NoSuchEntity",
        f"The Password Policy with domain name {ACCOUNT} cannot be found.",
    )
    assert house.refused("iam:DeleteAccountPasswordPolicy").code == "NoSuchEntity"


def test_what_an_update_leaves_out_has_aws_s_default(house):
    house.perform("iam:UpdateAccountPasswordPolicy", MinimumPasswordLength=14, RequireSymbols=True, HardExpiry=True)
    house.perform("iam:UpdateAccountPasswordPolicy", MaxPasswordAge=90, PasswordReusePrevention=5)
    assert house.perform("iam:GetAccountPasswordPolicy")["PasswordPolicy"] == {
        "MinimumPasswordLength": 6,
        "RequireSymbols": False,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": True,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 5,
    }


def test_what_is_not_set_is_not_answered(house):
    house.perform("iam:UpdateAccountPasswordPolicy")
    answer = house.perform("iam:GetAccountPasswordPolicy")["PasswordPolicy"]
    assert not {"MaxPasswordAge", "PasswordReusePrevention", "HardExpiry"} & answer.keys()
    assert answer["ExpirePasswords"] is False


def test_a_policy_that_was_deleted_is_gone(house):
    house.perform("iam:UpdateAccountPasswordPolicy")
    house.perform("iam:DeleteAccountPasswordPolicy")
    assert house.refused("iam:GetAccountPasswordPolicy").code == "NoSuchEntity"


def test_without_a_policy_eight_characters_are_enough_whatever_they_are():
    require_conforming(None, Secret("aaaaaaaa"), root=False)
    assert violation("aaaaaaa") == "Password should have a minimum length of 8"


def test_root_has_fifteen_characters_even_where_the_policy_says_less():
    require_conforming(policy(minimum_length=6), Secret("a" * 15), root=True)
    assert violation("a" * 14, policy(minimum_length=6), root=True) == "Password should have a minimum length of 15"
    assert violation("a" * 19, policy(minimum_length=20), root=True) == "Password should have a minimum length of 20"


@pytest.mark.parametrize(
    ("asked", "lacking", "having", "what"),
    [
        ("uppercase", "lower-case", "lower-Case", "uppercase letter"),
        ("lowercase", "UPPER-CASE", "UPPER-cASE", "lowercase letter"),
        ("numbers", "no-numbers", "a-numb3r", "number"),
        ("symbols", "nosymbol1", "a-symbol", "symbol"),
    ],
)
def test_each_class_of_characters_is_asked_for_by_its_name(asked, lacking, having, what):
    held = policy(**{asked: True})
    assert violation(lacking, held) == f"Password should have at least one {what}"
    require_conforming(held, Secret(having), root=False)


def test_letters_and_digits_of_other_scripts_count_as_none():
    held = policy(uppercase=True, numbers=True)
    assert violation("éàüÄÖ²³", held) == (
        "Password should have at least one uppercase letter, Password should have at least one number"
    )


def test_every_reason_is_named_at_once_and_the_password_is_not():
    message = violation("zzz", policy(minimum_length=8, uppercase=True, numbers=True))
    assert message == (
        "Password should have a minimum length of 8, Password should have at least one uppercase letter, "
        "Password should have at least one number"
    )
    assert "zzz" not in message


def test_a_password_expires_after_the_policy_s_days_and_never_without():
    assert expires_at(policy(max_age=90), NOW) == NOW + timedelta(days=90)
    assert expires_at(policy(), NOW) is None
    assert expires_at(None, NOW) is None
