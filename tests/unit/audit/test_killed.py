"""What was acknowledged is in the file after SIGKILL (xA1); the control, records that nobody waits for, loses some.

`LOCUM_KILLS` sets how often a process is killed, 4 times unless given.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.architecture.source import ROOT

from locum.audit.files import chains

KILLS = int(os.environ.get("LOCUM_KILLS", "4"))


def killed(directory: Path, after: int, *more: str) -> tuple[int, int]:
    """Kills a recording process after so many acknowledgements: how many it gave, and how many records are there."""
    command = [sys.executable, "-m", "tests.unit.audit.killed", str(directory), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for _ in range(after):
            assert process.stdout.readline()
        process.kill()
        acknowledged = after + len([line for line in process.stdout if line.endswith("\n")])
    lines = [line for one in chains(directory / "audit") for line in one.lines()]
    return acknowledged, sum(msgspec.json.decode(line)["kind"] == "call" for line in lines)


@pytest.mark.parametrize("kill", range(KILLS))
def test_every_acknowledged_record_outlives_a_kill(tmp_path, kill):
    acknowledged, there = killed(tmp_path, 20 + 17 * kill)
    assert there >= acknowledged


def test_control_records_that_nobody_waits_for_are_lost(tmp_path):
    acknowledged, there = killed(tmp_path, 200, "batched")
    assert there < acknowledged
