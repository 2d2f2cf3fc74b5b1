"""Inputs as they are sent become typed values; what is wrong with them is said in AWS's words."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.http import Request
from locum.wire.query import parse_int, read

FORM = (("content-type", "application/x-www-form-urlencoded"),)


def inputs(action: str, body: str, query: str = "") -> dict[str, Any]:
    return read(Request("POST", "/", query, FORM, body.encode()), shapes.operation(action))


def refusal(action: str, body: str) -> Refusal:
    with pytest.raises(Refusal) as refused:
        inputs(action, body)
    return refused.value


def test_a_plus_is_a_blank_in_a_body_and_a_plus_in_a_query() -> None:
    """The body is signed as bytes; in the query the signature is computed over the plus (rule S23)."""
    assert inputs("iam:UpdateRole", "RoleName=a&Description=a+b") == {"RoleName": "a", "Description": "a b"}
    assert inputs("iam:ListUsers", "", "Marker=a+b%2Bc") == {"Marker": "a+b+c"}


def test_query_and_body_are_one_map() -> None:
    assert inputs("iam:UpdateRole", "RoleName=a", "Description=b") == {"RoleName": "a", "Description": "b"}


def test_unknown_parameters_are_ignored_at_every_depth() -> None:
    body = "UserName=a&Colour=red&Colour.x=1&username=b&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.1.Extra=1"
    assert inputs("iam:TagUser", body) == {"UserName": "a", "Tags": [{"Key": "k", "Value": "v"}]}


def test_a_semicolon_separates_nothing() -> None:
    assert inputs("iam:ListUsers", "Marker=a;MaxItems=5") == {"Marker": "a;MaxItems=5"}


def test_empty_pairs_are_nothing_and_a_name_alone_is_empty() -> None:
    assert inputs("iam:UpdateRole", "&&RoleName=a&&Description&") == {"RoleName": "a", "Description": ""}


def test_a_value_keeps_its_further_equals_signs() -> None:
    assert inputs("iam:ListUsers", "Marker=a=b==") == {"Marker": "a=b=="}


@pytest.mark.parametrize(("text", "number"), [("900", 900), ("+900", 900), ("0900", 900), ("%2B00900", None)])
def test_integers_take_a_sign_and_leading_zeros(text: str, number: int | None) -> None:
    action, body = "iam:ListUsers", f"MaxItems={text.replace('+', '%2B')}"
    assert inputs(action, body) == {"MaxItems": number or 900}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_booleans_take_four_words(text: str, value: bool) -> None:
    assert inputs("iam:ListPolicies", f"OnlyAttached={text}") == {"OnlyAttached": value}


def test_an_index_with_a_leading_zero_is_the_index() -> None:
    body = "UserName=a&Tags.member.01.Key=k&Tags.member.1.Value=v"
    assert inputs("iam:TagUser", body)["Tags"] == [{"Key": "k", "Value": "v"}]


def test_elements_may_arrive_in_any_order() -> None:
    assert inputs("iam:UntagUser", "UserName=a&TagKeys.member.2=b&TagKeys.member.1=a")["TagKeys"] == ["a", "b"]


def test_an_index_ten_above_the_highest_is_still_taken() -> None:
    assert refusal("iam:UntagUser", "UserName=a&TagKeys.member.10=a").code == "ValidationError"
    assert refusal("iam:UntagUser", "UserName=a&TagKeys.member.11=a").code == "MalformedInput"


def test_an_empty_list_is_null_where_null_is_refused() -> None:
    assert (
        "Value at 'tags' failed to satisfy constraint: Member must not be null"
        in refusal("iam:TagUser", "UserName=a&Tags=").message
    )


def test_an_empty_list_is_empty_where_it_may_be_absent() -> None:
    assert inputs("iam:CreateUser", "UserName=a&Tags=") == {"UserName": "a", "Tags": []}


def test_an_empty_list_is_null_inside_a_structure_too() -> None:
    name = "ReplacementValues.entry.1"
    message = refusal("iam:AcquireRole", f"TemplateArn={'a' * 20}&{name}.key=a&{name}.value.Values=").message
    assert (
        "Value at 'replacementValues.a.member.values' failed to satisfy constraint: Member must not be null" in message
    )


def test_parsing_comes_before_the_constraints() -> None:
    assert refusal("iam:ListUsers", "Marker=&MaxItems=ten").code == "MalformedInput"


def test_a_list_of_many_elements_is_read_in_steps_that_grow_with_it() -> None:
    """Counts calls, so that a list cannot be made to cost the square of its length."""
    assert calls(4_000) < 4.4 * calls(1_000)


def calls(count: int) -> int:
    body = "&".join(f"ActionNames.member.{index}=s3:GetObject" for index in range(1, count + 1))
    body += "&PolicyInputList.member.1=x"
    seen = 0

    def count_one(*_: object) -> None:
        nonlocal seen
        seen += 1

    sys.setprofile(count_one)
    try:
        inputs("iam:SimulateCustomPolicy", body)
    finally:
        sys.setprofile(None)
    return seen


def test_sts_repeats_a_value_and_iam_does_not() -> None:
    body = "UserName=a%20b"
    assert "'a b'" not in refusal("iam:CreateUser", body).message
    assert "'a b'" in refusal("sts:AssumeRole", f"RoleArn={'a' * 20}&RoleSessionName=a%20b").message


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("iam:CreateLoginProfile", f"UserName=a&Password={'s3cret' * 40}"),
        ("sts:AssumeRoleWithWebIdentity", f"RoleArn={'a' * 20}&RoleSessionName=ab&WebIdentityToken={'s3cret' * 4000}"),
    ],
)
def test_a_sensitive_value_is_in_no_sentence(action: str, body: str) -> None:
    assert "s3cret" not in refusal(action, body).message


def test_lengths_count_code_points() -> None:
    tag = "UserName=a&Tags.member.1.Key=k&Tags.member.1.Value="
    assert inputs("iam:TagUser", tag + "\U00020000" * 256)["Tags"][0]["Value"] == "\U00020000" * 256
    assert "less than or equal to 256" in refusal("iam:TagUser", tag + "\U00020000" * 257).message


def test_every_fault_is_counted_and_named() -> None:
    message = refusal("iam:CreateRole", "Path=/x/&MaxSessionDuration=1").message
    assert message.startswith("3 validation errors detected: Value at 'roleName' failed")
    assert message.count("; ") == 2


def test_a_sentence_of_iams_own_stands_alone() -> None:
    message = refusal("iam:CreateRole", "Path=x&MaxSessionDuration=1").message
    assert message.startswith("The specified value for path is invalid. ")
    assert "validation error" not in message


def test_sts_has_no_sentences_of_its_own() -> None:
    message = refusal("sts:GetAccessKeyInfo", "AccessKeyId=AKIA-EXAMPLE-EXAMPLE").message
    assert message.startswith("1 validation error detected: Value 'AKIA-EXAMPLE-EXAMPLE' at 'accessKeyId' failed")


def test_a_map_is_read_by_its_entries() -> None:
    name = "ReplacementValues"
    body = (
        f"TemplateArn={'a' * 20}&{name}.entry.1.key=a&{name}.entry.1.value.Values.member.1=x"
        f"&{name}.entry.2.key=b&{name}.entry.2.value.Values.member.1=y"
    )
    assert inputs("iam:AcquireRole", body)[name] == {"a": {"Values": ["x"]}, "b": {"Values": ["y"]}}


@pytest.mark.parametrize(
    "tail",
    ["1.key=a", "1.value.Values.member.1=x", "1.other=x", "1.key=a&X.entry.2.key=a&X.entry.1.value.Values.member.1=x"],
)
def test_a_map_takes_entries_with_a_key_and_a_value_and_nothing_else(tail: str) -> None:
    body = f"TemplateArn={'a' * 20}&ReplacementValues.entry.{tail}"
    assert refusal("iam:AcquireRole", body).code == "MalformedInput"


def test_a_key_is_given_once_in_a_map() -> None:
    name = "ReplacementValues.entry"
    entries = "&".join(f"{name}.{n}.key=a&{name}.{n}.value.Values.member.1=x" for n in (1, 2))
    assert "given twice" in refusal("iam:AcquireRole", f"TemplateArn={'a' * 20}&{entries}").message


@pytest.mark.parametrize("text", ["", "+", "-", "９", "1_0", " 1", "1 ", "1\n", "1.0", "0x1", "1e1", "11", "-1"])
def test_an_integer_is_ascii_digits_in_range(text: str) -> None:
    with pytest.raises(ValueError):
        parse_int(text, 0, 10)
