"""sts:GetCallerIdentity, which nothing can deny, and sts:GetAccessKeyInfo, which looks nothing up."""

from __future__ import annotations

import pytest
from tests.served import ACCOUNT, OTHER, Client, ServedHouse, allow, deny, document, request

from locum.aws import ids

WHO, WHOSE = "sts:GetCallerIdentity", "sts:GetAccessKeyInfo"


def test_not_even_a_deny_of_everything_stops_it(served: ServedHouse) -> None:
    alice = served.user("alice", deny("*"))
    assert alice(WHO)["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    session = served.admin.assume(served.role("builder", deny("*")), Policy=document(deny("sts:*")))
    assert session(WHO).status == 200


def test_no_parameter_makes_the_caller_somebody_else(served: ServedHouse) -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15&Account=444455556666&UserName=root&Arn=x&UserId=x"
    signed = served.admin.signed(request(WHO, body=body), "sts")
    assert served.answer(signed, WHO)["Account"] == ACCOUNT


@pytest.mark.parametrize("prefix", ["AKIA", "ASIA"])
@pytest.mark.parametrize("account", [ACCOUNT, OTHER, "000000000000", "999999999999"])
def test_an_access_key_id_names_its_account(served: ServedHouse, prefix: str, account: str) -> None:
    alice = served.user("alice", allow(WHOSE))
    key = ids.key_id(prefix, account, low39=7)
    assert alice(WHOSE, AccessKeyId=key)["Account"] == account


def test_it_needs_its_permission(served: ServedHouse) -> None:
    key = ids.key_id("AKIA", ACCOUNT, low39=7)
    answer = served.user("alice").ask(WHOSE, AccessKeyId=key)
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_an_id_that_a_person_chose_is_found_by_its_row(served: ServedHouse) -> None:
    assert served.admin(WHOSE, AccessKeyId="AKIDADMIN0000002")["Account"] == OTHER


@pytest.mark.parametrize("key", ["AKIDADMIN0000009", "AKIA________________", "x" * 128, "AKIA" + "7" * 16])
def test_an_id_of_nobody_is_refused(served: ServedHouse, key: str) -> None:
    answer = served.admin.ask(WHOSE, AccessKeyId=key)
    assert (answer.status, answer.code) == (400, "ValidationError")


def test_an_inactive_key_still_names_its_account(served: ServedHouse) -> None:
    alice: Client = served.user("alice")
    served.admin("iam:UpdateAccessKey", UserName="alice", AccessKeyId=alice.credentials.id, Status="Inactive")
    assert served.admin(WHOSE, AccessKeyId=alice.credentials.id)["Account"] == ACCOUNT
