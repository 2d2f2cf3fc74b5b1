"""What is wrong is refused with AWS's code, status and sentence, and leaves everything as it was.

Two tables: `tests/cases/wire/bad-inputs.json`, whose rows are signed well and ask badly, and the one below, whose rows
ask well and are signed badly. Every row is tried on one served Locum that holds what the rows would change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.journeys.clients import boto
from tests.journeys.documents import allow, policy, trust
from tests.journeys.raw import WHO_AM_I, Answer, Raw, Signing, send
from tests.journeys.served import Served

import locum.server.operations
from locum.call import OPERATIONS

assert locum.server.operations.MODULES  # the import declares what is performed

INPUTS = json.loads((Path(__file__).parents[1] / "cases" / "wire" / "bad-inputs.json").read_text())["rows"]
SERVICES = {"2011-06-15": "sts", "2010-05-08": "iam"}

# Rows of the first table that the front refuses before they are routed, in a sentence of its own.
SAID_BY_THE_FRONT = {"malformed-query-string": "The query string contains a syntax error."}

MISSING = (403, "MissingAuthenticationToken", "Request is missing Authentication Token")
INVALID = (403, "InvalidClientTokenId", "The security token included in the request is invalid")
WRONG = (
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.",
)
LARGE = 600_000


def mismatch(sentence: str) -> tuple[int, str, str]:
    """SignatureDoesNotMatch with a sentence that starts so."""
    return 403, "SignatureDoesNotMatch", sentence


def incomplete(sentence: str) -> tuple[int, str, str]:
    """IncompleteSignature with a sentence that starts so."""
    return 400, "IncompleteSignature", sentence


def refused(sentence: str) -> tuple[int, str, str]:
    """InvalidRequest, which the front says, with a sentence that starts so."""
    return 400, "InvalidRequest", sentence


LIST_USERS = b"Action=ListUsers&Version=2010-05-08"
EXPIRED = (400, "RequestExpired", "Request has expired")

# name -> (how a good signer of this host makes the request, status, code and how the sentence starts)
SIGNED_BADLY: dict[str, tuple[Callable[[Signing], Raw], tuple[int, str, str]]] = {
    "no-signature": (lambda s: Raw().having("host", s.host), MISSING),
    "empty-authorization": (
        lambda s: Raw().having("host", s.host).having("authorization", ""),
        incomplete("Unsupported AWS 'algorithm': '?'"),
    ),
    "basic-authorization": (
        lambda s: Raw().having("host", s.host).having("authorization", "Basic dGVzdDp0ZXN0"),
        incomplete("Unsupported AWS 'algorithm': 'Basic'"),
    ),
    "signature-version-2": (
        lambda s: Raw().having("host", s.host).having("authorization", "AWS test:frJIUN8DYpKDtOLCwo//yllqDzg="),
        refused("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."),
    ),
    "signature-version-4a": (
        lambda s: s.header().rewritten("authorization", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        refused("the algorithm `AWS4-ECDSA-P256-SHA256` (SigV4A) is not built yet"),
    ),
    "wrong-secret": (lambda s: replace(s, secret="tesT").header(), WRONG),
    "unknown-key": (lambda s: replace(s, key_id="AKIAIOSFODNN7EXAMPLE").header(), INVALID),
    "key-in-another-case": (lambda s: replace(s, key_id="TEST").header(), INVALID),
    "key-too-short": (lambda s: replace(s, key_id="abc").header(), incomplete("the access key id must have")),
    "key-with-a-slash": (
        lambda s: replace(s, key_id="te/st").header(),
        incomplete("Credential must have exactly 5 slash-delimited elements"),
    ),
    "temporary-key-without-token": (lambda s: replace(s, key_id="ASIAIOSFODNN7EXAMPLE").header(), INVALID),
    "long-term-key-with-token": (lambda s: replace(s, token="abc").header(), INVALID),
    "token-that-does-not-open": (
        lambda s: replace(s, key_id="ASIAIOSFODNN7EXAMPLE", token="FwoGZXIvYXdzE" * 8).header(),
        INVALID,
    ),
    "token-not-signed": (
        lambda s: s.header().having("x-amz-security-token", "abc"),
        mismatch("the header `x-amz-security-token` was sent and must be named in SignedHeaders"),
    ),
    "scope-of-another-service": (
        lambda s: replace(s, service="iam").header(),
        mismatch("Credential should be scoped to correct service: 'sts'."),
    ),
    "scope-of-s3": (
        lambda s: replace(s, service="s3").header(),
        mismatch("Credential should be scoped to correct service: 'sts'."),
    ),
    "scope-of-no-region": (
        lambda s: replace(s, region="EARTH").header(),
        mismatch("Credential should be scoped to a valid region, not 'EARTH'."),
    ),
    "scope-with-another-end": (
        lambda s: replace(s, terminator="aws5_request").header(),
        mismatch("Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."),
    ),
    "scope-of-another-day": (
        lambda s: replace(s, scope_date="20200101").header(),
        mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"),
    ),
    "ten-minutes-old": (lambda s: replace(s, age=timedelta(minutes=10)).header(), mismatch("Signature expired: ")),
    "ten-minutes-early": (
        lambda s: replace(s, age=timedelta(minutes=-10)).header(),
        mismatch("Signature not yet current: "),
    ),
    "years-old": (lambda s: replace(s, age=timedelta(days=4000)).header(), mismatch("Signature expired: ")),
    "date-of-no-calendar": (
        lambda s: replace(s, timestamp="20260230T000000Z").header(),
        mismatch("Date must be in ISO-8601 'basic format'. Got '20260230T000000Z'."),
    ),
    "date-in-extended-form": (
        lambda s: replace(s, timestamp="2026-11-24T00:00:00Z").header(),
        mismatch("Date must be in ISO-8601 'basic format'. Got '2026-11-24T00:00:00Z'."),
    ),
    "no-date": (
        lambda s: s.header().without("x-amz-date"),
        incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."),
    ),
    "date-sent-twice": (
        lambda s: s.header().having("x-amz-date", "20260101T000000Z"),
        refused("the header `x-amz-date` was sent 2 times"),
    ),
    "body-altered": (lambda s: replace(s.header(), body=WHO_AM_I + b"&A=1"), WRONG),
    "body-of-another-operation": (
        lambda s: replace(s.header(), body=b"Action=GetSessionToken&Version=2011-06-15"),
        WRONG,
    ),
    "query-added": (lambda s: replace(s.header(), query="A=1"), WRONG),
    "method-altered": (lambda s: replace(s, method="GET").header(), WRONG),
    "signed-header-altered": (lambda s: s.header().rewritten("content-type", "utf-8", "UTF-8"), WRONG),
    "host-altered": (lambda s: s.header().rewritten("host", "127", "128"), WRONG),
    "host-not-signed": (
        lambda s: replace(s, unsigned=frozenset({"host"})).header(),
        mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
    ),
    "content-type-not-signed": (
        lambda s: replace(s, unsigned=frozenset({"content-type"})).header(),
        mismatch("the header `content-type` was sent and must be named in SignedHeaders"),
    ),
    "amz-header-smuggled": (
        lambda s: s.header().having("x-amz-copy-source", "/bucket/key"),
        mismatch("the header `x-amz-copy-source` was sent and must be named in SignedHeaders"),
    ),
    "payload-hash-of-something-else": (
        lambda s: s.header(Raw().having("x-amz-content-sha256", "0" * 64)),
        mismatch("The provided 'x-amz-content-sha256' header does not match what was computed."),
    ),
    "payload-unsigned": (
        lambda s: s.header(Raw().having("x-amz-content-sha256", "UNSIGNED-PAYLOAD")),
        mismatch("`x-amz-content-sha256: UNSIGNED-PAYLOAD` is not accepted here"),
    ),
    "signed-header-absent": (
        lambda s: s.header(Raw().having("x-amz-meta", "1")).without("x-amz-meta"),
        mismatch("the header `x-amz-meta` is named in SignedHeaders but was not sent"),
    ),
    "signed-headers-unsorted": (
        lambda s: s.header().rewritten("authorization", "content-type;host", "host;content-type"),
        mismatch("SignedHeaders must be sorted, unique and in lower case"),
    ),
    "no-signed-headers": (
        lambda s: s.header().rewritten("authorization", "SignedHeaders=content-type;host;x-amz-date, ", ""),
        incomplete("Authorization header requires 'SignedHeaders' parameter."),
    ),
    "signature-in-upper-case": (
        lambda s: s.header().rewritten("authorization", "Signature=", "Signature=ABCDEF"),
        incomplete("Signature must have 64 lower-case hexadecimal digits"),
    ),
    "credential-twice": (
        lambda s: s.header().rewritten("authorization", "Signature=", "Credential=a/b/c/d/e, Signature="),
        incomplete("the `Authorization` header must hold `Credential`, `SignedHeaders` and `Signature` once each"),
    ),
    "authorization-twice": (
        lambda s: s.header().having("authorization", "AWS4-HMAC-SHA256 Credential=x"),
        refused("the header `authorization` was sent 2 times"),
    ),
    "header-and-query": (
        lambda s: replace(s.header(), query=s.presigned().query.replace("Action=GetCallerIdentity&", "")),
        incomplete("the request carries a signature in its `Authorization` header and"),
    ),
    "presigned-altered": (
        lambda s: replace(s.presigned(), query=s.presigned().query.replace("Expires=60", "Expires=61")),
        WRONG,
    ),
    "presigned-parameter-added": (lambda s: replace(s.presigned(), query=s.presigned().query + "&A=1"), WRONG),
    "presigned-for-another-method": (
        lambda s: replace(s.presigned(), method="POST"),
        WRONG,
    ),
    "presigned-and-over": (lambda s: replace(s, age=timedelta(seconds=70)).presigned(), EXPIRED),
    "presigned-for-more-than-a-week": (
        lambda s: replace(s, expires="604801").presigned(),
        incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800"),
    ),
    "presigned-for-no-time": (
        lambda s: replace(s, expires="0").presigned(),
        incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800"),
    ),
    "presigned-for-arabic-digits": (
        lambda s: replace(s, expires="٦٠").presigned(),
        incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800"),
    ),
    "presigned-without-signature": (
        lambda s: replace(s.presigned(), query=s.presigned().query.partition("&X-Amz-Signature")[0]),
        incomplete("AWS query-string parameters must include 'X-Amz-Signature'."),
    ),
    "presigned-parameter-twice": (
        lambda s: replace(s.presigned(), query=s.presigned().query + "&X-Amz-Expires=60"),
        incomplete("the query must hold `X-Amz-Expires` at most once"),
    ),
    "presigned-parameter-in-another-case": (
        lambda s: replace(s.presigned(), query=s.presigned().query.replace("X-Amz-Expires", "x-amz-expires")),
        incomplete("the query must hold `X-Amz-Expires` at most once and in exactly this spelling"),
    ),
    "operation-of-another-service": (
        lambda s: s.header(Raw(body=LIST_USERS)),
        mismatch("Credential should be scoped to correct service: 'iam'."),
    ),
    "body-too-large": (
        lambda s: s.header(Raw(body=WHO_AM_I + b"&A=" + b"a" * LARGE)),
        (413, "RequestEntityTooLarge", "the body is larger than"),
    ),
    "header-too-large": (
        lambda s: s.header().having("x-long", "a" * 20_000),
        refused("a header is larger than 16384 bytes"),
    ),
    "header-that-differs-by-an-underscore": (
        lambda s: s.header().having("x_amz_date", "20260101T000000Z"),
        refused("the header `x_amz_date` differs from another one in `_` and `-` only"),
    ),
    "method-unknown": (lambda s: replace(s.header(), method="PATCH"), refused("the method must be one of")),
    "path-with-a-broken-escape": (lambda s: replace(s.header(), path="/%zz"), refused("the path must start with `/`")),
    "query-with-a-broken-escape": (
        lambda s: replace(s.header(), query="A=%zz"),
        (404, "MalformedQueryString", "The query string contains a syntax error."),
    ),
}


@pytest.fixture(scope="module")
def furnished() -> Iterator[Served]:
    """A server with what the rows of both tables would change if they came through."""
    with Served("dev", "--port", "0") as served:
        iam = boto("iam", served.url)
        iam.create_user(UserName="alice", Tags=[{"Key": "a", "Value": "1"}])
        iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trust("arn:aws:iam::000000000000:root"))
        iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=policy(allow("*")))
        yield served


@cache
def lister(url: str) -> Any:
    """The client that lists, made once."""
    return boto("iam", url)


def dump(served: Served) -> dict[str, Any]:
    """The account as its own lists show it."""
    iam = lister(served.url)
    lists = {
        "users": iam.list_users()["Users"],
        "groups": iam.list_groups()["Groups"],
        "roles": iam.list_roles()["Roles"],
        "policies": iam.list_policies(Scope="Local")["Policies"],
        "profiles": iam.list_instance_profiles()["InstanceProfiles"],
        "devices": iam.list_virtual_mfa_devices()["VirtualMFADevices"],
        "aliases": iam.list_account_aliases()["AccountAliases"],
        "tags": iam.list_user_tags(UserName="alice")["Tags"],
        "inline": iam.list_user_policies(UserName="alice")["PolicyNames"],
        "attached": iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"],
        "keys": iam.list_access_keys(UserName="alice")["AccessKeyMetadata"],
        "summary": iam.get_account_summary()["SummaryMap"],
    }
    return {name: [_without_last_use(each) for each in value] for name, value in lists.items() if name != "summary"} | {
        "summary": lists["summary"]
    }


def _without_last_use(value: Any) -> Any:
    """A listed thing without its last use, which reading changes as well."""
    if not isinstance(value, dict):
        return value
    return {name: inner for name, inner in value.items() if name not in ("PasswordLastUsed", "RoleLastUsed")}


def tried(served: Served, request: Callable[[Signing], Raw], service: str = "sts") -> Answer:
    """The answer to one bad request, after which the account is as it was."""
    host = served.url.removeprefix("http://")
    before = dump(served)
    answer = send(host, request(Signing(host, service=service)))
    assert dump(served) == before
    return answer


def asked_badly(row: dict[str, Any]) -> tuple[str, Callable[[Signing], Raw]]:
    """A row of the first table: the service it is signed for, and the request."""
    parameters = dict(part.split("=", 1) for part in row["body"].split("&") if "=" in part)
    kind = row.get("content_type", Raw().headers[0][1])
    raw = Raw(body=row["body"].encode(), query=row.get("query", ""), headers=(("content-type", kind),))
    service = SERVICES.get(parameters.get("Version", ""), "iam")
    if row.get("unsigned"):
        return service, lambda signing: raw.having("host", signing.host)
    return service, lambda signing: signing.header(raw)


def performed(row: dict[str, Any], service: str) -> bool:
    """Whether the operation of this row is performed, or the row is about there being none."""
    parameters = dict(part.split("=", 1) for part in row["body"].split("&") if "=" in part)
    early = row["code"] in {"MissingAction", "InvalidAction", "MalformedQueryString", "InvalidRequest"}
    return early or "Action" not in parameters or f"{service}:{parameters['Action']}" in OPERATIONS


NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "neither": "http://webservices.amazon.com/AWSFault/2005-15-09",
}


def out_of_shape(answer: Answer) -> list[str]:
    """What of an error answer is not as AWS's query services write it: `ErrorResponse` of a known namespace, in it
    `Error` with `Type`, `Code` and `Message` in this order, and the id that stands in the header."""
    root = ElementTree.fromstring(answer.body)
    space = root.tag.partition("}")[0] + "}"
    elements = [(one.tag.removeprefix(space), (one.text or "").strip()) for one in root.iter()]
    headers = {name.lower(): value for name, value in answer.headers}
    expected = {
        "namespace": space[1:-1] in NAMESPACES.values(),
        "elements": [name for name, _ in elements]
        == ["ErrorResponse", "Error", "Type", "Code", "Message", "RequestId"],
        "children": [len(root), *map(len, root)] == [2, 3, 0],
        "attributes": not any(one.attrib for one in root.iter()),
        "type": ("Type", "Receiver" if answer.status >= 500 else "Sender") in elements,
        "code": answer.error[1].isalpha(),
        "id": ("RequestId", headers.get("x-amzn-requestid")) in elements,
        "content type": headers.get("content-type") == "text/xml",
    }
    return [what for what, fits in expected.items() if not fits]


@pytest.mark.parametrize("row", INPUTS, ids=lambda row: row["name"])
def test_asked_badly(furnished, row):
    service, request = asked_badly(row)
    answer = tried(furnished, request, service)
    assert out_of_shape(answer) == []
    if performed(row, service):
        message = SAID_BY_THE_FRONT.get(row["name"], row["message"])
        assert answer.error == (row["status"], row["code"], message)
    else:
        assert answer.error[:2] == (501, "NotImplemented")


@pytest.mark.parametrize("name", SIGNED_BADLY)
def test_signed_badly(furnished, name):
    request, (status, code, sentence) = SIGNED_BADLY[name]
    answer = tried(furnished, request)
    assert answer.error[:2] == (status, code)
    assert answer.error[2].startswith(sentence)
    assert out_of_shape(answer) == []


def test_there_are_sixty_requests_that_are_signed_badly_or_more():
    assert len(SIGNED_BADLY) >= 60


def test_control_an_error_in_another_shape_is_found(furnished):
    request, _ = SIGNED_BADLY["wrong-secret"]
    good = send(furnished.url.removeprefix("http://"), request(Signing(furnished.url.removeprefix("http://"))))

    def found(old: bytes, new: bytes) -> list[str]:
        assert old in good.body
        return out_of_shape(Answer(good.status, good.headers, good.body.replace(old, new)))

    assert out_of_shape(good) == []
    assert found(b"<Type>Sender</Type>", b"") == ["elements", "children", "type"]
    assert found(b"<Type>Sender</Type>", b"<Type>Receiver</Type>") == ["type"]
    assert found(b"Message>", b"message>") == ["elements"]
    assert found(b"2011-06-15", b"2011-06-16") == ["namespace"]
    assert found(b"<RequestId>", b"<RequestId>0") == ["id"]
    assert found(b"<Error>", b"<Error a='1'>") == ["attributes"]
    assert out_of_shape(Answer(good.status, [], good.body)) == ["id", "content type"]


def test_the_same_requests_signed_well_are_answered(furnished):
    host = furnished.url.removeprefix("http://")
    good = Signing(host)
    for request in (good.header(), good.presigned(), good.header(Raw(query="A=1"))):
        assert send(host, request).status == 200
    assert send(host, replace(good, service="iam").header(Raw(body=LIST_USERS))).status == 200
    assert send(host, replace(good, region="eu-central-1").header()).status == 200


def test_a_change_shows_in_the_dump(furnished):
    before = dump(furnished)
    iam = boto("iam", furnished.url)
    iam.tag_user(UserName="alice", Tags=[{"Key": "b", "Value": "2"}])
    after = dump(furnished)
    iam.untag_user(UserName="alice", TagKeys=["b"])
    assert before != after
    assert dump(furnished) == before


def test_no_refusal_repeats_a_secret(furnished):
    host = furnished.url.removeprefix("http://")
    secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00"
    token = "FwoGZXIvYXdzEXAMPLETOKEN" * 4
    for signing in (Signing(host, secret=secret), Signing(host, key_id="ASIAIOSFODNN7EXAMPLE", token=token)):
        for request in (signing.header(), signing.presigned()):
            answer = send(host, request)
            assert answer.status == 403
            assert secret.encode() not in answer.body
            assert token.encode() not in answer.body


def test_every_answer_says_that_this_is_no_real_server_and_when_it_was(furnished):
    host = furnished.url.removeprefix("http://")
    for request in (Signing(host).header(), Raw().having("host", host)):
        names = {name.lower(): value for name, value in send(host, request).headers}
        assert names["x-locum-mode"] == "dev"
        assert names["date"].endswith(" GMT")
        assert "server" not in names
