"""Numbers, dates, addresses and bytes in conditions: read by hand, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from locum.policy.instants import address, address_range, instant, number, octets, truth

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "value"), [("10", "10"), ("10.0", "10"), ("-.5", "-0.5"), ("+1e3", "1000"), ("1E-2", "0.01"), ("7.", "7")]
)
def test_a_number_is_exact(text: str, value: str) -> None:
    assert number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_0", "٣", "９", "0x1", "1e99999", " 1", "1\n", "9" * 65, "1e"])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970", 0),
        ("1970-01", 0),
        ("1970-01-02", 86400),
        ("1970-01-01T00:01", 60),
        ("1970-01-01T00:00:01", 1),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:30:00-00:30", 0),
        ("2026-01-15T12:00:00Z", 1768478400),
        ("1768478400", 1768478400),
        ("-1", -1),
        ("10", 10),
        ("12345", 12345),
        ("9" * 64, 10**64 - 1),
    ],
)
def test_an_instant_is_read(text: str, seconds: int) -> None:
    assert instant(text) == seconds * SECOND


def test_fractions_of_a_second_count() -> None:
    assert instant("1970-01-01T00:00:00.25Z") == instant("0.25") == SECOND // 4
    assert instant("-0.5") == -SECOND // 2


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026W471", "2026-13", "2026-02-30", "0000", "2026-01-15T24:00", "2026-01-15T12:60",
        "2026-01-15T12:00:60Z", "2026-01-15 12:00", "2026-01-15T12:00+25:00", "2026-01-15T12:00+01:99", "2026-1-5",
        "٢٠٢٦", "1e9", "9" * 65, "2026-01-15T12:00:00.1234567890Z", "2026-01-15T12:00z", "2026-01-15\n",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert instant(text) is None


def test_an_ipv4_address_inside_ipv6_is_that_address() -> None:
    assert address("::ffff:10.0.0.1") == address("10.0.0.1") == (4, 10 << 24 | 1)


@pytest.mark.parametrize("text", ["", "10.0.0", "010.0.0.1", "10.0.0.1/8", "fe80::1%eth0", "localhost", "١.0.0.1"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert address(text) is None


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("10.9.9.9/8", "10.0.0.0", "9.255.255.255"),
        ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
        ("0.0.0.0/0", "255.255.255.255", "::1"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
        ("::ffff:10.0.0.0/104", "10.1.1.1", "11.0.0.0"),
    ],
)
def test_a_range_holds_what_it_says(text: str, inside: str, outside: str) -> None:
    found = address_range(text)
    assert found is not None
    assert address(inside) in found
    assert address(outside) not in found


@pytest.mark.parametrize(
    "text", ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/٨", "x/8", "::ffff:1.2.3.4/90"]
)
def test_what_is_no_range_is_none(text: str) -> None:
    assert address_range(text) is None


def test_base64_is_read_whole_or_not_at_all() -> None:
    assert octets("QQ==") == b"A"
    assert octets("") == b""
    assert [octets(text) for text in ("QQ", "Q Q=", "Q-==", "====", "QQ==\n")] == [None] * 5


def test_truth_has_two_words_in_any_case() -> None:
    assert [truth(text) for text in ("true", "False", "yes", "", "1", "falſe")] == [True, False, None, None, None, None]
