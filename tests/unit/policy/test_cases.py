"""Every policy case of the project, asked through the engine as `locum test` asks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from locum.policy.casefile import read_json
from locum.policy.cases import Result, run

CASES = Path(__file__).parents[2] / "cases" / "policy"
RESULTS = [result for path in sorted(CASES.glob("*.json")) for result in run(read_json(path.read_bytes()))]


@pytest.mark.parametrize("result", RESULTS, ids=[result.id for result in RESULTS])
def test_the_engine_decides_as_the_case_says(result: Result) -> None:
    assert result.error == ""
    assert (result.decision, result.expect) == (result.expect, result.expect)
    assert result.passed, f"decided by {result.decided_by}, expected {result.expected_by}"
    assert result.outcome is not None
    assert result.outcome.allowed is (result.decision == "allowed")


def test_every_case_has_an_id_of_its_own() -> None:
    ids = [result.id for result in RESULTS]
    assert len(set(ids)) == len(ids) >= 501
