"""The JSON protocol: inputs read by AWS's shapes, results written so that botocore reads them back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.http import Request
from locum.wire import fault, protocols
from locum.wire.json import MEDIA_TYPE, read, render
from locum.wire.route import route

UNIT = shapes.operation("organizations:CreateOrganizationalUnit")
LIST = shapes.operation("organizations:ListAccounts")
TARGET = "AWSOrganizationsV20161128.CreateOrganizationalUnit"


def sent(body: bytes, target: str = TARGET, **changed: Any) -> Request:
    headers = (("content-type", MEDIA_TYPE), ("x-amz-target", target))
    return Request(**{"method": "POST", "path": "/", "query": "", "headers": headers, "body": body} | changed)


def refused(body: bytes, operation: shapes.OperationShape = UNIT) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(sent(body), operation)
    return caught.value


def test_the_table_of_targets_is_that_of_the_models() -> None:
    assert {shapes.service(name).target_prefix: name for name in protocols.SERVICES} == protocols.JSON
    assert {shapes.service(name).protocol for name in protocols.SERVICES} == {"json"}


def test_the_target_names_the_operation() -> None:
    assert route(sent(b"{}"), "organizations").action == "organizations:CreateOrganizationalUnit"
    assert route(sent(b"{}"), None).action == "organizations:CreateOrganizationalUnit"


def test_a_call_signed_for_a_query_service_is_one_of_it_whatever_target_it_brings() -> None:
    form = (("content-type", "application/x-www-form-urlencoded"), ("x-amz-target", TARGET))
    asked = sent(b"Action=ListUsers&Version=2010-05-08", headers=form)
    assert route(asked, "iam").action == "iam:ListUsers"


@pytest.mark.parametrize("target", ["", "AWSOrganizationsV20161128.Nothing", "Other.ListAccounts", "ListAccounts"])
def test_a_target_that_aws_does_not_have_is_no_operation(target: str) -> None:
    with pytest.raises(Refusal) as caught:
        route(sent(b"{}", target), "organizations")
    assert caught.value.code == "InvalidAction"
    assert caught.value.facts["service"] == "organizations"


@pytest.mark.parametrize("changed", [{"method": "GET"}, {"path": "/x"}, {"query": "a=b"}])
def test_a_call_is_a_post_to_the_root(changed: dict[str, str]) -> None:
    with pytest.raises(Refusal) as caught:
        route(sent(b"{}", **changed), "organizations")
    assert caught.value.code == "InvalidRequest"


def test_inputs_are_typed_and_what_the_operation_does_not_have_is_ignored() -> None:
    body = {"ParentId": "r-abcd", "Name": "née", "Tags": [{"Key": "k", "Value": "v"}], "Colour": 1}
    assert read(sent(json.dumps(body).encode()), UNIT) == {
        "ParentId": "r-abcd",
        "Name": "née",
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    assert read(sent(b'{"MaxResults": 7, "NextToken": null}'), LIST) == {"MaxResults": 7}
    assert read(sent(b""), LIST) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b"\xff",
        b"1",
        b'{"MaxResults": "7"}',
        b'{"MaxResults": true}',
        b'{"MaxResults": 7.5}',
        b'{"MaxResults": 9999999999}',
        b'{"MaxResults": NaN}',
        b'{"NextToken": ["x"]}',
        b'{"MaxResults": 1, "MaxResults": 2}',
        b'{"a":' * 100_000,
        b'{"NextToken": "a\\ud800b"}',
        b'{"NextToken": "\\udfff\\ud800"}',
    ],
)
def test_what_has_another_type_is_refused(body: bytes) -> None:
    assert refused(body, LIST).code == "MalformedInput"


def test_what_breaks_the_model_is_refused() -> None:
    assert refused(b'{"ParentId": "r-abcd"}').code == "ValidationError"
    assert refused(b'{"ParentId": "r-abcd\\n", "Name": "x"}').code == "ValidationError"
    assert refused(b'{"ParentId": "r-abcd", "Name": "x", "Tags": [null]}').code == "ValidationError"


def test_a_result_is_written_by_the_shape() -> None:
    when = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    written = render(LIST, {"Accounts": [{"Id": "1", "JoinedTimestamp": when, "Email": None}]})
    assert json.loads(written) == {"Accounts": [{"Id": "1", "JoinedTimestamp": 1795460400}]}
    assert render(shapes.operation("organizations:DeletePolicy"), None) == b"{}"


@pytest.mark.parametrize(
    ("result", "error"),
    [({"Nothing": 1}, KeyError), ({"NextToken": 1}, TypeError), ({"Accounts": "x"}, TypeError)],
)
def test_a_result_that_is_none_of_the_shape_is_our_mistake(result: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        render(LIST, result)


def test_a_refusal_is_said_in_the_protocol_s_own_words() -> None:
    refusal = Refusal("AccessDenied", "no")
    assert json.loads(fault.render(refusal, "organizations", "id")) == {
        "__type": "AccessDeniedException",
        "Message": "no",
    }
    assert fault.status(refusal, "organizations") == 400
    assert fault.status(refusal, "iam") == 403
    assert fault.status(Refusal("NotImplemented", "no"), "organizations") == 501
    assert ("Content-Type", MEDIA_TYPE) in fault.headers("id", "organizations")


def test_a_reason_is_a_member_and_other_facts_are_not() -> None:
    refusal = Refusal("ConstraintViolationException", "no", Reason="OU_DEPTH_LIMIT_EXCEEDED", seen="x")
    assert json.loads(fault.render(refusal, "organizations", "id")) == {
        "__type": "ConstraintViolationException",
        "Message": "no",
        "Reason": "OU_DEPTH_LIMIT_EXCEEDED",
    }
