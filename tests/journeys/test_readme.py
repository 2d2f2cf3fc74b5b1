"""The tour of the README, run as it stands by bash with the AWS CLI; only the server is already there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.journeys.clients import aws_command
from tests.journeys.served import COMMAND, bare_environment

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def tour(url: str) -> str:
    """The lines below "With your own AWS CLI", for the server at `url` instead of one in the background."""
    block = re.search(
        r"^## With your own AWS CLI\n.*?^```\n(.*?)^```$",
        README,
        flags=re.MULTILINE | re.DOTALL | re.ASCII,
    )
    assert block, "the README has lost its tour"
    lines = [line for line in block[1].splitlines() if not line.startswith(("locum dev", "kill"))]
    return "set -euo pipefail\n" + "\n".join(lines).replace("locum env", f"locum env --endpoint {url}")


def test_the_tour_of_the_readme_ends_with_temporary_credentials(locum):
    path = os.pathsep.join([str(aws_command().parent), str(COMMAND.parent), os.environ["PATH"]])
    ran = subprocess.run(
        ["bash", "-c", tour(locum.url)],
        cwd=ROOT,
        env=bare_environment(PATH=path, AWS_PAGER=""),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert '"Arn": "arn:aws:iam::111111111111:user/admin"' in ran.stdout
    assert '"Arn": "arn:aws:sts::111111111111:assumed-role/admin-task-role/TriageSession"' in ran.stdout
    assert '"RoleName": "admin-task-role"' in ran.stdout


def test_the_readme_opens_with_one_sentence_and_two_commands():
    opening = README.split("\n```\n")[0]
    assert len(re.findall(r"\.(?:\s|$)", opening.partition("\n\n")[2], flags=re.ASCII)) == 1
    commands = README.split("\n```\n")[1]
    assert [line.split("  ")[0] for line in commands.splitlines()] == ["make demo", "make test"]
