"""Results and refusals as bytes: what is there is sent, safely, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest

from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.wire import fault
from locum.wire.xml import escape, render

GET_USER = shapes.operation("iam:GetUser")
LIST_USERS = shapes.operation("iam:ListUsers")
NS = "{https://iam.amazonaws.com/doc/2010-05-08/}"


def user(**members: object) -> bytes:
    return render(GET_USER, {"User": members}, "id")


def test_a_success_looks_like_this() -> None:
    assert user(UserName="alice", Tags=[]).decode() == (
        '<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User>'
        "<UserName>alice</UserName><Tags/></User></GetUserResult>"
        "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetUserResponse>"
    )


def test_an_operation_without_output_has_no_result_element() -> None:
    assert render(shapes.operation("iam:DeleteUser"), None, "id").decode() == (
        '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteUserResponse>"
    )


def test_the_wrapper_is_there_even_when_the_result_is_empty() -> None:
    assert b"<GetUserResult></GetUserResult>" in render(GET_USER, None, "id")


def test_the_order_is_the_results() -> None:
    body = render(LIST_USERS, {"IsTruncated": False, "Users": []}, "id")
    assert b"<IsTruncated>false</IsTruncated><Users/>" in body


def test_none_is_absent() -> None:
    assert b"Path" not in user(UserName="alice", Path=None)


def test_times_are_utc_and_whole_seconds() -> None:
    moment = datetime(2026, 11, 23, 20, 0, 0, 999_999, timezone(timedelta(hours=1)))
    assert b"<CreateDate>2026-11-23T19:00:00Z</CreateDate>" in user(CreateDate=moment)
    assert b"<CreateDate>0999-01-01T00:00:00Z</CreateDate>" in user(CreateDate=datetime(999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["</UserName><Arn>x</Arn>", "]]>", "<!--", "&lt;", "&#0;", "<![CDATA[", "a\rb\r\nc", "\t\n"]
)
def test_text_comes_back_as_it_was(text: str) -> None:
    root = ElementTree.fromstring(user(UserName=text))
    assert root.findtext(f".//{NS}UserName") == text
    assert root.find(f".//{NS}Arn") is None


@pytest.mark.parametrize("number", [0, 1, 8, 0xB, 0xC, 0xE, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_what_xml_cannot_carry_becomes_the_replacement_character(number: int) -> None:
    root = ElementTree.fromstring(user(UserName=f"a{chr(number)}b"))
    assert root.findtext(f".//{NS}UserName") == "a\ufffdb"


def test_every_code_point_is_safe() -> None:
    for start in range(0, 0x110000, 0x1000):
        text = "".join(map(chr, range(start, start + 0x1000)))
        ElementTree.fromstring(f"<a>{escape(text)}</a>".encode())


def test_one_code_point_alone_is_as_safe_as_among_others() -> None:
    for number in [*range(0x3000), *range(0xD700, 0x10000)]:
        assert escape(chr(number)) == escape(f"\x00{chr(number)}")[1:]


@pytest.mark.parametrize("members", [{"Colour": "red"}, {"UserName": "a", "username": "b"}])
def test_a_member_that_aws_does_not_have_is_a_mistake(members: dict[str, object]) -> None:
    with pytest.raises(KeyError):
        user(**members)


def test_a_result_for_an_operation_without_one_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        render(shapes.operation("iam:DeleteUser"), {"User": {}}, "id")


@pytest.mark.parametrize(
    "members",
    [
        {"UserName": 5},
        {"UserName": b"alice"},
        {"CreateDate": "2026-11-23T19:00:00Z"},
        {"CreateDate": datetime(2026, 11, 23)},
        {"Tags": "Key"},
        {"Tags": {"Key": "a"}},
    ],
)
def test_a_value_of_another_type_is_a_mistake(members: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        user(**members)


@pytest.mark.parametrize("value", ["false", 0, 1, "true"])
def test_a_boolean_is_a_bool(value: object) -> None:
    with pytest.raises(TypeError):
        render(LIST_USERS, {"IsTruncated": value}, "id")


def test_an_integer_is_no_bool() -> None:
    with pytest.raises(TypeError):
        render(shapes.operation("iam:GetAccountSummary"), {"SummaryMap": {"Users": True}}, "id")


def test_braces_in_a_value_stay_braces() -> None:
    assert b"<UserName>{0} {}</UserName>" in user(UserName="{0} {}")


def test_an_error_looks_like_this() -> None:
    assert fault.render(Refusal("NoSuchEntity", "The user with name <b> cannot be found."), "iam", "id").decode() == (
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
        "<Code>NoSuchEntity</Code><Message>The user with name &lt;b&gt; cannot be found.</Message></Error>"
        "<RequestId>id</RequestId></ErrorResponse>"
    )


def test_facts_of_a_refusal_are_not_shown() -> None:
    assert b"hidden" not in fault.render(Refusal("AccessDenied", "no", reason="hidden"), "sts", "id")


def test_an_error_of_no_service_has_awss_own_namespace() -> None:
    assert b"http://webservices.amazon.com/AWSFault/2005-15-09" in fault.render(
        Refusal("MissingAction", "x"), None, "id"
    )


@pytest.mark.parametrize("name", ["iam", "sts"])
def test_an_error_has_the_namespace_of_the_model(name: str) -> None:
    assert f'xmlns="{shapes.service(name).namespace}"'.encode() in fault.render(Refusal("Throttling", "x"), name, "id")


def test_the_headers_carry_the_id_of_the_body() -> None:
    assert fault.headers("the-id") == (("Content-Type", "text/xml"), ("x-amzn-RequestId", "the-id"))
