"""Calls over HTTP keep-alive, counted for each second of CPU that the server's process spends.

Law: the server is held to one core, its clients are a process of their own on another; sixteen connections. Only
answers of status 200 count: a single other one makes the row say so instead of a figure. Of five rounds the one counts
in which an answer cost least, as everything that disturbs a server makes it slower. moto runs with its checks of
signatures and policies on, and with the same world in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks import peers, serving, signed
from benchmarks.load import Figures, Job
from benchmarks.serving import LOCUM, Server
from benchmarks.table import Row, Table
from benchmarks.world import ROLE, USER, World, build

QUESTION = "calls a second of the server's CPU, HTTP keep-alive, one server process on one core"
CONNECTIONS, SECONDS, ROUNDS, NAMES = 16, 5.0, 5, 64


class Asked(msgspec.Struct, frozen=True):
    """One call to repeat: its name in the table, its service, its bodies, the key that signs."""

    name: str
    service: str
    bodies: list[str]
    key: signed.Key


def run() -> Table:
    """Bare uvicorn, Locum with a data directory and without, moto."""
    if not serving.measurable():
        return Table("http", QUESTION, (Row("all", None, "/CPU-s", "SKIPPED: this machine has no /proc"),))
    return Table("http", QUESTION, (*_bare(), *_locum(), *_dev(), *_moto()))


def figures(job: Job) -> Figures:
    """What the clients' process says about this job."""
    command = [sys.executable, "-m", "benchmarks.load"]
    ran = subprocess.run(
        command, input=msgspec.json.encode(job), capture_output=True, timeout=300, cwd=peers.HERE.parent
    )
    if ran.returncode:
        raise RuntimeError(f"the clients failed: {ran.stderr.decode().strip().splitlines()[-1]}")
    return msgspec.json.decode(ran.stdout, type=Figures)


def row(name: str, found: Figures, note: str = "") -> Row:
    """The figure of one call, or why there is none."""
    if set(found.statuses) != {200}:
        return Row(name, None, "/CPU-s", f"FAILED: statuses {found.statuses}: {found.refused}")
    each = found.cpu / found.answers * 1e6
    said = f"{each:.0f} µs CPU each, {found.answers / found.seconds:,.0f} a second on the wall"
    return Row(name, found.answers / found.cpu, "/CPU-s", f"{said}{note}")


def opened(directory: Path, *more: str, pinned: bool = True) -> tuple[Server, World]:
    """A `locum serve` on a new data directory with the world in it, started with `more` options."""
    port = serving.free_port()
    command = (LOCUM, "serve", "--data-dir", directory / "locum", "--port", str(port), "--key-rate", "0", *more)
    server = Server(command, f"http://127.0.0.1:{port}", pinned=pinned)
    server.wait("/_locum/health")
    root = json.loads((directory / "locum" / "root-key.json").read_text())
    return server, build(server.url, signed.Key(root["AccessKeyId"], root["SecretAccessKey"]))


def port_of(server: Server) -> int:
    """The port that a server listens on."""
    return int(server.url.rpartition(":")[2])


def _bare() -> Iterable[Row]:
    port = serving.free_port()
    with Server((sys.executable, peers.HERE / "runners" / "bare.py", str(port)), f"http://127.0.0.1:{port}") as server:
        server.wait("/")
        bodies = _bodies("sts:AssumeRole", RoleArn=f"arn:aws:iam::111122223333:role/{ROLE}")
        asked = Asked("bare uvicorn, no work", "sts", bodies, signed.Key("AKIAIOSFODNN7EXAMPLE", "secret"))
        yield _measured(asked, server)


def _locum() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as folder:
        server, world = opened(Path(folder))
        with server:
            for asked in _asked("Locum", world):
                yield _measured(asked, server)
            session = _bodies("sts:GetCallerIdentity")
            yield _measured(Asked("Locum, GetCallerIdentity by a session", "sts", session, world.session), server)


def _dev() -> Iterable[Row]:
    """`locum dev`, where no answer waits for the disk: what the durable record of each credential costs."""
    port = serving.free_port()
    with Server((LOCUM, "dev", "--port", str(port)), f"http://127.0.0.1:{port}") as server:
        server.wait("/_locum/health")
        world = build(server.url, signed.Key("test", "test"))
        yield _measured(_asked("Locum dev", world)[0], server, ", no durable record")


def _moto() -> Iterable[Row]:
    try:
        with moto() as (server, world):
            if not checked(server, world):
                yield Row("moto", None, "/CPU-s", "FAILED: it takes a wrong signature, its checks are not on")
                return
            for asked in _asked("moto", world):
                yield _measured(asked, server, ", checks on")
    except peers.Absent as absent:
        yield Row("moto", None, "/CPU-s", f"SKIPPED: {absent}")


@contextmanager
def moto() -> Iterator[tuple[Server, World]]:
    """A moto server with the world in it; its checks are off. Raises Absent when moto cannot be had."""
    command = peers.python().with_name("moto_server")
    port = serving.free_port()
    with Server((command, "-H", "127.0.0.1", "-p", str(port)), f"http://127.0.0.1:{port}") as server:
        server.wait("/moto-api/data.json")
        yield server, build(server.url, signed.Key("AKIAIOSFODNN7EXAMPLE", "secret"))


def checked(server: Server, world: World) -> bool:
    """Turns moto's checks of signatures and policies on; whether they are."""
    off = {"Content-Type": "application/octet-stream"}  # as a form its body would not be the number
    checks = urllib.request.Request(f"{server.url}/moto-api/reset-auth", data=b"0", headers=off, method="POST")
    urllib.request.urlopen(checks).read()
    wrong = Asked("wrong secret", "sts", _bodies("sts:GetCallerIdentity"), signed.Key(world.key.id, "wrong"))
    return 200 not in figures(_job(wrong, server, seconds=0.1)).statuses


def _asked(name: str, world: World) -> list[Asked]:
    """The calls that both servers get."""
    assume = _bodies("sts:AssumeRole", RoleArn=world.role)
    return [
        Asked(f"{name}, AssumeRole", "sts", assume, world.key),
        Asked(f"{name}, GetCallerIdentity", "sts", _bodies("sts:GetCallerIdentity"), world.key),
        Asked(f"{name}, GetUser", "iam", _bodies("iam:GetUser", UserName=USER), world.key),
        Asked(f"{name}, GetRole", "iam", _bodies("iam:GetRole", RoleName=ROLE), world.key),
    ]


def _bodies(action: str, **inputs: str) -> list[str]:
    """The call's body; of AssumeRole one for each of several session names."""
    if action == "sts:AssumeRole":
        return [signed.form(action, **inputs, RoleSessionName=f"session-{n}").decode() for n in range(NAMES)]
    return [signed.form(action, **inputs).decode()]


def _measured(asked: Asked, server: Server, note: str = "") -> Row:
    try:
        return row(asked.name, figures(_job(asked, server, seconds=SECONDS)), note)
    except RuntimeError as error:
        return Row(asked.name, None, "/CPU-s", f"FAILED: {error}")


def _job(asked: Asked, server: Server, *, seconds: float) -> Job:
    return Job(
        port=port_of(server),
        process=server.process.pid,
        core=serving.cores()[1],
        key=asked.key,
        service=asked.service,
        bodies=asked.bodies,
        connections=CONNECTIONS,
        seconds=seconds,
        rounds=ROUNDS,
    )
