"""`locum demo` tells the guide's story and ends with 0 only because every step ended as the guide says."""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.journeys.served import COMMAND, bare_environment


def told(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The ended demo."""
    return subprocess.run(
        [str(COMMAND), "demo", *arguments],
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    return told()


def test_every_step_ends_as_the_guide_says(demo):
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "16 of 16 steps ended as the guide says" in demo.stdout


@pytest.mark.parametrize(
    "sentence",
    [
        "because no identity-based policy allows the iam:ListRoles action",
        "with an explicit deny in an identity-based policy",
        'aws sts assume-role --role-arn "arn:aws:iam::111111111111:role/admin-task-role" '
        '--role-session-name "TriageSession"',
        "The security token included in the request is expired",
        "The request signature we calculated does not match the signature you provided.",
    ],
)
def test_the_story_shows_the_real_answers(demo, sentence):
    assert sentence in demo.stdout


def test_nothing_is_coloured_in_a_pipe(demo):
    assert "\x1b" not in demo.stdout


def test_as_json_each_step_says_whether_it_was_good():
    ran = told("--format", "json")
    answer = json.loads(ran.stdout)
    assert answer["good"] is True
    assert len(answer["steps"]) == 16
    assert all(step["good"] for step in answer["steps"])
