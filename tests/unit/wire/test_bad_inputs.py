"""Every row of the table of bad inputs is refused with its code, its status and its sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from locum.aws.faults import Refusal
from locum.http import Request
from locum.wire.query import read
from locum.wire.route import route

TABLE = json.loads((Path(__file__).parents[2] / "cases" / "wire" / "bad-inputs.json").read_text())["rows"]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_a_bad_input_is_refused_in_these_words(row: dict[str, Any]) -> None:
    kind = row.get("content_type", "application/x-www-form-urlencoded; charset=utf-8")
    request = Request("POST", "/", row.get("query", ""), (("content-type", kind),), row["body"].encode())
    with pytest.raises(Refusal) as refused:
        read(request, route(request).shape)
    assert (refused.value.code, refused.value.status, refused.value.message) == (
        row["code"],
        row["status"],
        row["message"],
    )


def test_the_table_names_each_row_once_and_says_where_it_comes_from() -> None:
    assert len({row["name"] for row in TABLE}) == len(TABLE) >= 40
    assert all(row["source"] for row in TABLE)
