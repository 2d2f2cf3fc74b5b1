"""A crowd that behaves badly, in a process of its own: `python -m benchmarks.crowd KIND HOST:PORT CONNECTIONS RATE
SOURCES SECONDS`.

Law: everything it sends was made before it begins, so that it costs little; it sends `RATE` times a second at most,
from `SOURCES` addresses of 127.0.0.0/8, and ends by itself. It prints how much it sent and was answered. The kinds
are those of KINDS.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable

from tests.floods.clients import HEAD, wire
from tests.journeys.raw import Signing

CHUNK = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
Plan = Callable[[str], tuple[bytes, bytes]]


def forged(host: str) -> tuple[bytes, bytes]:
    """A whole request under a signature that is no key's, again and again."""
    asked = wire(Signing(host, key_id="AKIAIOSFODNN7FORGERY", secret="not the secret").header())
    return asked, asked


def slow(host: str) -> tuple[bytes, bytes]:
    """A head that never ends."""
    return HEAD + b"X: ", b"x"


def declared(host: str) -> tuple[bytes, bytes]:
    """A body that is said to have a gibibyte."""
    return HEAD + b"Content-Length: 1073741824\r\n\r\n", b"x" * 65_536


def chunked(host: str) -> tuple[bytes, bytes]:
    """A body in chunks without an end."""
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK


#: kind -> (what is sent first and again, whether it waits for an answer before it sends again)
KINDS: dict[str, tuple[Plan, bool]] = {
    "forged": (forged, True),
    "strangers": (forged, False),
    "slow": (slow, False),
    "declared": (declared, False),
    "chunked": (chunked, False),
}


class Crowd:
    """Connections that are opened again when they are ended."""

    def __init__(self, kind: str, host: str, sources: int) -> None:
        name, _, port = host.partition(":")
        plan, self._polite = KINDS[kind]
        self._first, self._again = plan(host)
        self._leaving = kind == "strangers"
        self._address = (name, int(port))
        self._sources = sources
        self._epoll = select.epoll()
        self._lines: dict[int, socket.socket] = {}
        self._ready: deque[int] = deque()
        self._unborn = 0
        self._made = self.sent = self.answered = self.ended = 0

    def grow(self, connections: int) -> None:
        """So many more, each as soon as it is its turn."""
        self._unborn += connections

    def act(self) -> bool:
        """One of them sends; False when none can."""
        if self._unborn:
            self._unborn -= 1
            self._open()
            return True
        while self._ready:
            number = self._ready.popleft()
            if number in self._lines:
                self._send(number, self._again)
                return True
        return False

    def listen(self, seconds: float) -> None:
        """Takes what comes, for so long at most."""
        for number, _ in self._epoll.poll(seconds, 256):
            line = self._lines[number]
            try:
                octets = line.recv(65_536)
            except BlockingIOError:
                continue
            except OSError:
                octets = b""
            if not octets or self._leaving:
                self.answered += bool(octets)
                self._close(number)
            elif self._polite:
                self.answered += 1
                self._ready.append(number)

    def _open(self) -> None:
        self._made += 1
        line = socket.socket()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            line.bind((f"127.0.1.{1 + self._made % self._sources}", 0))
            line.connect(self._address)
        except OSError:
            line.close()
            self._unborn += 1
            return
        line.setblocking(False)
        self._lines[line.fileno()] = line
        self._epoll.register(line.fileno(), select.EPOLLIN)
        self._send(line.fileno(), self._first)

    def _send(self, number: int, octets: bytes) -> None:
        try:
            self._lines[number].send(octets)
        except BlockingIOError:
            pass  # it is full already
        except OSError:
            self._close(number)
            return
        self.sent += 1
        if not self._polite:
            self._ready.append(number)

    def _close(self, number: int) -> None:
        self._epoll.unregister(number)
        self._lines.pop(number).close()
        self.ended += 1
        self._unborn += 1


def main(kind: str, host: str, connections: str, rate: str, sources: str, seconds: str) -> None:
    """Attacks for so many seconds."""
    crowd = Crowd(kind, host, int(sources))
    crowd.grow(int(connections))
    began, allowed, each = time.perf_counter(), 0.0, float(rate)
    print("begun", flush=True)
    while (now := time.perf_counter() - began) < float(seconds):
        allowed = max(allowed, now * each - each * 0.05)  # what could not be sent in time is not made up for
        acted = 0
        while allowed < now * each and acted < 64 and crowd.act():
            allowed += 1
            acted += 1
        crowd.listen(0 if acted else 0.001)
    took = time.perf_counter() - began
    print(
        f"{crowd.sent / took:.0f} sent, {crowd.answered / took:.0f} answered, {crowd.ended / took:.0f} ended a second"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
