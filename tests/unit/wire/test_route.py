"""What a request asks for, before anybody has proved who asks."""

from __future__ import annotations

import pytest

from locum.aws.faults import Refusal
from locum.http import Request
from locum.wire.route import route

LIST_USERS = b"Action=ListUsers&Version=2010-05-08"


def post(body: bytes, query: str = "", path: str = "/") -> Request:
    return Request("POST", path, query, (("content-type", "application/x-www-form-urlencoded"),), body)


def test_the_version_names_the_service() -> None:
    assert route(post(LIST_USERS)).action == "iam:ListUsers"
    assert route(post(b"Action=GetCallerIdentity&Version=2011-06-15")).action == "sts:GetCallerIdentity"


def test_the_operation_may_stand_in_the_query() -> None:
    assert route(Request("GET", "/", LIST_USERS.decode(), ())).action == "iam:ListUsers"


def test_action_and_version_may_stand_apart() -> None:
    assert route(post(b"Action=ListUsers", query="Version=2010-05-08")).action == "iam:ListUsers"


def test_an_escaped_name_counts_as_what_it_says() -> None:
    assert route(post(b"%41ction=List%55sers&Version=2010-05-08")).action == "iam:ListUsers"


def test_the_credential_scope_does_not_choose_the_operation() -> None:
    assert route(post(LIST_USERS), "sts").action == "iam:ListUsers"


def test_other_parameters_are_not_read_before_authentication() -> None:
    """A malformed input is refused when inputs are read, not here (rule S3)."""
    assert route(post(LIST_USERS + b"&MaxItems=%zz&MaxItems=ten&\xff=1")).action == "iam:ListUsers"


def test_only_the_two_calls_of_aws_are_unsigned() -> None:
    unsigned = [
        name
        for name in ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetCallerIdentity")
        if route(post(f"Action={name}&Version=2011-06-15".encode())).shape.unsigned
    ]
    assert unsigned == ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]


@pytest.mark.parametrize("path", ["/iam", "//", "/./", "/%2f", "/index.html"])
def test_another_path_is_no_call(path: str) -> None:
    with pytest.raises(Refusal) as refused:
        route(post(LIST_USERS, path=path))
    assert refused.value.code == "InvalidAction"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "post"])
def test_another_method_is_no_call(method: str) -> None:
    with pytest.raises(Refusal) as refused:
        route(Request(method, "/", LIST_USERS.decode(), ()))
    assert refused.value.code == "InvalidRequest"


@pytest.mark.parametrize(
    ("body", "scope", "service"),
    [
        (b"Action=Nothing&Version=2010-05-08", "sts", "iam"),
        (b"Action=Nothing&Version=1999-01-01", "sts", "sts"),
        (b"Action=Nothing&Version=1999-01-01", "s3", None),
        (b"", None, None),
    ],
)
def test_a_refusal_says_whose_error_it_is(body: bytes, scope: str | None, service: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        route(post(body), scope)
    assert refused.value.facts["service"] == service


def test_a_strange_action_is_not_echoed_as_it_is() -> None:
    with pytest.raises(Refusal) as refused:
        route(post(b"Action=%0d%0aX%3a" + b"a" * 10_000 + b"&Version=2010-05-08"))
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 300


def test_a_request_of_too_many_parameters_is_refused_before_any_is_decoded():
    body = b"&".join(b"%41=" for _ in range(10_001))
    with pytest.raises(Refusal) as refused:
        route(Request("POST", "/", "", (), body))
    assert refused.value.code == "MalformedInput"


def test_an_escaped_name_still_counts_as_what_it_says():
    body = b"%41ction=GetCallerIdentity&Versi%6Fn=2011-06-15"
    assert route(Request("POST", "/", "", (), body)).action == "sts:GetCallerIdentity"
