"""What the front refuses of a raw scope (rules D1, S42, S43), and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from locum.server import front

Pair = tuple[bytes, bytes]
HOST: Pair = (b"host", b"sts.example")


def scope(*headers: Pair, **changes: Any) -> dict[str, Any]:
    """An ASGI scope as uvicorn makes it."""
    return {
        "type": "http",
        "method": "POST",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [HOST, *headers],
        "client": ("192.0.2.1", 5000),
        "scheme": "http",
        **changes,
    }


def refused(asked: dict[str, Any], code: str = "InvalidRequest") -> bool:
    refusal = front.check(asked)
    return refusal is not None and refusal.code == code and 400 <= refusal.status < 500


ORDINARY: list[dict[str, Any]] = [
    scope(),
    scope((b"content-length", b"12"), (b"content-type", b"text/plain"), (b"user-agent", b"Boto3/1 caf\xc3\xa9")),
    scope((b"transfer-encoding", b"chunked")),
    scope((b"accept", b"a"), (b"accept", b"b"), (b"x-amz-meta-a", b"1"), (b"x-amz-meta-a", b"2")),
    scope((b"x-amz-sso_bearer_token", b"t")),
    scope((b"accept", b"a\tb")),
    scope(method="GET", raw_path=b"/a%20b/%7E//../x", query_string=b"a=%20&b=+"),
    scope(*[(b"h%d" % n, b"v") for n in range(99)]),
    scope((b"h", b"v" * (16 * 1024 - 5))),
    scope(query_string=b"&".join([b"a=b"] * 1_000)),
]


@pytest.mark.parametrize("asked", ORDINARY)
def test_an_ordinary_request_passes(asked: dict[str, Any]) -> None:
    assert front.check(asked) is None


LARGE: list[dict[str, Any]] = [
    scope(*[(b"h%d" % n, b"v") for n in range(100)]),
    scope((b"h", b"v" * (16 * 1024 - 4))),
    scope((b"h" * (16 * 1024), b"v")),
    scope(*[(b"h%d" % n, b"v" * 8_000) for n in range(5)]),
    scope(query_string=b"&".join([b"a=b"] * 1_001)),
]
DOUBLED: list[dict[str, Any]] = [
    scope(HOST),
    scope(*[(b"authorization", b"a")] * 2),
    scope((b"Authorization", b"a"), (b"authorization", b"a")),
    *[
        scope(*[(name, b"1")] * 2)
        for name in (
            b"date",
            b"x-amz-date",
            b"x-amz-security-token",
            b"x-amz-content-sha256",
            b"x-amz-target",
            b"content-type",
            b"content-length",
        )
    ],
    scope(*[(b"transfer-encoding", b"chunked")] * 2),
]
UNCLEAR: list[dict[str, Any]] = [
    scope(headers=[]),
    scope(headers=[(b"host", b"")]),
    scope((b"content-length", b"5"), (b"transfer-encoding", b"chunked")),
    scope((b"transfer-encoding", b"gzip, chunked")),
    scope((b"transfer-encoding", b"identity")),
    *[scope((b"content-length", value)) for value in (b"", b"-1", b"+1", b"1_0", b"1 ", b"0x1", b"1,1", b"9" * 19)],
    *[scope((name, b"v")) for name in (b"", b"a b", b"a:b", b"a\xe9", b"a\t", b"a\x00", b"a(b)")],
    scope((b"x_amz_date", b"1"), (b"x-amz-date", b"1")),
    scope((b"X_Amz_Date", b"1"), (b"X-Amz-Date", b"1")),
    *[scope((b"accept", value)) for value in (b"a\x00", b"a\nb", b"a\r\n b", b"a\x7f", b"a\t", b"\ta", b"\t")],
    *[scope((name, b"caf\xe9")) for name in (b"authorization", b"x-amz-meta-a", b"content-type", b"X-Amz-Acl")],
    scope((b"x-amz-meta-a", b"a\tb")),
    scope((b"date", b"\xd9\xa1")),
]
TARGETS: list[dict[str, Any]] = [
    *[scope(method=method) for method in ("get", "PATCH", "TRACE", "CONNECT", "OPTIONS", "", "POST ", "PROPFIND")],
    *[
        scope(raw_path=path)
        for path in (b"", b"a", b"*", b"http://h/", b"/a#b", b"/a b", b"/\xe9", b"/\x00", b"/%", b"/%zz", b"/%4", None)
    ],
]


@pytest.mark.parametrize("asked", [*LARGE, *DOUBLED, *UNCLEAR, *TARGETS])
def test_whatever_could_be_read_in_two_ways_is_refused(asked: dict[str, Any]) -> None:
    assert refused(asked)


@pytest.mark.parametrize("query", [b"a=%", b"a=%zz", b"a=%4", b"a b", b"a=\xe9", b"a#b", b"\x00"])
def test_a_broken_query_is_a_malformed_query_string(query: bytes) -> None:
    assert refused(scope(query_string=query), "MalformedQueryString")


def test_the_sentence_shows_no_value() -> None:
    refusal = front.check(scope((b"authorization", b"secret\xe9")))
    assert refusal is not None
    assert "secret" not in refusal.message
    assert refusal.message == "the header `authorization` must hold printable ASCII only"
