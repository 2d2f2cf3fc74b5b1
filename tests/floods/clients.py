"""Clients that behave badly, and one that does not: plain sockets against a served Locum.

Law: spoken to by HTTP only. Nobody sleeps: who waits for the server to end a connection reads until it does.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.raw import Raw, Signing
from tests.journeys.served import Served

PATIENCE = 60
SLOW = int(os.environ.get("LOCUM_SLOW", "200"))
HEAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
HEALTH = b"GET /_locum/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@contextmanager
def served(**limits: int) -> Iterator[Served]:
    """A `locum dev` with these limits."""
    variables = {f"LOCUM_{name.upper()}": str(value) for name, value in limits.items()}
    with Served("dev", "--port", "0", environment=variables) as server:
        yield server


class Line:
    """One connection; `source` is the address it comes from, any of 127.0.0.0/8."""

    def __init__(self, server: Served, source: str = "127.0.0.1", *, sent: bytes = b"") -> None:
        host, _, port = server.url.partition("//")[2].partition(":")
        self.host = f"{host}:{port}"
        self.socket = socket.create_connection((host, int(port)), PATIENCE, (source, 0))
        self._left = b""
        if sent:
            self.socket.sendall(sent)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to one request. Raises ConnectionError when there is none."""
        self.socket.sendall(request)
        return self.read()

    def read(self) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        while b"\r\n\r\n" not in self._left:
            self._more()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        while len(self._left) < length:
            self._more()
        body, self._left = self._left[:length], self._left[length:]
        return int(head.split(b" ", 2)[1]), body

    def _more(self) -> None:
        octets = self.socket.recv(65_536)
        if not octets:
            raise ConnectionError("the server ended the connection")
        self._left += octets

    def ended(self, seconds: float = PATIENCE) -> bool:
        """Whether the server ends the connection within so many seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65_536):
                    return True
            except TimeoutError:
                return False
            except ConnectionError:
                return True
        return False

    def close(self) -> None:
        """Lets go."""
        self.socket.close()


def open_now(lines: Sequence[Line]) -> int:
    """How many of these connections the server has not ended so far."""
    poll = select.poll()
    by_number = {line.socket.fileno(): line for line in lines}
    for number in by_number:
        poll.register(number, select.POLLIN | select.POLLHUP)
    ended = 0
    for number, _ in poll.poll(0):
        try:
            ended += not by_number[number].socket.recv(65_536)
        except ConnectionError:
            ended += 1
    return len(lines) - ended


def wire(raw: Raw, *more: tuple[str, str]) -> bytes:
    """A request as octets."""
    headers = (*raw.headers, *more, ("content-length", str(len(raw.body))))
    target = raw.path + (f"?{raw.query}" if raw.query else "")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"{raw.method} {target} HTTP/1.1\r\n{head}\r\n".encode() + raw.body


def honest(line: Line, key_id: str = "test", secret: str = "test") -> bytes:
    """A signed question who one is."""
    return wire(Signing(line.host, key_id=key_id, secret=secret).header())


def forged(line: Line, key_id: str = "AKIAIOSFODNN7FORGERY") -> bytes:
    """The same under a signature that is not the key's."""
    return honest(line, key_id, "not the secret")


def resident(process: int) -> int:
    """Octets of memory that a process holds now."""
    for text in Path(f"/proc/{process}/status").read_text().splitlines():
        if text.startswith("VmRSS:"):
            return int(text.split()[1]) * 1024
    raise RuntimeError(f"process {process} is gone")


def spent(process: int) -> float:
    """Seconds of CPU that a process has spent."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
