"""Raw bytes against a real uvicorn with httptools: a table that has to hold at every upgrade (S41, xS11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.served import ServedHouse
from tests.unit.front import raw

from locum.server.app import App

Address = tuple[str, int]


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with raw.served(raw.fronted) as bound:
        yield bound


def request(*lines: bytes, line: bytes = b"POST / HTTP/1.1", body: bytes = b"", host: bytes = b"Host: h") -> bytes:
    """A raw request: its lines joined by CRLF. Without another word the connection is to be closed."""
    heads = [line, *([host] if host else []), b"Connection: close", *lines]
    return b"\r\n".join(heads) + b"\r\n\r\n" + body


PLAIN = request(b"Content-Length: 0")
REFUSED: dict[str, bytes] = {
    "Content-Length and Transfer-Encoding": request(
        b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "Transfer-Encoding and Content-Length": request(
        b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"
    ),
    "two Content-Length": request(b"Content-Length: 0", b"Content-Length: 0"),
    "two different Content-Length": request(b"Content-Length: 0", b"Content-Length: 5", body=b"hello"),
    "two Transfer-Encoding": request(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=b"0\r\n\r\n"),
    "a folded header": request(b"X-Amz-Meta-A: one", b" two", b"Content-Length: 0"),
    "a header folded by a tab": request(b"X-Amz-Meta-A: one", b"\ttwo", b"Content-Length: 0"),
    "bare line feeds": b"POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\n",
    "a lower-case method": request(b"Content-Length: 0", line=b"post / HTTP/1.1"),
    "an unknown method": request(b"Content-Length: 0", line=b"PURGE / HTTP/1.1"),
    "two Host": request(b"Host: other", b"Content-Length: 0"),
    "no Host": request(b"Content-Length: 0", host=b""),
    "an empty Host": request(b"Content-Length: 0", host=b"Host:"),
    "a trailing tab": request(b"X-Amz-Meta-A: one\t", b"Content-Length: 0"),
    "two Authorization": request(b"Authorization: a", b"Authorization: b", b"Content-Length: 0"),
    "two Authorization in two cases": request(b"Authorization: a", b"AUTHORIZATION: b", b"Content-Length: 0"),
    "two dates": request(b"X-Amz-Date: a", b"X-Amz-Date: b", b"Content-Length: 0"),
    "two tokens": request(b"X-Amz-Security-Token: a", b"X-Amz-Security-Token: b", b"Content-Length: 0"),
    "X_Amz_Date beside X-Amz-Date": request(b"X_Amz_Date: a", b"X-Amz-Date: b", b"Content-Length: 0"),
    "a header of 70,000 bytes": request(b"X-Amz-Meta-A: " + b"a" * 70_000, b"Content-Length: 0"),
    "a hundred and one headers": request(*[b"H%d: v" % n for n in range(100)], b"Content-Length: 0"),
    "headers of 40,000 bytes": request(*[b"H%d: " % n + b"v" * 8_000 for n in range(5)], b"Content-Length: 0"),
    "a broken escape in the path": request(b"Content-Length: 0", line=b"POST /%zz HTTP/1.1"),
    "a broken escape in the query": request(b"Content-Length: 0", line=b"POST /?a=%zz HTTP/1.1"),
    "a Latin-1 value": request(b"X-Amz-Meta-A: caf\xe9", b"Content-Length: 0"),
    "a Latin-1 path": request(b"Content-Length: 0", line=b"POST /caf\xe9 HTTP/1.1"),
    "a blank before the colon": request(b"X-Amz-Meta-A : one", b"Content-Length: 0"),
    "a name with a blank": request(b"X Amz: one", b"Content-Length: 0"),
    "a name with Latin-1": request(b"X-Am\xe9: one", b"Content-Length: 0"),
    "a NUL in a value": request(b"X-Amz-Meta-A: a\x00b", b"Content-Length: 0"),
    "a carriage return in a value": request(b"X-Amz-Meta-A: a\rb", b"Content-Length: 0"),
    "a negative length": request(b"Content-Length: -1"),
    "a length with a sign": request(b"Content-Length: +0"),
    "a length that is none": request(b"Content-Length: 0x0"),
    "a body beyond the cap": request(b"Content-Length: 2000", body=b"x" * 2000),
    "a gigabyte announced": request(b"Content-Length: 1073741824"),
    "chunks beyond the cap": request(
        b"Transfer-Encoding: chunked", body=(b"200\r\n" + b"x" * 512 + b"\r\n") * 4 + b"0\r\n\r\n"
    ),
    "a broken chunk": request(b"Transfer-Encoding: chunked", body=b"zz\r\nhello\r\n0\r\n\r\n"),
    "gzip as transfer coding": request(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "the asterisk form": request(b"Content-Length: 0", line=b"OPTIONS * HTTP/1.1"),
    "the authority form": request(b"Content-Length: 0", line=b"CONNECT h:80 HTTP/1.1"),
    "a path without a slash": request(b"Content-Length: 0", line=b"POST x HTTP/1.1"),
    "HTTP/0.9": b"GET /\r\n",
    "no request at all": b"\x16\x03\x01\x02\x00\x01\x00",
}
SAME: dict[str, bytes] = {
    "the absolute form": request(b"Content-Length: 0", line=b"POST http://elsewhere/a HTTP/1.1"),
    "a fragment": request(b"Content-Length: 0", line=b"POST /a#b HTTP/1.1"),
}


@pytest.mark.parametrize("body", [b"", b"Action=GetCallerIdentity"])
def test_a_plain_request_passes(address: Address, body: bytes) -> None:
    assert raw.status_of(address, request(b"Content-Length: %d" % len(body), body=body))[0] == 200


def test_a_chunked_body_passes(address: Address) -> None:
    chunked = request(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n")
    assert raw.status_of(address, chunked)[0] == 200


@pytest.mark.parametrize("name", REFUSED)
def test_a_raw_request_of_the_table_is_refused_and_never_a_fault_of_ours(address: Address, name: str) -> None:
    status, _ = raw.status_of(address, REFUSED[name])
    assert status == 0 or 400 <= status < 500


@pytest.mark.parametrize("name", SAME)
def test_what_cannot_be_seen_any_more_is_refused_or_changes_nothing(address: Address, name: str) -> None:
    status, body = raw.status_of(address, SAME[name])
    plain_status, plain = raw.status_of(address, request(b"Content-Length: 0", line=b"POST /a HTTP/1.1"))
    assert plain_status == 200
    assert 400 <= status < 500 or json.loads(body) == json.loads(plain)


def test_the_server_still_answers_after_the_whole_table(address: Address) -> None:
    for refused in REFUSED.values():
        raw.status_of(address, refused)
    assert raw.status_of(address, PLAIN)[0] == 200


def test_control_uvicorn_without_the_front_lets_some_of_the_table_pass() -> None:
    with raw.served(raw.bare) as bound:
        passed = [name for name, sent in REFUSED.items() if raw.status_of(bound, sent)[0] == 200]
    assert {"two Host", "no Host", "two Authorization", "a header of 70,000 bytes"} <= set(passed)


def out_of_table(application: Any) -> list[str]:
    """The raw requests that this server neither refuses as the client's fault nor cuts off."""
    with raw.served(application) as bound:
        found = {name: raw.status_of(bound, sent)[0] for name, sent in REFUSED.items()}
    return [name for name, status in found.items() if not (status == 0 or 400 <= status < 500)]


def test_the_whole_server_refuses_the_table_as_its_front_does() -> None:
    house = ServedHouse()
    try:
        assert out_of_table(App(house.house, house.own)) == []
        assert len(REFUSED) == 44
    finally:
        house.close()


def test_control_bare_uvicorn_is_found_by_the_same_check() -> None:
    assert len(out_of_table(raw.bare)) >= 15
