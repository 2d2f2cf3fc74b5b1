"""How long a command or a server takes to its first answer, and what memory the server holds then.

Law: seconds on the wall and CPU of a process of its own, the smallest of several starts; the files are in the page
cache, as after any first start.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from benchmarks import peers, serving
from benchmarks.serving import LOCUM, Server
from benchmarks.table import Row, Table

QUESTION = "from the command to the first answer"
TIMES = 5


def run() -> Table:
    """Commands, then servers."""
    rows = [
        _command("python -c pass", (sys.executable, "-c", "pass")),
        _command("locum --help", (LOCUM, "--help")),
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows += _server("locum dev", lambda port: (LOCUM, "dev", "--port", port), "/_locum/health")
        rows += _server(
            "locum serve, new data directory",
            lambda port: (LOCUM, "serve", "--data-dir", Path(folder) / port, "--port", port),
            "/_locum/health",
        )
    try:
        moto = peers.python().with_name("moto_server")
        rows += _server("moto_server", lambda port: (moto, "-p", port), "/moto-api/data.json")
    except peers.Absent as absent:
        rows.append(Row("moto_server", None, "ms", f"SKIPPED: {absent}"))
    return Table("start", QUESTION, tuple(rows))


def _command(name: str, command: Sequence[str | Path]) -> Row:
    wall, cpu = [], []
    for _ in range(TIMES):
        before, start = _children(), perf_counter()
        subprocess.run([str(word) for word in command], check=True, capture_output=True, env=serving.environment())
        wall.append(perf_counter() - start)
        cpu.append(_children() - before)
    return Row(name, min(cpu) * 1e3, "ms", f"CPU; {min(wall) * 1e3:.0f} ms on the wall")


def _server(name: str, command: Callable[[str], Sequence[str | Path]], path: str) -> list[Row]:
    wall, cpu, memory = [], [], 0.0
    for _ in range(TIMES):
        port, before = str(serving.free_port()), _children()
        with Server(command(port), f"http://127.0.0.1:{port}") as server:
            wall.append(server.wait(path))
            memory = serving.resident(server.process.pid)
        cpu.append(_children() - before)
    return [
        Row(name, min(cpu) * 1e3, "ms", f"CPU, its end included; {min(wall) * 1e3:.0f} ms on the wall"),
        Row(f"{name}, memory", memory or None, "MB", "resident after the first answer"),
    ]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
