"""Each example prints what it says that it prints, run as its README says, and prints it again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.journeys.clients import ADMIN, aws_command, environment
from tests.journeys.served import COMMAND

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/run.sh"))


def run(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The example, led to that server."""
    path = os.pathsep.join([str(aws_command().parent), str(COMMAND.parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", str(folder / "run.sh")],
        env=environment(url, ADMIN) | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_example_prints_what_is_expected(locum, folder):
    for program in ("bash", "curl", "python3"):
        if shutil.which(program) is None:
            pytest.skip(f"the examples need {program}, which is not on this machine")
    for _ in range(2):  # the second time on what the first one left
        ran = run(locum.url, folder)
        assert ran.stderr == ""
        assert ran.stdout == (folder / "expected.txt").read_text()
        assert ran.returncode == 0


def test_every_example_is_complete_and_listed():
    listed = (EXAMPLES / "README.md").read_text()
    folders = [path for path in EXAMPLES.iterdir() if path.is_dir()]
    assert len(folders) >= 2
    for folder in folders:
        assert {"README.md", "run.sh", "expected.txt"} <= {path.name for path in folder.iterdir()}
        assert f"({folder.name}/README.md)" in listed
