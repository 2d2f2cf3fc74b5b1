"""The plain evaluator decides every collected policy case as the case expects."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.plain import decide
from tests.plain_cases import expanded

FOLDER = Path(__file__).parents[2] / "cases" / "policy"


def collected() -> list[dict[str, Any]]:
    return [case for path in sorted(FOLDER.glob("*.json")) for case in expanded(json.loads(path.read_text("utf-8")))]


def test_there_are_cases_to_decide() -> None:
    assert len(collected()) >= 501


@pytest.mark.parametrize("case", collected(), ids=lambda case: case["id"])
def test_the_plain_evaluator_decides_as_the_case_expects(case: dict[str, Any]) -> None:
    assert decide(case).verdict == case["expect"]


@pytest.mark.parametrize("case", [case for case in collected() if "decided_by" in case], ids=lambda case: case["id"])
def test_the_plain_evaluator_names_the_kind_of_policy_that_decided(case: dict[str, Any]) -> None:
    assert set(decide(case).decided_by) == set(case["decided_by"])


def test_every_case_has_an_id_of_its_own() -> None:
    ids = [case["id"] for case in collected()]
    assert len(ids) == len(set(ids))
