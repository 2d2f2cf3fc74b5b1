"""How long honest clients wait beside slow ones, gibibytes and forgers, each beside the quiet of the same server.

Law: the server has one core to itself; the honest client and the crowd are processes of their own on the other one,
where the honest one comes first. The honest client asks at its own pace, whatever the answers do, and a wait counts
from when a request was due (`paced.py`). Of several rounds the figure is the median of their p99. Where the system
allows it all three run before everything else on this machine (SCHED_FIFO), and the table says so: else the figures are
the machine's as much as the server's. `LOCUM_SLOW` (5000), `LOCUM_RATE` (10000 a second), `LOCUM_SECONDS` (2) and
`LOCUM_ROUNDS` (3) say how much and how long; `LOCUM_CONTROL=1` adds the same attacks on a server without protection.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from tests.floods.clients import Line, honest, resident, spent
from tests.journeys.served import Served

from benchmarks import serving
from benchmarks.paced import Figures, paced
from benchmarks.table import Row, Table

SLOW = int(os.environ.get("LOCUM_SLOW", "5000"))
RATE = int(os.environ.get("LOCUM_RATE", "10000"))
SECONDS = float(os.environ.get("LOCUM_SECONDS", "2"))
ROUNDS = int(os.environ.get("LOCUM_ROUNDS", "3"))
CONTROL = os.environ.get("LOCUM_CONTROL", "") == "1"
GOOD = "127.0.0.3"
OFF = {"source_rate": 0, "head_seconds": 600, "connections": 65_536}
UNIT = "ms wall"

#: who comes before whom, where the system allows it; the server and the honest client have a core each
SERVER, CLIENT, CROWD = 3, 2, 1

#: what stands beside honest requests: kind, connections, sends a second, addresses
ATTACKS = {
    f"{SLOW:,} slow heads": ("slow", SLOW, SLOW, 1),
    "gibibytes declared, 100 at once": ("declared", 100, 2000, 1),
    "gibibytes in chunks, 100 at once": ("chunked", 100, 2000, 1),
    "forged, 500 lines of 1 address": ("forged", 500, RATE, 1),
    "forged, 500 lines of 250": ("forged", 500, RATE, 250),
    "forged and unread, new lines of 1": ("strangers", 500, RATE, 1),
    "forged and unread, new lines of 250": ("strangers", 500, RATE, 250),
}


def run() -> Table:
    """Every attack, beside the quiet before it."""
    if not serving.measurable():
        return Table("floods", "p99 of honest requests", (Row("all", None, "", "SKIPPED: this machine has no /proc"),))
    first = "before everything else on this machine" if _first(CLIENT) else "NOT before what else this machine does"
    _first(0)
    question = f"p99 of honest requests, 100 a second, median of {ROUNDS} rounds of {SECONDS:g} s, {first}"
    rows = [row for name in ATTACKS for row in _rows(name, "", {})]
    if CONTROL:
        rows += [row for name in ATTACKS for row in _rows(name, "control, no protection: ", OFF)]
    return Table("floods", question, tuple(rows))


def _first(priority: int) -> bool:
    """Puts this process, and what it starts, before all that have a lower priority; 0 is like everybody. False where
    that is not allowed."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO if priority else os.SCHED_OTHER, os.sched_param(priority))
        return True
    return False


@contextmanager
def _served(limits: dict[str, int]) -> Iterator[tuple[Served, str, str]]:
    """A `locum serve` on a core of its own, and its root's key; this process is on the other one meanwhile."""
    everywhere, (core, other) = os.sched_getaffinity(0), serving.cores()
    variables = {f"LOCUM_{name.upper()}": str(value) for name, value in limits.items()}
    with tempfile.TemporaryDirectory() as folder:
        try:
            os.sched_setaffinity(0, {core})
            _first(SERVER)
            server = Served("serve", "--data-dir", f"{folder}/data", "--port", "0", environment=variables)
            os.sched_setaffinity(0, {other})
            _first(CLIENT)
            with server:
                key = json.loads((Path(folder) / "data" / "root-key.json").read_text())
                yield server, key["AccessKeyId"], key["SecretAccessKey"]
        finally:
            _first(0)
            os.sched_setaffinity(0, everywhere)


@contextmanager
def _beside(server: Served, name: str, seconds: float) -> Iterator[list[str]]:
    """This crowd at work meanwhile; what it says of itself at the end."""
    kind, connections, rate, sources = ATTACKS[name]
    numbers = map(str, (connections, rate, sources, seconds + 3))
    command = [sys.executable, "-m", "benchmarks.crowd", kind, server.url.partition("//")[2], *numbers]
    told: list[str] = []
    _first(CROWD)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
        _first(CLIENT)
        assert crowd.stdout is not None
        crowd.stdout.readline()
        time.sleep(1)
        yield told
        told.append(crowd.communicate()[0].strip())


def _rows(name: str, mark: str, limits: dict[str, int]) -> Iterable[Row]:
    """The quiet and this attack: over lines that stay open, and over a new line for each request."""
    with _served(limits) as (server, key_id, secret):

        def asked(*, fresh: bool) -> list[Figures]:
            return [
                paced(
                    lambda: Line(server, GOOD), lambda line, _: honest(line, key_id, secret), seconds=each, fresh=fresh
                )
                for each in [SECONDS] * ROUNDS
            ]

        asked(fresh=False)
        quiet, quiet_fresh = asked(fresh=False), asked(fresh=True)
        pid = server.process.pid
        before = resident(pid)
        with _beside(server, name, 2 * SECONDS * ROUNDS) as told:
            began, cpu, early = time.perf_counter(), spent(pid), resident(pid)
            flood, flood_fresh = asked(fresh=False), asked(fresh=True)
            cpu, late = (spent(pid) - cpu) / (time.perf_counter() - began), resident(pid)
        memory = f"{before / 2**20:.0f} MiB quiet, {early / 2**20:.0f} -> {late / 2**20:.0f} meanwhile"
    yield _row(f"{mark}quiet", quiet)
    yield _row(f"{mark}{name}", flood, quiet, f"; CPU {cpu:.0%}, {memory}; the crowd: {told[0]}")
    yield _row(f"{mark}  quiet, a new line each", quiet_fresh)
    yield _row(f"{mark}  the attack, a new line each", flood_fresh, quiet_fresh)


def _row(name: str, rounds: list[Figures], quiet: list[Figures] | None = None, note: str = "") -> Row:
    most = median(one.at(0.99) for one in rounds)
    words = [f"p50 {median(one.at(0.5) for one in rounds):.2f}"]
    if quiet is not None:
        words.append(f"p99 {most / median(one.at(0.99) for one in quiet):.1f} times the quiet one")
    if errors := sum(one.errors for one in rounds):
        words.append(f"{errors} ERRORS")
    return Row(name, most, UNIT, ", ".join(words) + note)
