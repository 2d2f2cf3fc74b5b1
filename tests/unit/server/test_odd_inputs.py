"""No input, however odd, is more than refused: never a fault of ours, never half a change, never a hang.

What breaks it: any status of 500. A failure prints the seed that replays it; LOCUM_FUZZ sets how many are tried.
"""

from __future__ import annotations

import logging
import os
import urllib.parse
from random import Random
from typing import Any

import msgspec
import pytest
from tests import access_matrix
from tests.served import MODELS, Client, ServedHouse, allow, deny, document, parsed, request
from tests.unit.server.asgi import application, asked

from locum.call import OPERATIONS
from locum.http import Request

SEED = int(os.environ.get("LOCUM_SEED", "20261124"))
TIMES = int(os.environ.get("LOCUM_FUZZ", "2000"))
IAM = "arn:aws:iam::111122223333"

ODD = [
    "", " ", "*", "?", "../..", "a" * 64, "a" * 65, "a" * 129, "a" * 1_000, "\u00e9", "\u03a9", "\0", "a\nb", "\ud7ff",
    "\uffff", "\U0010ffff", "arn:", f"{IAM}:policy/", f"{IAM}:policy/" + "x" * 2_000, "arn:::::::", f"{IAM}:root",
    "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/x", f"{IAM}:mfa/phone", f"{IAM}:user/alice",
    f"{IAM}:role/builder", "arn:aws:sts::111122223333:assumed-role/builder/x", "{}", "[]", "null", "[" * 3_000,
    '{"Version":"2012-10-17","Statement":[]}', '{"a":' * 3_000, "-1", "0", "1", "1.5", "9e9", "9" * 20, "+900", "true",
    "yes", "=", "&", "%", "%zz", "${aws:username}", "${", "<x>", "&amp;", "]]>", "' or 1=1 --", "aws:x", "AWS:",
    "alice", "ALICE", "admin", "spare", "v1", "v0", "v" + "9" * 15, "v-1", "v\u0663", "Active", "Expired", "123456",
    "AKIDALICE0000001", "AKIDROOT00000001", "2026-01-01T00:00:00Z", "/", "//", "/a/", "/a", "\u212aelvin", "\u0130",
    "\x7f", "\x85", "\xa0", "\u2028",
]  # fmt: skip
TAILS = [".member.0", ".member.-1", ".member.11", ".x", ".member", ".member.1.x.y", ".", ".member.01", ".member.99999"]


def odd(shape: Any, random: Random) -> Any:
    """A value that has the form of this shape and no sense."""
    if shape.type_name == "structure":
        return {name: odd(one, random) for name, one in shape.members.items() if random.random() < 0.9}
    if shape.type_name == "list":
        return [odd(shape.member, random) for _ in range(random.choice([0, 1, 1, 2, 3, 60]))]
    return random.choice(ODD)


def pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """A value as parameters of the query protocol."""
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in pairs(f"{name}.{key}" if name else key, one)]
    if isinstance(value, list):
        return [pair for at, one in enumerate(value, 1) for pair in pairs(f"{name}.member.{at}", one)]
    return [(name, str(value))]


def body(action: str, given: dict[str, Any], random: Random) -> bytes:
    """A call in which some inputs are odd, some missing, some doubled and some misnamed."""
    service, _, name = action.partition(":")
    shape = MODELS[service].operation_model(name).input_shape
    members = dict(shape.members) if shape else {}
    inputs = dict(given)
    for member, one in members.items():
        if random.random() < 0.4:
            inputs[member] = odd(one, random)
        elif random.random() < 0.1:
            inputs.pop(member, None)
    if MODELS[service].protocol == "json":
        text = msgspec.json.encode(inputs)
        return text[: random.randrange(len(text))] + b"x" if random.random() < 0.1 else text
    found = [("Action", name), ("Version", MODELS[service].api_version), *pairs("", inputs)]
    if random.random() < 0.1:
        found.append(random.choice(found))
    if members and random.random() < 0.1:
        found.append((random.choice(list(members)) + random.choice(TAILS), "x"))
    return urllib.parse.urlencode(found).encode()


def written(service: str, name: str, inputs: dict[str, Any]) -> bytes:
    """A call with these inputs, whatever they are."""
    if MODELS[service].protocol == "json":
        return msgspec.json.encode(inputs)
    found = pairs("", {"Action": name, "Version": MODELS[service].api_version} | inputs)
    return urllib.parse.urlencode(found).encode()


def test_odd_inputs_are_answered() -> None:
    random = Random(SEED)
    served = access_matrix.stocked()
    given = access_matrix.inputs()
    codes: dict[str, int] = {}
    try:
        for turn in range(TIMES):
            action = random.choice(sorted(given))
            client: Client = random.choice([served.admin, served.admin, served.root, served.other_admin])
            asked = request(action, body=body(action, given[action], random))
            answer = parsed(served.respond(client.signed(asked, action.partition(":")[0])), action)
            assert answer.status < 500 or answer.status == 501, f"LOCUM_SEED={SEED}, turn {turn}: {asked.body!r}"
            codes[answer.code] = codes.get(answer.code, 0) + 1
    finally:
        served.close()
    # the control: these are no random bytes, many of them get far
    assert codes[""] > TIMES // 100
    assert codes["ValidationError"] > TIMES // 100


@pytest.mark.parametrize("action", sorted(OPERATIONS))
def test_an_odd_value_in_each_single_input_is_answered(action: str) -> None:
    served = access_matrix.stocked()
    given = access_matrix.inputs()[action]
    service, _, name = action.partition(":")
    shape = MODELS[service].operation_model(name).input_shape
    try:
        for member in shape.members if shape else ():
            for value in ODD[:: 1 + len(shape.members) // 4]:
                asked = request(action, body=written(service, name, given | {member: value}))
                status = served.respond(served.admin.signed(asked, service)).status
                assert status < 500 or status == 501, f"{member}={value!r}"
    finally:
        served.close()


# ---- large and deep documents


DOCUMENT = document(allow("iam:Get*"))
LARGE = {
    "blanks up to the limit": (DOCUMENT.ljust(131_072), ""),
    "blanks beyond the limit": (DOCUMENT.ljust(131_073), "ValidationError"),
    "deep lists": ("[" * 60_000 + "]" * 60_000, "MalformedPolicyDocument"),
    "deep objects": ('{"Statement":' * 9_000 + "1" + "}" * 9_000, "MalformedPolicyDocument"),
    "a long number": (DOCUMENT[:-1] + ',"Id":' + "9" * 100_000 + "}", "MalformedPolicyDocument"),
    "doubled keys": ('{"Version":"2012-10-17",' + DOCUMENT[1:], "MalformedPolicyDocument"),
    "many statements": (document(*[allow("iam:Get*")] * 1_000), "LimitExceeded"),
    "many stars": (document(allow("iam:" + "*a" * 5_000)), "LimitExceeded"),
    "a byte order mark": ("\ufeff" + DOCUMENT, "ValidationError"),
    "a lone surrogate": (DOCUMENT.replace("iam:Get*", "iam:\\ud800"), "MalformedPolicyDocument"),
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_or_deep_document_is_answered(served: ServedHouse, kind: str) -> None:
    text, code = LARGE[kind]
    answer = served.admin.ask("iam:PutUserPolicy", UserName="admin", PolicyName="large", PolicyDocument=text)
    assert answer.code == code


def test_a_document_that_was_stored_can_be_asked_with(served: ServedHouse) -> None:
    """Whatever a condition compares with, an evaluation ends in a decision."""
    values = ["1e99999999", "9" * 1_000, "-1e-99999999", "nan", "Infinity", "1_0", "0000-00-00T00:00:00Z", "9" * 30]
    values += [
        "2026-13-01",
        "2026-01-01T00:00:00+99:99",
        "::/0",
        "1.2.3.4/99",
        "fe80::1%eth0/10",
        "0.0.0.0/0/0",
        "${",
        "",
    ]
    tests = {
        "NumericLessThan": "aws:EpochTime",
        "DateLessThan": "aws:CurrentTime",
        "IpAddress": "aws:SourceIp",
        "BinaryEquals": "aws:UserAgent",
        "ArnLike": "aws:PrincipalArn",
        "StringLike": "aws:UserAgent",
    }
    alice = served.user("alice")
    for operator, key in tests.items():
        for value in values:
            for effect in (allow, deny):
                text = document(effect("iam:ListUsers", Condition={operator: {key: value}}))
                stored = served.admin.ask("iam:PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=text)
                assert stored.status in (200, 400)
                assert alice.ask("iam:ListUsers").status in (200, 403)


# ---- raw requests through the whole application


def test_raw_requests_of_any_kind_are_answered(served: ServedHouse) -> None:
    random = Random(SEED)
    app = application(served)
    logging.getLogger("locum.server").disabled = True
    signed = served.admin.signed(request("iam:ListUsers"), "iam")
    texts = [*ODD, signed.header("authorization"), "AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=, Signature="]
    try:
        for turn in range(TIMES // 10):
            headers = list(signed.headers)
            for _ in range(random.randrange(3)):
                at = random.randrange(len(headers))
                name, value = headers[at]
                changed = random.choice([value, value[:-1], value + " ", random.choice(texts)])
                headers[at] = (random.choice([name, name.upper(), "x-amz-security-token", "te"]), changed)
            plain = Request(
                random.choice(["POST", "GET", "HEAD", "PUT", "PATCH", "post"]),
                random.choice(["/", "//", "/?", "/%zz", "/_locum/clock", "/_locum/denials/x", "*", "/\u00e9"]),
                random.choice(
                    ["", "Action=ListUsers&Version=2010-05-08", "X-Amz-Algorithm=x", "%zz", "a=\u00e9", "&&&"]
                ),
                tuple((name, value.encode("latin-1", "replace").decode("latin-1")) for name, value in headers),
                random.choice([signed.body, b"", b"\xff", b"Action=%4cistUsers&Version=2010-05-08", b"&" * 1_000]),
            )
            response = asked(app, plain)
            assert response.status < 500, f"LOCUM_SEED={SEED}, turn {turn}: {plain!r}"
    finally:
        logging.getLogger("locum.server").disabled = False
