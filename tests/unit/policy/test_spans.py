"""Where a statement begins and ends in its text."""

from __future__ import annotations

import pytest

from locum.policy.document import DocumentError
from locum.policy.spans import spans


def cut(text: str) -> list[str]:
    """What lies between the begin and the end of every statement."""
    lines = text.split("\n")
    starts = [sum(len(one) + 1 for one in lines[:number]) for number in range(len(lines))]
    return [
        text[starts[line - 1] + column - 1 : starts[last - 1] + end - 1] for (line, column), (last, end) in spans(text)
    ]


def test_the_first_of_a_list_begins_behind_the_bracket_and_the_others_behind_the_one_before() -> None:
    assert cut('{"Statement": [ {"a": 1}, \n {"b": {"c": 2}}\n]}') == [' {"a": 1}', ', \n {"b": {"c": 2}}']


def test_a_statement_alone_begins_behind_its_own_brace() -> None:
    assert cut('{"Statement":\n {"a": {"b": 1}} }') == ['"a": {"b": 1}}']


def test_lines_and_columns_count_from_one() -> None:
    assert spans('{"Statement":{}}') == (((1, 15), (1, 16)),)
    assert spans('{"Statement":[\n{},\n{}]}') == (((1, 15), (2, 3)), ((2, 3), (3, 3)))


def test_braces_in_texts_end_no_statement() -> None:
    assert cut(r'{"Statement": [{"a}": "\"}{\\"}]}') == [r'{"a}": "\"}{\\"}']


def test_a_policy_without_statements_has_no_places() -> None:
    assert spans('{"Version": "2012-10-17"}') == ()
    assert spans('{"Statement": []}') == ()


def test_a_statement_that_is_no_object_ends_with_the_text() -> None:
    assert cut('{"Statement": [1]}') == ["1]}"]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(DocumentError):
        spans('{"Statement": [{}}')
