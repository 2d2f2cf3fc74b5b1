"""Whom a request is about when it leaves out the user's name."""

from __future__ import annotations

import msgspec
from tests.iam_house import ACCOUNT, IamHouse

from locum.iam.subject import Root, subject


def meant(house: IamHouse, name: str | None = None) -> str:
    """The id of whom a request of the present caller is about."""
    call = house.call("iam:ListAccessKeys")
    return str(house.read(lambda tx: subject(call, tx, name)).id)


def test_root_means_itself(house: IamHouse) -> None:
    assert house.read(lambda tx: subject(house.call("iam:ListAccessKeys"), tx, None)) == Root(ACCOUNT)


def test_a_user_means_itself(house: IamHouse) -> None:
    id = house.perform("iam:CreateUser", UserName="alice")["User"]["UserId"]
    house.act_as_user("alice")
    assert meant(house) == id


def test_a_user_means_itself_after_it_was_renamed(house: IamHouse) -> None:
    id = house.perform("iam:CreateUser", UserName="alice")["User"]["UserId"]
    house.act_as_user("alice")
    house.perform("iam:UpdateUser", UserName="alice", NewUserName="eve")
    assert meant(house) == id


def test_a_name_wins_over_the_caller(house: IamHouse) -> None:
    ids = {name: house.perform("iam:CreateUser", UserName=name)["User"]["UserId"] for name in ("alice", "bob")}
    house.act_as_user("alice")
    assert meant(house, "BOB") == ids["bob"]


def test_a_user_that_is_gone_means_nobody_even_when_there_is_a_namesake(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    house.act_as_user("alice")
    house.perform("iam:DeleteUser", UserName="alice")
    house.perform("iam:CreateUser", UserName="alice")
    refusal = house.refused("iam:ListAccessKeys")
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "The user with name alice cannot be found.")


def test_whoever_is_neither_must_name_a_user(house: IamHouse) -> None:
    for kind in ("assumed-role", "federated-user", "anonymous"):
        house.caller = msgspec.structs.replace(house.caller, kind=kind)
        refusal = house.refused("iam:ListAccessKeys")
        assert refusal.code == "ValidationError"
        assert refusal.message == "Must specify userName when calling with non-User credentials"
