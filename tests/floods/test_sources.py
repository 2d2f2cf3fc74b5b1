"""Whom a bucket charges: the address that the request would be said to come from, whatever a stranger writes."""

from __future__ import annotations

import pytest
from tests.unit.front.test_check import scope

from locum.server import front

PROXIES = ("192.0.2.0/24", "2001:db8::/32")


@pytest.mark.parametrize("proxies", [(), PROXIES], ids=["no proxy", "proxies"])
@pytest.mark.parametrize("client", [("192.0.2.1", 1), ("198.51.100.7", 1), ("2001:db8::1", 1), None])
@pytest.mark.parametrize(
    "forwarded",
    [(), (b"203.0.113.9",), (b"203.0.113.9, 192.0.2.5",), (b"203.0.113.9", b"192.0.2.8"), (b"x, 192.0.2.5",), (b"",)],
)
def test_the_charged_address_is_the_request_s(
    client: tuple[str, int] | None, forwarded: tuple[bytes, ...], proxies: tuple[str, ...]
) -> None:
    asked = scope(*[(b"x-forwarded-for", value) for value in forwarded]) | {"client": client}
    assert front.peer_of(asked, proxies) == front.request_of(asked, b"", proxies).peer


def test_without_proxies_nobody_says_from_where_they_come() -> None:
    asked = scope((b"x-forwarded-for", b"203.0.113.9")) | {"client": ("198.51.100.7", 1)}
    assert front.peer_of(asked) == "198.51.100.7"
