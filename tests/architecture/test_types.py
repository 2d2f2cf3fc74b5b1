"""The whole of src under the strict type checker and the linter, as `make check` runs them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.architecture.source import ROOT


@pytest.mark.parametrize(
    "checker",
    [["mypy"], ["ruff", "check", "src", "tests", "benchmarks", "scripts"], ["ruff", "format", "--check", "src"]],
    ids=lambda checker: " ".join(checker[:2]),
)
def test_nothing_is_found_by(checker: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *checker], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
