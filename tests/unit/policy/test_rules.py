"""Every rule of docs/spec/policy.md is exercised: by a case, by a row of documents, or by a test named here."""

from __future__ import annotations

import json
import re
from pathlib import Path

from locum.policy.casefile import read_json
from locum.policy.cases import run

ROOT = Path(__file__).parents[3]
SPEC = ROOT / "docs" / "spec" / "policy.md"
CASES = ROOT / "tests" / "cases" / "policy"

# Rules that no case can ask about, and the test that does.
TESTS = {
    "1.22": ("tests/unit/policy/test_grammar.py", "test_white_space_counts_in_organisations_policies_alone"),
    "2.12": (
        "tests/unit/policy/test_principals.py",
        "test_an_allow_with_not_principal_means_those_of_whom_nothing_is_listed",
    ),
    "3.9": ("tests/properties/test_globs.py", "test_a_hostile_glob_takes_steps_in_proportion_to_the_text"),
    "6.5": ("tests/unit/policy/test_engine.py", "test_what_the_server_derived_wins_over_what_came_from_outside"),
    "7.23": ("tests/unit/policy/test_engine.py", "test_the_budget_is_spent_by_sets_and_long_values"),
}


def rules() -> set[str]:
    return set(re.findall(r"^\| ([1-7]\.[0-9]+) \|", SPEC.read_text(), re.MULTILINE))


def exercised() -> set[str]:
    suites = [json.loads(path.read_text()) for path in CASES.glob("*.json")]
    tags = {tag for suite in suites for scenario in suite["scenarios"] for tag in scenario.get("tags", ())}
    documents = json.loads((Path(__file__).parent / "documents.json").read_text())
    return tags | {row["rule"] for row in documents} | set(TESTS)


def test_every_rule_is_exercised() -> None:
    assert sorted(rules() - exercised()) == []


def test_no_case_names_a_rule_that_does_not_exist() -> None:
    assert sorted(exercised() - rules()) == []


def test_the_tests_that_stand_for_cases_exist() -> None:
    for path, name in TESTS.values():
        assert f"def {name}(" in (ROOT / path).read_text(), name


def test_the_code_cites_rules_that_exist() -> None:
    sources = [path.read_text() for path in (ROOT / "src" / "locum" / "policy").glob("*.py")]
    cited = {rule for text in sources for rule in re.findall(r"\brules? ([1-7]\.[0-9]+)\b", text)}
    assert sorted(cited - rules()) == []


def test_every_denial_and_every_case_across_accounts_says_who_decides() -> None:
    for path in sorted(CASES.glob("[0-9]*.json")):
        for result in run(read_json(path.read_bytes())):
            assert result.case is not None, result.error
            question = result.case.questions[0]
            across = question.principal.account not in (None, question.resource_account)
            assert result.expected_by or (result.expect == "allowed" and not across), result.id
