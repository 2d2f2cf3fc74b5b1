"""Hostile policy documents through the whole stack (rule D3): refused by name, whatever their form."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.served import ServedHouse, document, request

FINE = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})


def within(condition: str) -> str:
    """A policy that would be fine but for this condition."""
    return FINE.replace('"Resource":"*"', f'"Resource":"*","Condition":{condition}')


HOSTILE = {
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 20_000,
    "closed deep lists": within("[" * 60_000 + "]" * 60_000),
    "one level too many": within("[" * 33 + "]" * 33),
    "many keys": "{" + ",".join(f'"k{number}":1' for number in range(12_000)) + "}",
    "many digits": within('{"NumericEquals":{"s3:max-keys":' + "9" * 100_000 + "}}"),
    "a key twice": FINE.replace('"Effect":"Allow"', '"Effect":"Deny","Effect":"Allow"'),
    "a key in two cases": FINE.replace('"Effect":"Allow"', '"effect":"Deny","Effect":"Allow"'),
    "not a number": within('{"NumericEquals":{"s3:max-keys":NaN}}'),
    "infinity": within('{"NumericEquals":{"s3:max-keys":-Infinity}}'),
    "half a surrogate pair": within('{"StringEquals":{"aws:username":"\\ud800"}}'),
    "a byte order mark": "\ufeff" + FINE,
    "two documents": FINE + FINE,
    "an endless text": '{"Version":"' + "x" * 100_000,
}
# Refused before the parser, as a character that the model does not have, and behind it, as far too long.
CODES = {HOSTILE["a byte order mark"]: (400, "ValidationError"), HOSTILE["many digits"]: (409, "LimitExceeded")}


@pytest.fixture(scope="module")
def served() -> Iterator[ServedHouse]:
    house = ServedHouse()
    yield house
    house.close()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_document_is_refused_by_name(served: ServedHouse, text: str) -> None:
    answer = served.admin.ask("iam:CreatePolicy", PolicyName="hostile", PolicyDocument=text)
    assert (answer.status, answer.code) == CODES.get(text, (400, "MalformedPolicyDocument"))


@pytest.mark.parametrize("coding", ["utf-16", "utf-8-sig", "latin-1"])
def test_octets_that_are_not_utf_8_are_refused(served: ServedHouse, coding: str) -> None:
    octets = within('{"StringEquals":{"aws:username":"é"}}').encode(coding)
    quoted = "".join(f"%{octet:02X}" for octet in octets)
    body = f"Action=CreatePolicy&Version=2010-05-08&PolicyName=x&PolicyDocument={quoted}".encode()
    signed = served.admin.signed(request("iam:CreatePolicy", body=body), "iam")
    answer = served.answer(signed)
    assert answer.status == 400
    assert answer.code


def test_control_the_same_without_the_fault_is_taken(served: ServedHouse) -> None:
    """The control: it is the fault that is refused."""
    assert served.admin.ask("iam:CreatePolicy", PolicyName="fine", PolicyDocument=FINE).code == ""


@pytest.mark.parametrize("name", ["a key twice", "not a number", "infinity", "half a surrogate pair"])
def test_control_the_language_s_own_parser_takes_what_we_refuse(name: str) -> None:
    """The control: with it these would be policies."""
    assert json.loads(HOSTILE[name])


@pytest.mark.parametrize("field", ["iam:PutUserPolicy", "iam:CreateRole", "sts:AssumeRole"])
def test_every_field_that_takes_a_document_refuses_it(served: ServedHouse, field: str) -> None:
    text = '{"a":' * 300
    inputs = {
        "iam:PutUserPolicy": {"UserName": "admin", "PolicyName": "x", "PolicyDocument": text},
        "iam:CreateRole": {"RoleName": "x", "AssumeRolePolicyDocument": text},
        "sts:AssumeRole": {"RoleArn": "arn:aws:iam::111122223333:role/deep", "RoleSessionName": "xx", "Policy": text},
    }[field]
    if field == "sts:AssumeRole":
        served.role("deep")
    answer = served.admin.ask(field, **inputs)
    assert (answer.status, answer.code) == (400, "MalformedPolicyDocument")
