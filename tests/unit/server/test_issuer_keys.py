"""The keys of issuers: when they are fetched, how long they count, and that nothing is fetched twice (rule F3)."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from tests.oidc import Issuer, jwk
from tests.served import CountingMint

from locum.call import Awaited
from locum.federation.fault import Rejected
from locum.server import issuer_keys
from locum.server.issuer_keys import AGAIN, FRESH, QUEUE, STALE, THREADS, IssuerKeys
from locum.server.outbound import OutboundError

URL = "https://idp.example.com"


class Web:
    """Issuers by their documents, and seconds that a test counts."""

    def __init__(self) -> None:
        self.issuer = Issuer(URL)
        self.down = False
        self.now = 1000.0
        self.held: threading.Event | None = None
        self.asked: list[str] = []
        self.keys = IssuerKeys(self.get, CountingMint(), lambda: self.now)

    def get(self, url: str) -> bytes:
        self.asked.append(url)
        if self.held is not None:
            self.held.wait(10)
        if self.down or url not in self.issuer.documents:
            raise OutboundError(f"`{url}` does not answer")
        return json.dumps(self.issuer.documents[url]).encode()

    def has(self, kid: str = "k1", issuer: str = URL) -> bool:
        """Whether there is such a key, fetched where it must be."""
        try:
            found = self.keys.keys(issuer, kid)
        except Awaited as awaited:
            self.keys.fetch(awaited.issuer).result(10)
            found = self.keys.keys(issuer, kid)
        return bool(found.named(kid))


@pytest.fixture
def web() -> Any:
    made = Web()
    yield made
    made.keys.close()


def test_keys_are_found_by_discovery_and_then_remembered(web: Web) -> None:
    assert web.has()
    assert web.has()
    assert web.asked == [f"{URL}/.well-known/openid-configuration", f"{URL}/jwks"]


def test_the_address_of_discovery_has_one_slash(web: Web) -> None:
    web.issuer = Issuer(URL + "/realm/")
    assert web.has(issuer=URL + "/realm/")
    assert web.asked[0] == f"{URL}/realm/.well-known/openid-configuration"


def test_an_unknown_key_is_sought_once_a_minute(web: Web) -> None:
    web.has()
    for _ in range(5):
        assert not web.has("k2")
    assert len(web.asked) == 2
    web.now += AGAIN * 1.1
    web.issuer.jwks = {"keys": [jwk("rsa"), jwk("rsa/next", "k2")]}
    assert web.has("k2")
    assert len(web.asked) == 4


def test_keys_are_fetched_anew_so_that_a_withdrawn_one_ends(web: Web) -> None:
    web.has()
    web.issuer.jwks = {"keys": [jwk("rsa/next", "k2")]}
    assert web.has("k1")
    web.now += FRESH
    assert not web.has("k1")


def test_while_an_issuer_is_silent_its_keys_count_for_an_hour(web: Web) -> None:
    web.has()
    web.down = True
    web.now += STALE - 1
    assert web.has()
    web.now += 1
    with pytest.raises(Rejected) as caught:
        web.has()
    assert caught.value.code == "IDPCommunicationError"


def test_an_issuer_that_was_silent_is_asked_again_after_a_minute(web: Web) -> None:
    web.down = True
    for _ in range(3):
        with pytest.raises(Rejected):
            web.has()
    assert len(web.asked) == 1
    web.down = False
    web.now += AGAIN * 1.1
    assert web.has()


@pytest.mark.parametrize(
    ("of_discovery", "of_keys"),
    [
        ({"issuer": URL + "/"}, {}),
        ({"jwks_uri": "http://127.0.0.1/jwks"}, {}),
        ({}, {"keys": "none"}),
        ({}, {"keys": [jwk("ed25519")] * 21}),
    ],
)
def test_what_an_issuer_must_not_say_is_as_if_it_were_silent(web: Web, of_discovery: Any, of_keys: Any) -> None:
    web.issuer.discovery |= of_discovery
    web.issuer.jwks |= of_keys
    with pytest.raises(Rejected):
        web.has()


def test_of_one_issuer_one_fetch_runs_at_a_time(web: Web) -> None:
    web.held = threading.Event()
    first, second = web.keys.fetch(URL), web.keys.fetch(URL)
    assert first is second
    web.held.set()
    first.result(10)
    assert len(web.asked) == 2


def test_too_many_issuers_at_once_are_refused(web: Web) -> None:
    web.held = threading.Event()
    running = [web.keys.fetch(f"https://{number}.example.com") for number in range(THREADS + QUEUE)]
    with pytest.raises(Rejected) as caught:
        web.keys.fetch("https://one.more.example.com")
    assert caught.value.code == "IDPCommunicationError"
    web.held.set()
    for one in running:
        one.result(10)
    assert web.has()


def test_what_is_remembered_is_bounded(web: Web) -> None:
    for number in range(issuer_keys.MOST + 10):
        web.keys.fetch(f"https://{number}.example.com").result(10)
    assert len(web.keys._known) == issuer_keys.MOST
