"""From a scope to a Request: nothing decoded, nothing joined, and proxies believed only where configured (rule S45)."""

from __future__ import annotations

import pytest
from tests.unit.front.test_check import scope

from locum.http import Request
from locum.server import front

PROXIES = ("10.0.0.0/8", "2001:db8::/32")


def test_a_request_is_what_stood_on_the_wire() -> None:
    asked = scope((b"X-Amz-Meta", b"caf\xe9"), (b"a", b"1"), (b"a", b"2"), raw_path=b"/a%2Fb", query_string=b"b=%2B&a")
    assert front.request_of(asked, b"body") == Request(
        method="POST",
        path="/a%2Fb",
        query="b=%2B&a",
        headers=(("host", "sts.example"), ("x-amz-meta", "caf\xe9"), ("a", "1"), ("a", "2")),
        body=b"body",
        peer="192.0.2.1",
        secure=False,
    )


def peer(client: str | None, *forwarded: str, proxies: tuple[str, ...] = PROXIES) -> str:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return front.request_of(scope(*headers, client=(client, 1) if client else None), b"", proxies).peer


def test_without_proxies_nobody_s_word_counts() -> None:
    assert peer("192.0.2.1", "203.0.113.9", proxies=()) == "192.0.2.1"


def test_a_stranger_s_word_does_not_count() -> None:
    assert peer("192.0.2.1", "203.0.113.9") == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (("203.0.113.9",), "203.0.113.9"),
        (("1.1.1.1, 203.0.113.9",), "203.0.113.9"),
        (("1.1.1.1, 203.0.113.9, 10.9.9.9",), "203.0.113.9"),
        (("1.1.1.1", "203.0.113.9"), "203.0.113.9"),
        (("2001:db8::7, 10.1.1.1",), "2001:db8::7"),
        (("10.1.1.1",), "10.1.1.1"),
        (("forged, 10.1.1.1",), "10.1.1.1"),
        (("203.0.113.9, forged",), "10.0.0.1"),
        (("",), "10.0.0.1"),
        ((), "10.0.0.1"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_is_the_peer(forwarded: tuple[str, ...], expected: str) -> None:
    assert peer("10.0.0.1", *forwarded) == expected


def test_behind_a_unix_socket_the_proxy_is_believed_when_one_is_configured() -> None:
    assert peer(None, "203.0.113.9") == "203.0.113.9"
    assert peer(None, "203.0.113.9", proxies=()) == ""


@pytest.mark.parametrize(
    ("client", "said", "secure"),
    [
        ("10.0.0.1", [b"https"], True),
        ("10.0.0.1", [b"HTTPS "], True),
        ("10.0.0.1", [b"http"], False),
        ("10.0.0.1", [b"http", b"https"], False),
        ("192.0.2.1", [b"https"], False),
    ],
)
def test_a_proxy_says_whether_its_client_came_through_tls(client: str, said: list[bytes], secure: bool) -> None:
    asked = scope(*[(b"x-forwarded-proto", value) for value in said], client=(client, 1))
    assert front.request_of(asked, b"", PROXIES).secure is secure


def test_tls_of_our_own_counts() -> None:
    assert front.request_of(scope(scheme="https"), b"").secure
    assert front.request_of(scope(scheme="https", client=("10.0.0.1", 1)), b"", PROXIES).secure
