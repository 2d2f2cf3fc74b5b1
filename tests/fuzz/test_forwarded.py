"""A signed question that somebody hands on as proof of who they are: it is good for exactly what was signed, and Locum
takes no such proof itself (rule S6; xS12).

Other services take a presigned GetCallerIdentity for a proof of identity and have Locum answer it. Locum's part is that
nothing of it can be altered: neither the host that it was signed for, nor the header in which such a service wants its
own name. That they pin both, and read the answer strictly, is theirs to do.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import msgspec
import pytest
from tests.fuzz.builds import Respond, answering
from tests.planted import planted
from tests.served import ACCOUNT, ServedHouse, parsed, request

from locum import sigv4
from locum.aws.secret import Secret
from locum.http import Request

HOST, SERVER_ID = "locum.example", "x-vault-aws-iam-server-id"
FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
QUESTION = "Action=GetCallerIdentity&Version=2011-06-15"
Altered = Callable[[Request], Request]


def query(old: str, new: str) -> Altered:
    def change(one: Request) -> Request:
        where = "query" if old in one.query else "body"
        text = one.query if where == "query" else one.body.decode()
        assert old in text
        changed = text.replace(old, new)
        return msgspec.structs.replace(one, **{where: changed if where == "query" else changed.encode()})

    return change


def header(name: str, *values: str) -> Altered:
    """These values in place of the header's own; none takes it away."""

    def change(one: Request) -> Request:
        kept = tuple(pair for pair in one.headers if pair[0] != name)
        return msgspec.structs.replace(one, headers=(*kept, *((name, value) for value in values)))

    return change


def part(**parts: object) -> Altered:
    return lambda one: msgspec.structs.replace(one, **parts)


ALTERED: dict[str, Altered] = {
    "another host": header("host", "evil.example"),
    "another port": header("host", f"{HOST}:8443"),
    "the host in another case": header("host", HOST.upper()),
    "the host with a dot": header("host", f"{HOST}."),
    "a host within the host": header("host", f"{HOST}.evil.example"),
    "no host": header("host"),
    "two hosts": header("host", HOST, "evil.example"),
    "another path": part(path="/v1/auth/aws/login"),
    "a longer path": part(path="/?"),
    "another method": part(method="PUT"),
    "the method in small letters": part(method="get"),
    "another action": query("GetCallerIdentity", "GetSessionToken"),
    "the action in another case": query("GetCallerIdentity", "getcalleridentity"),
    "another version": query("2011-06-15", "2010-05-08"),
    "one more parameter": query("2011-06-15", "2011-06-15&DurationSeconds=900"),
    "the action twice": query("Action=", "Action=GetFederationToken&Action="),
    "another server": header(SERVER_ID, "evil.example"),
    "no server": header(SERVER_ID),
    "two servers": header(SERVER_ID, "vault.example", "evil.example"),
    "two servers in one": header(SERVER_ID, "vault.example,evil.example"),
    "the server in another case": header(SERVER_ID, "VAULT.example"),
    "the server with more behind": header(SERVER_ID, "vault.example.evil.example"),
    "a body of XML": part(body=b"<GetCallerIdentityResponse/>"),
    "a header of AWS's more": header("x-amz-meta-user", "admin"),
}


def plain(method: str) -> Request:
    told = (("host", HOST), (SERVER_ID, "vault.example"))
    if method == "GET":
        return Request("GET", "/", QUESTION, told)
    return Request("POST", "/", "", (*told, FORM), QUESTION.encode())


@pytest.fixture
def forwarded(served: ServedHouse) -> dict[str, Request]:
    """The question as it is handed on, in each form: by a user and by a session."""
    session = served.admin.assume(served.role("builder"))
    found = {}
    for who, client in (("user", served.user("alice")), ("session", session)):
        key = client.credentials
        signer = sigv4.Signer(key.id, Secret(key.secret), "us-east-1", "sts", key.token)
        for method in ("GET", "POST"):
            now = served.real.now
            found[f"{who}, {method}, header"] = sigv4.sign(plain(method), signer, now=now)
            found[f"{who}, {method}, query"] = sigv4.presign(plain(method), signer, now=now, expires=60)
    return found


def alterations(forwarded: dict[str, Request]) -> Iterator[tuple[str, Request]]:
    for form, one in forwarded.items():
        for what, alter in ALTERED.items():
            yield f"{form}: {what}", alter(one)


def taken(forwarded: dict[str, Request], respond: Respond) -> list[str]:
    """The altered questions that are answered, or refused for anything but what was altered."""
    refused = {"IncompleteSignature", "InvalidAction", "InvalidRequest", "MalformedInput", "MissingAction"}
    return [
        name
        for name, one in alterations(forwarded)
        if parsed(respond(one)).code not in refused | {"SignatureDoesNotMatch"}
    ]


def test_the_question_is_answered_as_it_was_signed(served: ServedHouse, forwarded: dict[str, Request]) -> None:
    for form, one in forwarded.items():
        who = served.answer(one, "sts:GetCallerIdentity")["Arn"]
        assert who.endswith(":user/alice" if form.startswith("user") else ":assumed-role/builder/session")


def test_nothing_of_a_question_that_is_handed_on_can_be_altered(
    served: ServedHouse, forwarded: dict[str, Request]
) -> None:
    assert taken(forwarded, answering(served)) == []
    assert len(list(alterations(forwarded))) == 8 * 24


def test_control_a_server_that_does_not_pin_the_host_is_found(
    served: ServedHouse, forwarded: dict[str, Request]
) -> None:
    lines = "canonical.canonical_headers(carrier.signed_headers, headers)"
    unpinned = planted("locum.sigv4.verify", (lines, lines.replace("headers)", f'headers | {{"host": "{HOST}"}})')))
    authenticate = planted("locum.access.authenticate", verify=unpinned.verify).authenticate
    spine = planted("locum.server.answer", access=planted("locum.access", authenticate=authenticate))
    found = taken(forwarded, answering(served, spine))
    hosts = (
        "another host",
        "another port",
        "the host in another case",
        "the host with a dot",
        "a host within the host",
    )
    assert {name.partition(": ")[2] for name in found} == {*hosts, "two hosts"}
    assert len(found) == 8 * 6


TOLD_BY_OTHERS = {
    "sts:AssumeRoleWithWebIdentity": ("WebIdentityToken", {"RoleSessionName": "session"}, "InvalidIdentityToken"),
    "sts:AssumeRoleWithSAML": (
        "SAMLAssertion",
        {"PrincipalArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/any"},
        "NoSuchEntity",
    ),
}


@pytest.mark.parametrize("action", TOLD_BY_OTHERS)
def test_a_signed_question_is_no_proof_where_another_proof_is_asked_for(
    served: ServedHouse, forwarded: dict[str, Request], action: str
) -> None:
    """The two operations that take a proof of identity take a provider's, never a question that was handed on."""
    member, more, refusal = TOLD_BY_OTHERS[action]
    role = served.role("builder-2")
    for one in forwarded.values():
        proof = f"https://{HOST}/?{one.query or one.body.decode()}"
        for text in (proof, base64.b64encode(proof.encode()).decode()):
            asked = request(action, {"RoleArn": role, member: text, **more})
            for sent in (asked, served.admin.signed(asked, "sts")):
                answer = served.answer(sent)
                assert (answer.status // 100, answer.code) in {(4, refusal), (4, "InvalidIdentityToken")}
