"""Workers: started with the key, replaced when they die, and not for ever."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.source import ROOT

SCRIPT = """
import os, signal, sys
from locum.aws.secret import Secret
from locum.server.workers import Workers

KEYS = iter(range(100))

def key():
    return Secret(f"{next(KEYS):064x}")

def work(key):
    turn = int(key.reveal(), 16)
    os.write(1, f"worker {turn}\\n".encode())
    %s

sys.exit(Workers(work, key).run(2))
"""


def ran(body: str) -> tuple[int, list[str]]:
    """How a server of two workers that do this ended, and what they said."""
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT % body], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return process.returncode, sorted(process.stdout.split("\n")[:-1])


def test_workers_that_cannot_start_end_the_server() -> None:
    status, said = ran("return 3")
    assert status == 1
    assert 5 <= len(said) <= 7  # two at first, and one for each of the first four that died


def test_each_worker_reads_its_own_handing_of_the_key() -> None:
    end = "os.kill(os.getppid(), signal.SIGTERM)"
    status, said = ran(f"os._exit(9) if turn < 3 else {end} if turn == 3 else None; signal.pause()")
    assert status == 0
    assert "worker 3" in said  # it may end the server before the others have spoken
    assert len(set(said)) == len(said)  # no two read the same key


def test_a_worker_that_raises_is_one_that_died() -> None:
    status, _ = ran("raise ValueError('no')")
    assert status == 1


def test_a_stop_ends_the_parent_and_its_workers_with_0() -> None:
    status, said = ran("(os.kill(os.getppid(), signal.SIGTERM), signal.pause()); return 0")
    assert status == 0
    assert len(said) <= 2
