"""The one GET that a server sends: where it goes and where it never goes (rule F3, xF7)."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from tests.planted import planted

from locum.server import outbound
from locum.server.outbound import LARGEST, OutboundError, Reach, get, is_public

LOCAL = Reach(local=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2001:0:a9fe:a9fe::",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "140.82.112.3", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_everybody_s_is_not_reached(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert not Reach().allows(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is(address: str) -> None:
    assert Reach().allows(ipaddress.ip_address(address))


def test_a_setting_allows_a_network_and_nothing_beside_it() -> None:
    reach = Reach(("10.1.0.0/16", "fd00::/8"))
    allowed = ["10.1.2.3", "fd12::1", "8.8.8.8"]
    assert [
        one
        for one in ["10.1.2.3", "fd12::1", "8.8.8.8", "10.2.0.1", "127.0.0.1"]
        if reach.allows(ipaddress.ip_address(one))
    ] == allowed


class Listener:
    """A server on loopback that answers what it is told and counts who comes."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                self.requests.append(connection.recv(65536))
                try:
                    self._answer(connection)
                except OSError:
                    continue

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join()


@contextmanager
def listening(answer: bytes | Callable[[socket.socket], None] = OK) -> Iterator[Listener]:
    listener = Listener((lambda connection: connection.sendall(answer)) if isinstance(answer, bytes) else answer)
    try:
        yield listener
    finally:
        listener.close()


def refused(url: str, reach: Reach = LOCAL, **how: object) -> str:
    """Why a document is not had."""
    with pytest.raises(OutboundError) as caught:
        get(url, reach, **how)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_document_is_had() -> None:
    with listening() as listener:
        assert get(f"http://127.0.0.1:{listener.port}/a?b=c", LOCAL) == b"{}"
        assert listener.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
        assert f"Host: 127.0.0.1:{listener.port}".encode() in listener.requests[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https:///path",
        "https://example.com/\r\nHost: evil",
        "https://example.com/ x",
        "https://example.com/#a",
        "https://example.com:port/",
        "//example.com",
    ],
)
def test_what_is_no_plain_address_over_https_is_not_asked(url: str) -> None:
    def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError(host)

    refused(url, Reach(), resolve=never)


def test_http_goes_to_this_machine_alone() -> None:
    assert "neither public nor allowed" in refused("http://idp.test/", resolve=lambda *_: ["8.8.8.8"])


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_is_a_private_address_is_not_connected_to(address: str) -> None:
    assert "neither public nor allowed" in refused("https://idp.test/", Reach(), resolve=lambda *_: [address])


# ---- xF7: a name that changes its address


class Rebinding:
    """A name that is public when it is asked about first, and this machine from then on."""

    def __init__(self, port: int) -> None:
        self.asked = 0
        self._port = port

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return ["192.0.2.1"] if self.asked == 1 else ["127.0.0.1"]


def connections(of: object, reach: object) -> tuple[int, int]:
    """How often the name was asked about, and how many connections came here: no network is needed, because the first
    address is a public one of which the machine knows that it is unreachable or slow."""
    with listening() as listener:
        name = Rebinding(listener.port)
        with pytest.raises(Exception, match=r"."):
            of.get(f"https://idp.test:{listener.port}/", reach, resolve=name, seconds=0.2)  # type: ignore[attr-defined]
        return name.asked, listener.connections


class Everywhere(Reach, frozen=True):
    """As if the documentation's addresses were public."""

    def allows(self, address: outbound.Address) -> bool:
        return str(address) == "192.0.2.1" or super().allows(address)


def test_a_name_is_resolved_once_and_never_reaches_a_private_address() -> None:
    assert connections(outbound, Everywhere()) == (1, 0)


def test_control_a_server_that_resolves_again_when_it_connects_is_found() -> None:
    faulty = planted(
        "locum.server.outbound",
        (
            "found = socket.create_connection((str(address), port), timeout=seconds)",
            "found = socket.create_connection((resolve(host, port)[0], port), timeout=seconds)",
        ),
    )
    assert connections(faulty, Everywhere())[1] == 1


# ---- what comes back is bounded


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "redirects"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000, f"more than {LARGEST}"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "cut short"),
        (b"not http", "BadStatusLine"),
        (b"", "Remote"),
    ],
)
def test_an_answer_that_is_not_the_document_is_none(answer: bytes, seen: str) -> None:
    with listening(answer) as listener:
        assert seen in refused(f"http://127.0.0.1:{listener.port}/")


def test_an_answer_without_an_end_is_cut() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with listening(endless) as listener:
        assert f"more than {LARGEST}" in refused(f"http://127.0.0.1:{listener.port}/")


@pytest.mark.parametrize("drop", [b"H", b"HTTP/1.1 200 OK\r\nX: "])
def test_an_answer_drop_by_drop_is_ended(drop: bytes) -> None:
    told = threading.Event()

    def dripping(connection: socket.socket) -> None:
        connection.sendall(drop)
        while not told.wait(0.01):
            connection.sendall(b"x")

    with listening(dripping) as listener:
        try:
            refused(f"http://127.0.0.1:{listener.port}/", seconds=0.2)
        finally:
            told.set()


def test_tls_needs_a_certificate_that_the_machine_trusts() -> None:
    with listening() as listener:
        seen = refused(f"https://127.0.0.1:{listener.port}/")
        assert "SSL" in seen
