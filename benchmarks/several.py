"""Two workers against one: what they answer for a second of the busiest worker's CPU.

Law: as in `calls`, but nobody is held to a core. Two workers, the clients and the machine's other work share its cores,
so that the wall tells how many cores there were left, not what two workers are able to do. What is measured is what
each worker spent: calls divided by the seconds of CPU of the *busiest* worker are what as many cores as workers would
answer a second, if nothing but CPU held them up; what they wait for each other (locks of the store, the disk) is not in
it, so the wall stands beside, with the share of a core that each worker had.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec

from benchmarks import serving, signed
from benchmarks.calls import figures, opened, port_of
from benchmarks.load import Job
from benchmarks.table import Row, Table
from benchmarks.world import World

QUESTION = "calls a second of the busiest worker's CPU, and on the wall"
CONNECTIONS, SECONDS, ROUNDS, NAMES, WORKERS = 32, 2.0, 5, 64, (1, 2)
UNIT = "/CPU-s"


class Took(msgspec.Struct, frozen=True):
    """One round: answers, seconds on the wall, seconds of CPU of each worker."""

    answers: int
    seconds: float
    spent: tuple[float, ...]

    @property
    def able(self) -> float:
        """Answers a second, if each worker had a core of its own."""
        return self.answers / max(self.spent)

    @property
    def each(self) -> float:
        """Answers for a second of CPU, of whichever worker."""
        return self.answers / sum(self.spent)


def run() -> Table:
    """AssumeRole and GetCallerIdentity, by one worker and by two, in turn."""
    if not serving.measurable():
        return Table("workers", QUESTION, (Row("all", None, UNIT, "SKIPPED: this machine has no /proc"),))
    took: dict[tuple[str, int], list[Took]] = {}
    with ExitStack() as open_now:
        jobs = []
        for workers in WORKERS:
            folder = open_now.enter_context(tempfile.TemporaryDirectory())
            server, world = opened(Path(folder), "--workers", str(workers), pinned=False)
            open_now.enter_context(server)
            processes = serving.below(server.process.pid) or [server.process.pid]
            for name, bodies in _asked(world).items():
                job = Job(
                    port=port_of(server),
                    process=server.process.pid,
                    core=-1,
                    key=world.key,
                    service="sts",
                    bodies=bodies,
                    connections=CONNECTIONS * workers,
                    seconds=SECONDS,
                    warm=0.0,
                )
                jobs.append((name, workers, job, processes))
        for _ in range(ROUNDS):
            for name, workers, job, processes in jobs:
                took.setdefault((name, workers), []).append(_took(job, processes))
    return Table("workers", QUESTION, tuple(_rows(took)))


def _asked(world: World) -> dict[str, list[str]]:
    """The calls, and their bodies."""
    assume = [signed.form("sts:AssumeRole", RoleArn=world.role, RoleSessionName=f"s-{n}") for n in range(NAMES)]
    return {
        "AssumeRole": [one.decode() for one in assume],
        "GetCallerIdentity": [signed.form("sts:GetCallerIdentity").decode()],
    }


def _took(job: Job, processes: list[int]) -> Took:
    """One round of a job, and what these processes spent on it."""
    before = [serving.spent(one) for one in processes]
    found = figures(job)
    if set(found.statuses) != {200}:
        raise RuntimeError(f"statuses {found.statuses}: {found.refused}")
    return Took(
        found.answers,
        found.seconds,
        tuple(serving.spent(one) - was for one, was in zip(processes, before, strict=True)),
    )


def _rows(took: dict[tuple[str, int], list[Took]]) -> Iterable[Row]:
    for name in dict.fromkeys(name for name, _ in took):
        for workers in WORKERS:
            rounds = took[name, workers]
            shares = " and ".join(
                f"{median(one.spent[n] / one.seconds for one in rounds):.0%}" for n in range(len(rounds[0].spent))
            )
            wall = median(one.answers / one.seconds for one in rounds)
            said = f"{1e6 / median(one.each for one in rounds):.0f} µs CPU each; the workers had {shares} of a core"
            what = f"{name}, {workers} worker{'s' if workers > 1 else ''}"
            note = f"{said}; {wall:,.0f} a second on the wall of {os.cpu_count()} cores"
            yield Row(what, median(one.able for one in rounds), UNIT, note)
        one, two = (took[name, workers] for workers in WORKERS)
        even = WORKERS[-1] * median(round.each for round in two) / median(round.each for round in one)
        times = median(round.able for round in two) / median(round.able for round in one)
        yield Row(f"{name}, two against one", times, "times", f"{even:.2f} if both had had as many connections")
