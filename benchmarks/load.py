"""The clients: many keep-alive connections that replay signed requests, in a process of their own.

Law: no HTTP library, so that clients take little and say exactly what they send; every answer is read to its end and
its status counted. Requests are signed before the clock runs, and again when they are older than four minutes. One job
comes as JSON on standard input, its figures go to standard output.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections import Counter
from datetime import UTC, datetime
from time import perf_counter

import msgspec

from benchmarks import serving, signed

OLDEST = 240  # seconds a signed request is used
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.ASCII | re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.ASCII | re.IGNORECASE)


class Job(msgspec.Struct, frozen=True):
    """What to send: `bodies` in turn for `seconds`, in so many `rounds`; or, with `unique`, each body that many times
    with `NUMBER` in it replaced by a number that comes once, until all are sent. The clients are held to `core`; -1 is
    to none."""

    port: int
    process: int
    core: int
    key: signed.Key
    service: str
    bodies: list[str]
    connections: int
    seconds: float
    warm: float = 0.3
    rounds: int = 1
    unique: int = 0


class Figures(msgspec.Struct, frozen=True):
    """What came back: statuses of all answers; of the round in which an answer cost the server least, how many answers
    there were, their seconds on the wall and the server's seconds of CPU."""

    statuses: dict[int, int]
    answers: int
    seconds: float
    cpu: float
    refused: str = ""


class Connection:
    """One keep-alive connection; opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = self._open()

    def _open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def send(self, octets: bytes) -> None:
        """Sends a request without waiting."""
        self._socket.sendall(octets)

    def read(self) -> tuple[int, bytes]:
        """The whole answer: status and body."""
        held = b""
        while (end := held.find(b"\r\n\r\n")) < 0:
            held += self._more()
        head = held[:end]
        found = _LENGTH.search(head)
        if found is None:
            raise RuntimeError(f"an answer without Content-Length: {head[:100]!r}")
        whole = end + 4 + int(found[1])
        while len(held) < whole:
            held += self._more()
        if head.startswith(b"HTTP/1.0") or _CLOSES.search(head):
            self._socket.close()
            self._socket = self._open()
        return int(head[9:12]), held[end + 4 :]

    def _more(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise RuntimeError("the server closed a connection in the middle of an answer")
        return part


class Clients:
    """All connections: each sends, then each reads, over and over."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._connections = [Connection(job.port) for _ in range(job.connections)]
        self._signed: list[bytes] = []
        self._at = 0
        self._made = -float("inf")
        self.statuses: Counter[int] = Counter()
        self.refused = ""

    def sign(self) -> None:
        """Signs every request anew."""
        job, now = self._job, datetime.now(UTC)
        host = f"127.0.0.1:{job.port}"
        start = int(perf_counter() * 1e6)
        texts = job.bodies
        if job.unique:
            texts = [text.replace("NUMBER", str(start + n)) for n in range(job.unique) for text in job.bodies]
        self._signed = [
            signed.octets(signed.request(job.service, text.encode(), job.key, host=host, now=now)) for text in texts
        ]
        self._made, self._at = perf_counter(), 0

    def round(self) -> bool:
        """One request over every connection; False when there is none left."""
        if perf_counter() - self._made > OLDEST:
            self.sign()
        if self._job.unique and self._at + len(self._connections) > len(self._signed):
            return False
        for connection in self._connections:
            connection.send(self._signed[self._at % len(self._signed)])
            self._at += 1
        for connection in self._connections:
            status, body = connection.read()
            self.statuses[status] += 1
            if status != 200 and not self.refused:
                self.refused = body.decode("utf-8", "replace")[:300]
        return True

    def rounds(self, seconds: float) -> float:
        """Rounds until the time is over or nothing is left; how long that took."""
        start = perf_counter()
        while (taken := perf_counter() - start) < seconds and self.round():
            pass
        return taken


def run(job: Job) -> Figures:
    """The figures of one job."""
    if job.core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {job.core})
    clients = Clients(job)
    clients.sign()
    clients.rounds(job.warm)
    clients.statuses.clear()
    rounds = []
    for _ in range(job.rounds):
        answered, before = clients.statuses.total(), serving.cpu(job.process)
        seconds = clients.rounds(job.seconds / job.rounds)
        spent = serving.cpu(job.process) - before
        rounds.append((clients.statuses.total() - answered, seconds, spent))
    answers, seconds, spent = min(rounds, key=lambda found: found[2] / max(1, found[0]))
    return Figures(dict(clients.statuses), answers, seconds, spent, clients.refused)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))))
