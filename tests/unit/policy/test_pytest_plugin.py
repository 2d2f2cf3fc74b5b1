"""The fixture and the suites inside pytest, as a user has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from locum.policy.pytest_plugin import PolicyTester

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


def test_suites_and_fixture_work_in_a_project_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.locum.yaml").write_text(SUITE)
    (tmp_path / "other.yaml").write_text("not: a suite")
    (tmp_path / "test_mine.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-p", "locum.policy.pytest_plugin", "-p", "no:cacheprovider", "-q", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout
    assert "1 failed" in done.stdout
    assert "- allowed\n+ implicitDeny by identity" in done.stdout
