"""Strict JSON: one reading or none, with positions."""

from __future__ import annotations

import pytest

from locum.policy.document import MAX_DEPTH, MAX_TEXT, DocumentError, Kind, parse_document


def refused(text: str | bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_document(text)
    return caught.value


def test_every_kind_of_value_is_read_with_its_place() -> None:
    root = parse_document(' {"a": [1.50, true, null],\n  "b": "x"} ').root
    numbers = root.find("a")
    assert numbers is not None
    assert [(one.kind, one.text, one.at) for one in numbers.items] == [
        (Kind.NUMBER, "1.50", 8),
        (Kind.BOOLEAN, "true", 14),
        (Kind.NULL, "null", 20),
    ]
    assert root.find("c") is None


def test_a_position_is_line_and_column_from_one() -> None:
    document = parse_document('{"a":\n "b"}')
    value = document.root.find("a")
    assert value is not None
    assert document.position(value.at) == (2, 2)


def test_escapes_become_characters_and_pairs_of_surrogates_one() -> None:
    assert parse_document(r'"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"').root.text == '"\\/\b\f\n\r\té😀'


def test_bytes_are_utf_8() -> None:
    assert parse_document('"é"'.encode()).root.text == "é"
    assert refused(b'"\xe9"').seen == "bytes that are not UTF-8"
    assert refused('{"a": 1}'.encode("utf-16")).seen == "bytes that are not UTF-8"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "the end of the text"),
        ("\ufeff{}", "a byte order mark"),
        ('"\ud800"', "half of a surrogate pair"),
        (r'"\ud800"', "half of a surrogate pair"),
        (r'"\ude00\ud83d"', "half of a surrogate pair"),
        ("NaN", "`NaN`"),
        ("-Infinity", "`-Infinity`"),
        ("01", "`1`"),
        ("1 2", "`2`"),
        ("'a'", "`'a'`"),
        ('"a', '`"a`'),
        ('"a\n"', '`"a\n"`'),
        (r'"\x"', r'`"\x"`'),
        ("[1", "the end of the text"),
        ("[1,]", "`]`"),
        ("{1: 2}", "`1: 2}`"),
        ('{"a" 1}', "`1}`"),
        ('{"a": 1', "the end of the text"),
        ('{"a": 1,}', "`}`"),
        ('{"a": 1, "a": 2}', "key `a` twice"),
        ('{"a": 1, "A": 2}', "keys `a` and `A`"),
        ('{"é": 1, "É": 2}', "keys `é` and `É`"),
        ("tru", "`tru`"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str, seen: str) -> None:
    assert refused(text).seen == seen


def test_a_refusal_says_what_would_be_right_and_where() -> None:
    assert str(refused('{"a":\n 1,}')) == 'line 2, column 4: `}`; a key in `"` would be right'


def test_depth_is_counted_before_the_text_is_read() -> None:
    assert parse_document("[" * MAX_DEPTH + "]" * MAX_DEPTH).root.kind is Kind.LIST
    assert refused("[" * (MAX_DEPTH + 1)).seen == "too many levels of brackets"
    assert refused("{" * 100_000).seen == "too many levels of brackets"
    assert refused('["[[[[", ' + "[" * MAX_DEPTH).seen == "too many levels of brackets"


def test_nothing_behind_one_level_too_many_is_looked_at() -> None:
    for text in ("[" * 60_000, "[" * 60_000 + "]" * 60_000, "[" * (MAX_DEPTH + 1) + "\x00 not JSON"):
        error = refused(text)
        assert (error.line, error.column) == (1, MAX_DEPTH + 1)


def test_brackets_inside_strings_are_no_depth() -> None:
    assert parse_document('"' + "[" * 100 + '"').root.kind is Kind.STRING
    assert parse_document('["\\"[", "' + "{" * 100 + '"]').root.kind is Kind.LIST


def test_a_text_that_is_too_long_is_not_looked_at() -> None:
    assert refused(" " * (MAX_TEXT + 1)).seen == f"{MAX_TEXT + 1} characters"
    assert refused(b" " * (4 * MAX_TEXT + 1)).seen == f"{4 * MAX_TEXT + 1} bytes"


def test_a_number_of_many_digits_stays_text() -> None:
    assert parse_document("9" * 100_000).root.text == "9" * 100_000
