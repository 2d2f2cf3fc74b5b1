"""How often one may ask (rule D5): who proves nothing spends an address's tokens, who proves a key spends its own."""

from __future__ import annotations

import pytest

from locum.aws.faults import Refusal
from locum.server.buckets import DEPTH, Buckets, Rates, source


class Seconds:
    """Time that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def test_a_bucket_holds_what_comes_in_ten_seconds_and_fills_at_its_rate(seconds: Seconds) -> None:
    buckets = Buckets(3, seconds=seconds)
    assert [buckets.take("a") for _ in range(3 * DEPTH + 1)] == [True] * 3 * DEPTH + [False]
    assert buckets.empty("a")
    seconds.now += 1
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]
    seconds.now += 1000
    assert sum(buckets.take("a") for _ in range(100)) == 3 * DEPTH


def test_asking_in_vain_costs_nothing(seconds: Seconds) -> None:
    buckets = Buckets(1, seconds=seconds)
    for _ in range(1000):
        buckets.take("a")
    seconds.now += 1
    assert buckets.take("a")


def test_each_name_has_its_own(seconds: Seconds) -> None:
    buckets = Buckets(1, depth=1, seconds=seconds)
    assert buckets.take("a")
    assert not buckets.take("a")
    assert buckets.take("b")


def test_without_a_rate_there_is_always_one(seconds: Seconds) -> None:
    buckets = Buckets(0, seconds=seconds)
    assert all(buckets.take("a") for _ in range(100))
    assert not buckets.empty("a")
    assert len(buckets) == 0


def test_who_was_silent_longest_is_forgotten(seconds: Seconds) -> None:
    buckets = Buckets(1, depth=1, capacity=3, seconds=seconds)
    for name in ("a", "b", "c", "a", "d"):
        buckets.take(name)
    assert len(buckets) == 3
    assert buckets.empty("a")
    assert not buckets.empty("b")


def test_a_million_addresses_and_keys_are_not_kept() -> None:
    rates = Rates(1, 1, capacity=100)
    for number in range(10_000):
        rates.failed(f"10.0.{number >> 8}.{number & 255}")
        rates.proved("10.0.0.1", f"AKIA{number}")
        rates.require(f"AKIA{number}")
    assert len(rates) <= 300


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("a:b", "a:b"),
    ],
)
def test_a_customers_network_is_one_source(address: str, name: str) -> None:
    assert source(address) == name


def test_a_key_that_asks_too_often_is_told_so_in_awss_words(seconds: Seconds) -> None:
    rates = Rates(0, 1, seconds=seconds)
    for _ in range(DEPTH):
        rates.require("AKIA")
    with pytest.raises(Refusal) as caught:
        rates.require("AKIA")
    assert (caught.value.code, caught.value.status, caught.value.message) == ("Throttling", 400, "Rate exceeded")
    rates.require("AKIB")


def test_failures_never_take_a_keys_tokens(seconds: Seconds) -> None:
    rates = Rates(1, 1, seconds=seconds)
    for _ in range(10_000):
        rates.failed("192.0.2.1")
    assert rates.exhausted("192.0.2.1")
    assert not rates.exhausted("192.0.2.2")
    for _ in range(DEPTH):
        rates.require("AKIA")


def test_a_key_is_known_where_it_was_verified_and_nowhere_else(seconds: Seconds) -> None:
    rates = Rates(1, 1, seconds=seconds)
    rates.proved("192.0.2.1", "AKIA")
    assert rates.known("192.0.2.1", "AKIA")
    assert not rates.known("192.0.2.2", "AKIA")
    assert not rates.known("192.0.2.1", "AKIB")
