"""Who may change a password: whoever a policy allows, and each user the own one where the account lets them."""

from __future__ import annotations

from tests.served import ServedHouse, allow, deny

FIRST, SECOND = "first-password", "second-password"


def asked(client):
    return client.ask("iam:ChangePassword", OldPassword=FIRST, NewPassword=SECOND).code


def with_password(house, name, *statements):
    user = house.user(name, *statements)
    house.admin("iam:CreateLoginProfile", UserName=name, Password=FIRST)
    return user


def test_the_account_lets_each_user_change_the_own_password_and_see_the_policy():
    house = ServedHouse()
    alice, barred = with_password(house, "alice"), with_password(house, "barred", deny("iam:ChangePassword"))
    house.admin("iam:UpdateAccountPasswordPolicy", MinimumPasswordLength=8)
    assert asked(alice) == "AccessDenied"
    assert alice.ask("iam:GetAccountPasswordPolicy").code == "AccessDenied"
    house.admin("iam:UpdateAccountPasswordPolicy", MinimumPasswordLength=8, AllowUsersToChangePassword=True)
    assert alice.ask("iam:GetAccountPasswordPolicy").code == ""
    assert asked(alice) == ""
    assert asked(barred) == "AccessDenied"
    for more in ("iam:UpdateAccountPasswordPolicy", "iam:DeleteAccountPasswordPolicy", "iam:GetAccountSummary"):
        assert alice.ask(more).code == "AccessDenied"
    assert alice.ask("iam:UpdateLoginProfile", UserName="alice", Password=FIRST).code == "AccessDenied"
    house.close()


def test_a_policy_on_the_own_user_is_enough_and_on_another_is_not():
    house = ServedHouse()
    own = "arn:aws:iam::111122223333:user/${aws:username}"
    assert asked(with_password(house, "alice", allow("iam:ChangePassword", on=own))) == ""
    other = allow("iam:ChangePassword", on="arn:aws:iam::111122223333:user/alice")
    assert asked(with_password(house, "bob", other)) == "AccessDenied"
    house.close()


def test_no_record_holds_a_password():
    house = ServedHouse()
    alice = with_password(house, "alice", allow("iam:ChangePassword"))
    alice("iam:ChangePassword", OldPassword=FIRST, NewPassword=SECOND)
    alice.ask("iam:ChangePassword", OldPassword="a-wrong-password", NewPassword="x")
    house.admin("iam:UpdateLoginProfile", UserName="alice", Password="third-password")
    records = b"".join(house.house.trail.records())
    assert records.count(b"ChangePassword") >= 2
    for text in (FIRST, SECOND, "a-wrong-password", "third-password"):
        assert text.encode() not in records
    house.close()
