"""The time of a signature: sixteen characters of the calendar, or an HTTP date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from locum.sigv4 import instant

LEAP = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("text", ["20240229T235959Z", "Thu, 29 Feb 2024 23:59:59 GMT"])
def test_both_spellings_name_the_instant(text: str) -> None:
    assert instant.parse(text) == LEAP


def test_writing_and_parsing_are_inverse() -> None:
    assert instant.parse(instant.compact(LEAP)) == LEAP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20240229",
        "20240229T235959",
        "20240229T235959z",
        "20240229t235959Z",
        "20240229 235959Z",
        "20230229T235959Z",
        "20241301T000000Z",
        "20240229T240000Z",
        "20240229T235960Z",
        "00000101T000000Z",
        " 0240229T235959Z",
        "+0240229T235959Z",
        "2024_229T235959Z",
        "2024022T0235959Z",
        "\u0662\u0660240229T235959Z",
        "20240229T23595\xb2Z",
        "2024-02-29T23:59:59Z",
        "Thu, 29 Foo 2024 23:59:59 GMT",
        "Thu, 31 Feb 2024 23:59:59 GMT",
        "Thu, 29 Feb 2024 23:59:59 UTC",
        "Thu, 29 Feb 2024 23:59:59 GMT\n",
        "Thu, 9 Feb 2024 23:59:59 GMT",
    ],
)
def test_anything_else_names_none(text: str) -> None:
    assert instant.parse(text) is None
