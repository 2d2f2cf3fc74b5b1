"""Login profiles: passwords are set, changed and taken away, kept as hashes, and shown to nobody."""

from __future__ import annotations

import msgspec
import pytest
from tests.iam_house import ACCOUNT
from tests.served import document, trusting

from locum.call import Use
from locum.iam.change_password import FREE, LONGEST
from locum.iam.login_profiles import EARLIER, HASH, PEPPER, REUSED, LoginProfile, password_use

TRUST = document(trusting(ACCOUNT))
FIRST, SECOND, THIRD = "first-password", "second-password", "third-password"


@pytest.fixture
def alice(house):
    house.perform("iam:CreateUser", UserName="alice")
    house.perform("iam:CreateLoginProfile", UserName="Alice", Password=FIRST)
    return house.perform("iam:GetUser", UserName="alice")["User"]["UserId"]


def change(house, old, new):
    return house.perform("iam:ChangePassword", OldPassword=old, NewPassword=new)


def refused(house, old, new=THIRD):
    refusal = house.refused("iam:ChangePassword", OldPassword=old, NewPassword=new)
    assert old not in str(refusal)
    assert new not in str(refusal)
    return refusal


def test_a_user_gets_a_password_once(house, alice):
    answer = house.perform("iam:GetLoginProfile", UserName="alice")["LoginProfile"]
    assert answer == {"UserName": "alice", "CreateDate": house.now, "PasswordResetRequired": False}
    again = house.refused("iam:CreateLoginProfile", UserName="alice", Password=SECOND)
    assert (again.code, again.message) == ("EntityAlreadyExists", "Login Profile for user alice already exists.")


@pytest.mark.parametrize("operation", ["iam:GetLoginProfile", "iam:DeleteLoginProfile", "iam:UpdateLoginProfile"])
def test_without_a_password_there_is_no_profile(house, operation):
    house.perform("iam:CreateUser", UserName="bob")
    refusal = house.refused(operation, UserName="bob")
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "Login Profile for User bob cannot be found.")
    assert house.refused(operation, UserName="nobody").message == "The user with name nobody cannot be found."


def test_a_password_that_breaks_the_policy_is_not_set(house):
    house.perform("iam:CreateUser", UserName="bob")
    refusal = house.refused("iam:CreateLoginProfile", UserName="bob", Password="short")
    assert (refusal.code, refusal.message) == (
        "PasswordPolicyViolation",
        "Password should have a minimum length of 8",
    )
    assert house.refused("iam:GetLoginProfile", UserName="bob").code == "NoSuchEntity"


def test_a_user_cannot_be_made_a_profile_without_a_password(house):
    house.perform("iam:CreateUser", UserName="bob")
    refusal = house.refused("iam:CreateLoginProfile", UserName="bob")
    assert refusal.code == "ValidationError"
    assert refusal.message.endswith("Value null at 'password' failed to satisfy constraint: Member must not be null")


def test_a_user_with_a_password_is_not_deleted(house, alice):
    refusal = house.refused("iam:DeleteUser", UserName="alice")
    assert (refusal.code, refusal.message) == (
        "DeleteConflict",
        "Cannot delete entity, must delete login profile first.",
    )
    house.perform("iam:DeleteLoginProfile", UserName="alice")
    house.perform("iam:DeleteUser", UserName="alice")


def test_an_update_without_a_password_changes_the_flag_alone(house, alice):
    house.perform("iam:UpdateLoginProfile", UserName="alice", PasswordResetRequired=True)
    assert house.perform("iam:GetLoginProfile", UserName="alice")["LoginProfile"]["PasswordResetRequired"] is True
    house.perform("iam:UpdateLoginProfile", UserName="alice", Password=SECOND)
    assert house.perform("iam:GetLoginProfile", UserName="alice")["LoginProfile"]["PasswordResetRequired"] is True
    house.act_as_user("alice")
    change(house, SECOND, THIRD)
    house.act_as_root()
    assert house.perform("iam:GetLoginProfile", UserName="alice")["LoginProfile"]["PasswordResetRequired"] is False


def test_a_user_changes_the_own_password_by_showing_the_present_one(house, alice):
    house.act_as_user("alice")
    change(house, FIRST, SECOND)
    change(house, SECOND, THIRD)
    refusal = refused(house, FIRST, SECOND)
    assert (refusal.code, refusal.message) == ("AccessDenied", "The old password was incorrect.")


def test_only_users_change_a_password(house, alice):
    house.perform("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert refused(house, FIRST).code == "InvalidUserType"
    house.act_as_session_of("r")
    assert refused(house, FIRST).message == "Only IAM Users can change their own password."


def test_a_user_without_a_password_changes_none(house):
    house.perform("iam:CreateUser", UserName="bob")
    house.act_as_user("bob")
    assert refused(house, FIRST).message == "Login Profile for User bob cannot be found."


def test_the_last_passwords_are_not_taken_again_where_the_policy_remembers_them(house, alice):
    house.perform("iam:UpdateAccountPasswordPolicy", PasswordReusePrevention=2, MinimumPasswordLength=8)
    house.act_as_user("alice")
    change(house, FIRST, SECOND)
    for used in (FIRST, SECOND):
        refusal = refused(house, SECOND, used)
        assert (refusal.code, refusal.message) == ("PasswordPolicyViolation", REUSED)
    change(house, SECOND, THIRD)
    change(house, THIRD, FIRST)  # it is the third by now


def test_an_administrator_is_held_to_the_memory_too(house, alice):
    house.perform("iam:UpdateAccountPasswordPolicy", PasswordReusePrevention=1)
    assert house.refused("iam:UpdateLoginProfile", UserName="alice", Password=FIRST).message == REUSED


def test_without_a_memory_a_password_may_come_again(house, alice):
    house.perform("iam:UpdateLoginProfile", UserName="alice", Password=FIRST)


# ---- tries (rule C8)


def test_after_five_wrong_passwords_the_right_one_must_wait_too_and_only_so_long(house, alice):
    house.act_as_user("alice")
    for _ in range(FREE):
        assert refused(house, "wrong-password").code == "AccessDenied"
    waiting = refused(house, FIRST, SECOND)
    assert waiting.code == "EntityTemporarilyUnmodifiable"
    house.later(seconds=1)
    change(house, FIRST, SECOND)


def test_each_further_wrong_password_doubles_the_wait_up_to_five_minutes(house, alice):
    house.act_as_user("alice")
    for _ in range(FREE):
        refused(house, "wrong-password")
    waits = []
    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST, LONGEST):
        house.later(seconds=seconds - 1)
        if seconds > 1:
            assert refused(house, "wrong-password").code == "EntityTemporarilyUnmodifiable"
        house.later(seconds=1)
        assert refused(house, "wrong-password").code == "AccessDenied"
        waits.append(seconds)
    house.later(seconds=LONGEST)
    change(house, FIRST, SECOND)  # never for ever


def test_a_right_password_forgets_the_wrong_ones_even_when_the_new_one_is_refused(house, alice):
    house.act_as_user("alice")
    for _ in range(FREE - 1):
        refused(house, "wrong-password")
    assert refused(house, FIRST, "short").code == "PasswordPolicyViolation"
    for _ in range(FREE - 1):
        refused(house, "wrong-password")
    change(house, FIRST, SECOND)


def test_tries_at_once_are_no_more_tries_than_one_after_another(house, alice):
    """Each is counted before its password is looked at, so what is looked at is bounded whatever runs beside it."""
    house.act_as_user("alice")
    call = house.call("iam:ChangePassword", OldPassword="wrong-password", NewPassword=THIRD)
    looked_at = []

    class Counting:
        def matches(self, stored, password, pepper):
            if len(looked_at) < 20:  # another try begins while this one is looked at
                looked_at.append(1)
                inner = msgspec.structs.replace(call, hashing=self)
                with pytest.raises(Exception) as caught:
                    inner.operation.prepares(inner, house.store)
                codes.append(caught.value.code)
            return False

    codes: list[str] = []
    outer = msgspec.structs.replace(call, hashing=Counting())
    with pytest.raises(Exception) as caught:
        outer.operation.prepares(outer, house.store)
    codes.append(caught.value.code)
    assert codes.count("AccessDenied") == FREE
    assert codes.count("EntityTemporarilyUnmodifiable") == 1


def test_two_changes_at_once_by_the_same_old_password_are_one(house, alice):
    house.act_as_user("alice")
    call = house.call("iam:ChangePassword", OldPassword=FIRST, NewPassword=SECOND)
    late = msgspec.structs.replace(call, prepared=call.operation.prepares(call, house.store))
    change(house, FIRST, THIRD)
    with pytest.raises(Exception, match="another request") as caught:
        house.write(lambda tx: late.operation.perform(late, tx))
    assert caught.value.code == "ConcurrentModification"
    change(house, THIRD, SECOND)


# ---- what is kept, and what is shown


def test_a_password_is_kept_as_hashes_that_are_sealed(house, alice):
    house.perform("iam:UpdateLoginProfile", UserName="alice", Password=SECOND)
    profile = house.read(lambda tx: tx.get_id(LoginProfile, alice))
    kept = house.read(lambda tx: {name: tx.secret(profile, name).reveal() for name in (HASH, PEPPER, EARLIER)})
    assert kept[HASH].startswith("$argon2id$")
    assert kept[EARLIER].startswith("$argon2id$")
    assert kept[HASH] != kept[EARLIER]
    assert len(bytes.fromhex(kept[PEPPER])) == 32
    assert FIRST not in str(kept)
    assert SECOND not in str(kept)
    logged = str(house.read(lambda tx: list(tx.changes(ACCOUNT))))
    for text in (*kept.values(), FIRST, SECOND):
        assert text not in logged


def test_two_users_with_one_password_have_nothing_in_common(house, alice):
    house.perform("iam:CreateUser", UserName="bob")
    house.perform("iam:CreateLoginProfile", UserName="bob", Password=FIRST)
    bob = house.perform("iam:GetUser", UserName="bob")["User"]["UserId"]

    def kept(tx, id):
        profile = tx.get_id(LoginProfile, id)
        return {tx.secret(profile, HASH).reveal(), tx.secret(profile, PEPPER).reveal()}

    assert house.read(lambda tx: kept(tx, alice) & kept(tx, bob)) == set()


def test_no_repr_of_a_call_shows_a_password(house, alice):
    call = house.call("iam:ChangePassword", OldPassword=FIRST, NewPassword=SECOND)
    held = msgspec.structs.replace(call, prepared=FIRST)
    assert FIRST not in repr(held)
    assert SECOND not in f"{held}"
    assert "iam:ChangePassword" in repr(held)


def test_roots_password_is_its_own_and_is_counted_in_the_summary(house):
    assert house.perform("iam:GetAccountSummary")["SummaryMap"]["AccountPasswordPresent"] == 0
    assert house.refused("iam:CreateLoginProfile", Password=FIRST).code == "PasswordPolicyViolation"
    house.perform("iam:CreateLoginProfile", Password="a long password of root")
    assert house.perform("iam:GetLoginProfile")["LoginProfile"]["UserName"] == "root"
    assert house.perform("iam:GetAccountSummary")["SummaryMap"]["AccountPasswordPresent"] == 1
    house.perform("iam:DeleteLoginProfile")
    assert house.refused("iam:GetLoginProfile").message == "Login Profile for User root cannot be found."


def test_the_last_use_of_a_password_is_shown_with_its_user(house, alice):
    assert "PasswordLastUsed" not in house.perform("iam:GetUser", UserName="alice")["User"]
    house.activity.used(password_use(alice), Use(house.now, "signin", "us-east-1"))
    assert house.perform("iam:GetUser", UserName="alice")["User"]["PasswordLastUsed"] == house.now
    assert house.perform("iam:ListUsers")["Users"][0]["PasswordLastUsed"] == house.now
