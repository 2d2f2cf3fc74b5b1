"""CreateUser against a data directory: every answer waits for a durable commit, which clients share.

Law: as in `calls`; every request makes another user. The figure on the wall is the disk's as much as ours.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import serving, signed
from benchmarks.calls import figures, opened, port_of, row
from benchmarks.load import Job
from benchmarks.table import Row, Table

QUESTION = "CreateUser with a durable commit, a second of the server's CPU"
CLIENTS, SECONDS = (1, 64), 6.0
USERS = 4_900  # an account holds 5,000


def run() -> Table:
    """One client alone, then sixty-four."""
    if not serving.measurable():
        return Table("writes", QUESTION, (Row("all", None, "/CPU-s", "SKIPPED: this machine has no /proc"),))
    return Table("writes", QUESTION, tuple(_row(clients) for clients in CLIENTS))


def _row(clients: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        server, world = opened(Path(folder))
        with server:
            job = Job(
                port=port_of(server),
                process=server.process.pid,
                core=serving.cores()[1],
                key=world.key,
                service="iam",
                bodies=[signed.form("iam:CreateUser", UserName="u-NUMBER").decode()],
                connections=clients,
                seconds=SECONDS,
                unique=USERS,
            )
            return row(f"Locum, CreateUser, {clients} clients", figures(job))
