"""The canonical form: what is one text, what is another, and what has none."""

from __future__ import annotations

import pytest

from locum import sigv4
from locum.sigv4 import canonical


def code_of(call: object, *arguments: object) -> str:
    with pytest.raises(sigv4.SignatureError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


@pytest.mark.parametrize(
    ("raw", "standard", "literal"),
    [
        ("/", "/", "/"),
        ("//", "/", "//"),
        ("/a/../b", "/b", "/a/../b"),
        ("/../..", "/", "/../.."),
        ("/a/./b/", "/a/b/", "/a/./b/"),
        ("/a%20b", "/a%2520b", "/a%20b"),
        ("/a%2Fb", "/a%252Fb", "/a%2Fb"),
        ("/a%2fb", "/a%252fb", "/a%2Fb"),
        ("/a:b", "/a%3Ab", "/a%3Ab"),
        ("/~x", "/~x", "/~x"),
        ("/\xe1\x88\xb4", "/%E1%88%B4", "/%E1%88%B4"),
    ],
)
def test_a_path_is_normalised_and_encoded_again_but_for_s3(raw: str, standard: str, literal: str) -> None:
    assert canonical.canonical_path(raw) == standard
    assert canonical.canonical_path(raw, literal=True) == literal


@pytest.mark.parametrize("raw", ["", "a", "/%", "/%zz", "/%4", "/\u1234", "http://h/"])
def test_a_broken_path_has_no_canonical_form(raw: str) -> None:
    assert code_of(canonical.canonical_path, raw) == "InvalidRequest"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1", "a=1&a=2"),
        ("a", "a="),
        ("a=", "a="),
        ("a&&b", "a=&b="),
        ("a=b=c", "a=b%3Dc"),
        ("a=1;b=2", "a=1%3Bb%3D2"),
        ("a=x+y", "a=x%2By"),
        ("a=x%20y", "a=x%20y"),
        ("%61=%62", "a=b"),
        ("a=%7e%2a", "a=~%2A"),
        ("Param-3=3&Param=2", "Param=2&Param-3=3"),
        ("a=%ff", "a=%FF"),
    ],
)
def test_a_query_is_decoded_once_and_sorted(raw: str, expected: str) -> None:
    assert canonical.canonical_query(canonical.pairs(raw)) == expected


@pytest.mark.parametrize("raw", ["a=%", "a=%4", "a=%zz", "%g0=1", "a=\u1234"])
def test_a_broken_query_has_no_canonical_form(raw: str) -> None:
    assert code_of(canonical.pairs, raw) == "MalformedQueryString"


def test_values_are_joined_in_their_order_trimmed_and_their_blanks_made_one() -> None:
    headers = (("My-Header", " b   c "), ("my-header", "a"), ("q", '"a   b"'))
    assert canonical.gather(headers) == {"my-header": "b c,a", "q": '"a b"'}


@pytest.mark.parametrize("value", ["a\nx-amz-date:b", "a\r", "a\tb", "caf\xe9", "a\x00", "a\x7f", "\u0661"])
def test_a_signed_value_with_a_control_or_foreign_character_is_refused(value: str) -> None:
    assert code_of(canonical.canonical_headers, ["h"], {"h": value}) == "InvalidRequest"


@pytest.mark.parametrize("method", ["", "get", "GET\nX", "G ET", "\u0413\u0415\u0422", "GET1"])
def test_a_method_is_capital_letters(method: str) -> None:
    with pytest.raises(sigv4.SignatureError) as caught:
        canonical.canonical_request(method, path="/", query="", headers="", signed_headers="", payload="")
    assert caught.value.code == "InvalidRequest"
