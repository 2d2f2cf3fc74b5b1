"""What a denial was about, told to those who may know."""

from __future__ import annotations

import json
from typing import Any

from tests.served import ACCOUNT, Answer, ServedHouse, allow

HEADER = "x-locum-authorization-message"


def message_of(answer: Answer) -> str:
    """The message that came with a denial, "" for none."""
    return dict(answer.response.headers).get(HEADER, "")


def decoded(house: ServedHouse, message: str) -> dict[str, Any]:
    text = house.admin("sts:DecodeAuthorizationMessage", EncodedMessage=message)["DecodedMessage"]
    return dict(json.loads(text))


def test_a_denial_for_want_of_an_allow_is_told(served: ServedHouse) -> None:
    nobody = served.user("nobody", Tags=[{"Key": "team", "Value": "red"}])
    refused = nobody.ask("iam:GetUser", UserName="admin")
    assert refused.code == "AccessDenied"
    told = decoded(served, message_of(refused))
    assert (told["allowed"], told["explicitDeny"], told["matchedStatements"]["items"]) == (False, False, [])
    context = told["context"]
    assert context["principal"]["arn"] == f"arn:aws:iam::{ACCOUNT}:user/nobody"
    assert context["principal"]["id"].startswith("AIDA")
    assert (context["action"], context["resource"]) == ("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/admin")
    keys = {
        one["key"].lower(): [value["value"] for value in one["values"]["items"]]
        for one in context["conditions"]["items"]
    }
    assert keys["aws:principaltag/team"] == ["red"]
    assert keys["aws:sourceip"] == ["192.0.2.7"]


def test_an_explicit_deny_is_told_with_its_statement(served: ServedHouse) -> None:
    denies = {"Sid": "NotThis", "Effect": "Deny", "Action": "iam:GetUser", "Resource": "*"}
    told = decoded(served, message_of(served.user("barred", allow("*"), denies).ask("iam:GetUser", UserName="admin")))
    assert told["explicitDeny"]
    (row,) = told["matchedStatements"]["items"]
    assert (row["statementId"], row["effect"]) == ("NotThis", "DENY")
    assert row["sourcePolicyId"] == "inline policy own of user/barred"


def test_the_denied_cannot_read_their_message_without_the_right_to(served: ServedHouse) -> None:
    nobody = served.user("nobody")
    message = message_of(nobody.ask("iam:ListUsers"))
    assert nobody.ask("sts:DecodeAuthorizationMessage", EncodedMessage=message).code == "AccessDenied"
    reader = served.user("reader", allow("sts:DecodeAuthorizationMessage"))
    assert "nobody" in reader("sts:DecodeAuthorizationMessage", EncodedMessage=message)["DecodedMessage"]


def test_another_account_and_a_made_up_message_are_refused_alike(served: ServedHouse) -> None:
    message = message_of(served.user("nobody").ask("iam:ListUsers"))
    answers = [
        served.other_admin.ask("sts:DecodeAuthorizationMessage", EncodedMessage=message),
        served.admin.ask("sts:DecodeAuthorizationMessage", EncodedMessage=message[:-8] + "AAAAAAA="),
        served.admin.ask("sts:DecodeAuthorizationMessage", EncodedMessage="made up"),
    ]
    assert {(one.status, one.code) for one in answers} == {(400, "InvalidAuthorizationMessageException")}
    assert len({one.message for one in answers}) == 1


def test_only_a_denial_carries_a_message_and_none_that_would_be_too_long(served: ServedHouse) -> None:
    assert message_of(served.admin.ask("iam:GetUser", UserName="nobody")) == ""
    assert message_of(served.admin.ask("iam:ListUsers")) == ""
    short = served.user("short").ask("iam:ListUsers")
    assert 0 < len(message_of(short)) <= 3072
    many = [{"Key": f"key-{number}", "Value": "v" * 200} for number in range(40)]
    assert message_of(served.user("long", Tags=many).ask("iam:ListUsers")) == ""
