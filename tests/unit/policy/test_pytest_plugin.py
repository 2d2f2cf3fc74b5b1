"""The fixture and the suites inside pytest, as a user has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from locum.cli.pytest_plugin import PolicyTester

pytest_plugins = ("pytester",)

CALL = {"principal": "user/alice", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}
SUITE = """
suite: mine
scenarios:
  - {name: yes, principal: user/a, action: "s3:GetObject", identity: FullAWSAccess, expect: allowed}
  - {name: no, principal: user/a, action: "s3:GetObject", expect: allowed}
"""
TEST = """
def test_alice_reads(locum_policy):
    call = dict(principal="user/alice", action="s3:GetObject", resource="arn:aws:s3:::b/k")
    assert locum_policy.decide(**call, identity="allow s3:Get* on arn:aws:s3:::b/*") == "allowed"
    assert locum_policy.decide(**call) == "implicitDeny"
"""


def test_the_fixture_asks_in_the_words_of_policy_tests() -> None:
    tester = PolicyTester()
    assert tester.decide(**CALL, identity="FullAWSAccess") == "allowed"
    assert "no identity-based policy allows it" in tester.explain(**CALL).text


def test_the_fixture_runs_a_suite(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE)
    assert [result.passed for result in PolicyTester().run(path)] == [True, False]


def test_suites_and_fixture_work_in_a_project_of_its_own(pytester: pytest.Pytester) -> None:
    (pytester.path / "mine.locum.yaml").write_text(SUITE)
    (pytester.path / "other.yaml").write_text("not: a suite")
    (pytester.path / "test_mine.py").write_text(TEST)
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-v")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["*mine/yes PASSED*", "*mine/no FAILED*", "- allowed", "+ implicitDeny by identity"])


def test_a_suite_that_cannot_be_read_is_an_error(pytester: pytest.Pytester) -> None:
    (pytester.path / "mine.locum.json").write_text("{")
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    done.assert_outcomes(errors=1)
