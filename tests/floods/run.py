"""Figures for the record: how honest clients fare beside slow ones, forgers, gibibytes and an account that takes all.

`python -m tests.floods.run [WORD …]` prints one table, or the lines that hold a word. Nothing is asserted: times are
this machine's, at this moment. Each line stands beside the quiet one of the same server and beside the same load with
the protection turned off. So that the figures mean the server, it has one core to itself; honest and evil clients share
the other one, where the evil ones have the least priority, and the honest client's times count from when a request was
due. Of several rounds the best counts, since what else the machine does only adds. `LOCUM_SLOW` (5000), `LOCUM_RATE`
(10000 a second), `LOCUM_SECONDS` (3) and `LOCUM_ROUNDS` (3) say how much and how long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.floods.clients import Line, honest, resident, spent, wire
from tests.floods.paced import Ask, paced
from tests.journeys.raw import Raw, Signing
from tests.journeys.served import Served

SLOW = int(os.environ.get("LOCUM_SLOW", "5000"))
RATE = int(os.environ.get("LOCUM_RATE", "10000"))
SECONDS = float(os.environ.get("LOCUM_SECONDS", "3"))
ROUNDS = int(os.environ.get("LOCUM_ROUNDS", "3"))
CORES = sorted(os.sched_getaffinity(0))
GOOD = "127.0.0.3"
OFF = {"source_rate": 0, "head_seconds": 600, "connections": 65_536}

#: what stands beside honest requests: kind, connections, sends a second, addresses
ATTACKS = {
    f"{SLOW} slow heads": ("slow", SLOW, SLOW, 1),
    "gibibytes declared, 100 at once": ("declared", 100, 2000, 1),
    "gibibytes in chunks, 100 at once": ("chunked", 100, 2000, 1),
    f"{RATE}/s forged, 500 lines of 1": ("forged", 500, RATE, 1),
    f"{RATE}/s forged, 500 lines of 250": ("forged", 500, RATE, 250),
    f"{RATE}/s forged, each on a new line": ("strangers", 500, RATE, 1),
    f"{RATE}/s forged, each on a new line of 250": ("strangers", 500, RATE, 250),
}


def who(key_id: str, secret: str) -> Ask:
    """A question who one is."""
    return lambda line, _: honest(line, key_id, secret)


def user(key_id: str, secret: str, prefix: str) -> Ask:
    """A new user, which waits for a commit."""

    def ask(line: Line, number: int) -> bytes:
        body = f"Action=CreateUser&Version=2010-05-08&UserName={prefix}{number}".encode()
        return wire(Signing(line.host, key_id=key_id, secret=secret, service="iam").header(Raw(body=body)))

    return ask


def hurry(process: int) -> None:
    """Puts a process before whatever else this machine does, where that is allowed: among the processes of its session
    by its priority, and its session (Linux: autogroup) before others."""
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            os.setpriority(os.PRIO_PROCESS, int(thread), -15)
        Path(f"/proc/{process}/autogroup").write_text("-15")
    except OSError:
        pass


@contextmanager
def serving(**limits: int) -> Iterator[tuple[Served, str, str]]:
    """A `locum serve` on a core of its own, and its root's key."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {f"LOCUM_{name.upper()}": str(value) for name, value in limits.items()}
        os.sched_setaffinity(0, CORES[:1])
        server = Served("serve", "--data-dir", f"{folder}/data", "--port", "0", environment=variables)
        os.sched_setaffinity(0, CORES[-1:])
        with server:
            hurry(server.process.pid)
            hurry(os.getpid())
            key = json.loads((Path(folder) / "data" / "root-key.json").read_text())
            yield server, key["AccessKeyId"], key["SecretAccessKey"]


@contextmanager
def beside(server: Served, kind: str, connections: int, rate: int, sources: int) -> Iterator[list[str]]:
    """This crowd at work meanwhile; what it says of itself at the end."""
    told: list[str] = []
    host = server.url.partition("//")[2]
    numbers = map(str, (connections, rate, sources, 2 * ROUNDS * SECONDS + 3))
    command = ["nice", "-n", "34", sys.executable, "-m", "tests.floods.attack", kind, host, *numbers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout is not None
        crowd.stdout.readline()
        subprocess.run(["sleep", "1"], check=True)
        yield told
        told.append(crowd.communicate()[0].strip())


class Table:
    """Lines of figures, each with its ratio to the quiet one before it."""

    def __init__(self) -> None:
        self._quiet: dict[str, float] = {}
        times = " ".join(f"{name:>7}" for name in ("p50 ms", "p99 ms", "max ms", "p99 x"))
        print(f"{'load':50} {'errors':>6} {times} {'CPU':>5} {'RSS MiB':>13}")

    def measure(self, name: str, server: Served, ask: Ask, *, what: str = "", fresh: bool = False) -> None:
        """Asks 100 a second and prints how that went; with no `what` this is what others are measured by."""
        pid = server.process.pid
        cpu, memory = spent(pid), resident(pid)
        rounds = [paced(lambda: Line(server, GOOD), ask, seconds=SECONDS, fresh=fresh) for _ in range(ROUNDS)]
        errors, figures = sum(one.errors for one in rounds), min(rounds, key=lambda one: one.at(0.99))
        cpu, after = (spent(pid) - cpu) / SECONDS / ROUNDS, resident(pid)
        most = figures.at(0.99)
        kind = what or name
        quiet = self._quiet.setdefault(kind, most)
        memories = f"{memory / 2**20:.0f} -> {after / 2**20:.0f}"
        print(
            f"{name:50} {errors:6} {figures.at(0.5):7.2f} {most:7.2f} {figures.at(1):7.2f} {most / quiet:7.1f}"
            f" {cpu:5.0%} {memories:>13}",
            flush=True,
        )


def lines(table: Table, words: list[str], mark: str, **limits: int) -> None:
    """Every attack against a server with these limits."""
    for name, (kind, connections, rate, sources) in ATTACKS.items():
        if words and not any(word in name for word in words):
            continue
        with serving(**limits) as (server, key_id, secret):
            ask = who(key_id, secret)
            paced(lambda: Line(server, GOOD), ask, seconds=1)  # noqa: B023  it is over before the next
            table.measure("quiet", server, ask)
            table.measure("quiet, a new line each", server, ask, fresh=True)
            with beside(server, kind, connections, rate, sources) as told:
                table.measure(f"{mark}{name}", server, ask, what="quiet")
                table.measure("  … a new line each", server, ask, what="quiet, a new line each", fresh=True)
            print(f"  the crowd: {told[0]}", flush=True)


def main() -> None:
    """Prints the table."""
    words = sys.argv[1:]
    table = Table()
    lines(table, words, "")
    lines(table, words, "control, no protection: ", **OFF)


if __name__ == "__main__":
    main()
