"""The process that the kill tests start: it rotates a key and ends itself, at the line that it was told, by SIGKILL.

Run as `python -m tests.unit.serve.rotating (master|data|tokens|first) DIRECTORY:LINE…`; `first` is no rotation but the
first start of a data directory. Lines are counted as they are
executed in the files that hold the order of a rotation. LINE 0 runs to the end and prints how many lines there were.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from locum.server import production, token_rules
from locum.server.house import SystemMint
from locum.server.safe import require_safe
from locum.server.settings import choose
from locum.store import masterkey, rotation
from locum.store.engine import open_store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WATCHED = (
    "store/rotation.py",
    "store/masterkey.py",
    "store/keeping.py",
    "store/engine.py",
    "store/schema.py",
    "store/token_keys.py",
    "server/production.py",
    "server/token_rules.py",
)


def rotate(directory: Path, which: str) -> None:
    """One rotation, as the command does it."""
    store, file = directory / "locum.db", directory / masterkey.FILE
    if which == "first":
        settings = choose({"data-dir": str(directory)}, {})
        require_safe(settings)
        production.begin(settings, production.master_key(settings, {}))
    elif which == "master":
        rotation.rotate_master_key(store, file)
    elif which == "data":
        rotation.settle(store, file)
        rotation.reseal(store, masterkey.read_file(file))
    else:
        rotation.settle(store, file)
        opened = open_store(store, masterkey.read_file(file))
        opened.write(token_rules.rotate(SystemMint(), NOW))
        opened.write(token_rules.retire(NOW))
        opened.close()


def rotate_until(directory: Path, which: str, last: int) -> int:
    """Rotates until that line of the watched files is reached, or to the end; how many lines there were."""
    seen = 0

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if event == "line":
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return watch

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        return watch if frame.f_code.co_filename.endswith(WATCHED) else None

    threading.settrace(enter)
    sys.settrace(enter)
    rotate(directory, which)
    sys.settrace(None)
    return seen


def main(which: str, *turns: str) -> None:
    """Each turn in a process of its own; prints how each ended: minus its signal, or the lines that it had."""
    for turn in turns:
        directory, _, line = turn.rpartition(":")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            lines = -1
            try:
                lines = rotate_until(Path(directory), which, int(line))
            finally:
                os.write(writing, str(lines).encode())
                os._exit(0)
        os.close(writing)
        _, how = os.waitpid(child, 0)
        said = os.read(reading, 100).decode()
        os.close(reading)
        print(said or os.waitstatus_to_exitcode(how), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
