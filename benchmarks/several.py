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
from pathlib import Path

import msgspec

from benchmarks import serving, signed
from benchmarks.calls import figures, opened, port_of
from benchmarks.load import Job
from benchmarks.table import Row, Table

QUESTION = "calls a second of the busiest worker's CPU, and on the wall"
CONNECTIONS, SECONDS, ROUNDS, NAMES, WORKERS = 32, 3.0, 3, 64, (1, 2)
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


def run() -> Table:
    """AssumeRole and GetCallerIdentity, by one worker and by two."""
    if not serving.measurable():
        return Table("workers", QUESTION, (Row("all", None, UNIT, "SKIPPED: this machine has no /proc"),))
    best: dict[tuple[str, int], Took] = {}
    for workers in WORKERS:
        with tempfile.TemporaryDirectory() as folder:
            server, world = opened(Path(folder), "--workers", str(workers), pinned=False)
            with server:
                assume = [
                    signed.form("sts:AssumeRole", RoleArn=world.role, RoleSessionName=f"s-{n}").decode()
                    for n in range(NAMES)
                ]
                asked = {"AssumeRole": assume, "GetCallerIdentity": [signed.form("sts:GetCallerIdentity").decode()]}
                processes = serving.below(server.process.pid) or [server.process.pid]
                for name, bodies in asked.items():
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
                    best[name, workers] = max((_took(job, processes) for _ in range(ROUNDS)), key=lambda one: one.able)
    return Table("workers", QUESTION, tuple(_rows(best)))


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


def _rows(best: dict[tuple[str, int], Took]) -> Iterable[Row]:
    for name in dict.fromkeys(name for name, _ in best):
        for workers in WORKERS:
            took = best[name, workers]
            share = " and ".join(f"{spent / took.seconds:.0%}" for spent in took.spent)
            said = (
                f"{sum(took.spent) / took.answers * 1e6:.0f} µs CPU each; the workers had {share} of a core;"
                f" {took.answers / took.seconds:,.0f} a second on the wall of {os.cpu_count()} cores"
            )
            yield Row(f"{name}, {workers} worker{'s' if workers > 1 else ''}", took.able, UNIT, said)
        one, two = (best[name, workers] for workers in WORKERS)
        even = WORKERS[-1] * (two.answers / sum(two.spent)) / (one.answers / sum(one.spent))
        note = f"{even:.2f} if connections were spread evenly, by CPU for each call alone"
        yield Row(f"{name}, two against one", two.able / one.able, "times", note)
