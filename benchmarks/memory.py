"""The memory of a server after 10,000 and after 100,000 requests, each of which brings something new to remember.

Law: as in `calls`; every AssumeRole names another session, each tenth request has a wrong signature, each tenth asks as
a session. What a server remembers is bounded, so that the second figure is the first but for noise.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import serving, signed
from benchmarks.calls import figures, opened, port_of
from benchmarks.load import Job
from benchmarks.serving import Server
from benchmarks.table import Row, Table
from benchmarks.world import World

QUESTION = "resident memory of one server process"
EACH, TIMES = 10_000, 10
CONNECTIONS = 16


def run() -> Table:
    """After the start, after the first ten thousand, and after ten times as many."""
    if not serving.measurable():
        return Table("memory", QUESTION, (Row("all", None, "MB", "SKIPPED: this machine has no /proc"),))
    with tempfile.TemporaryDirectory() as folder:
        server, world = opened(Path(folder), "--source-rate", "0")
        with server:
            rows, statuses = [_row("Locum, after its start", server)], {0}
            for time in range(TIMES):
                statuses = _asked(server, world)
                if time == 0:
                    rows.append(_row(f"Locum, after {EACH:,} requests", server))
            rows.append(_row(f"Locum, after {EACH * TIMES:,} requests", server, f"statuses {sorted(statuses)}"))
    return Table("memory", QUESTION, tuple(rows))


def _row(name: str, server: Server, note: str = "") -> Row:
    return Row(name, serving.resident(server.process.pid), "MB", note)


def _asked(server: Server, world: World) -> set[int]:
    """Ten thousand requests; which statuses came."""
    assume = signed.form("sts:AssumeRole", RoleArn=world.role, RoleSessionName="s-NUMBER").decode()
    who = signed.form("sts:GetCallerIdentity").decode()
    wrong = signed.Key(world.key.id, "a wrong secret")
    found: set[int] = set()
    for key, body, share in ((world.key, assume, 8), (wrong, f"{who}&Tag=NUMBER", 1), (world.session, who, 1)):
        job = Job(
            port=port_of(server),
            process=server.process.pid,
            core=serving.cores()[1],
            key=key,
            service="sts",
            bodies=[body],
            connections=CONNECTIONS,
            seconds=300.0,
            warm=0.0,
            unique=EACH * share // 10,
        )
        found |= set(figures(job).statuses)
    return found
