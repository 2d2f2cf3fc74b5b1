"""Numbers, instants, addresses and bytes as condition values write them.

Law: each function reads one value by hand and returns None for anything else; none raises, none guesses. ASCII
digits only, so that `١٢`, `1_0`, `nan` and `2026W471` are not values (security P5, P6, P7, P12).
Rules 5.4 to 5.7 of docs/spec/policy.md.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from datetime import date
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64})(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_EPOCH = re.compile(r"-?[0-9]{1,64}(?:\.[0-9]{1,9})?", re.ASCII)
_INSTANT = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?",
    re.ASCII,
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_PREFIX = re.compile(r"[0-9]{1,3}", re.ASCII)

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NANO = 10**9
_TRUTHS = {"true": True, "false": False}


def number(text: str) -> Decimal | None:
    """The number that `text` is, exactly: 10 equals 10.0. None for anything else, `nan` and `inf` included."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def instant(text: str) -> int | None:
    """The instant that `text` names, in nanoseconds since 1970, or None.

    W3C's profile of ISO 8601, from a year to fractions of a second; without a zone it is UTC. Or seconds since 1970:
    digits alone, when they are not the four of a year.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        return _seconds(text) if _EPOCH.fullmatch(text) else None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        days = date(int(year), int(month or 1), int(day or 1)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    offset = 0
    if zone and zone != "Z":
        if int(zone[1:3]) > 23 or int(zone[4:6]) > 59:
            return None
        offset = (int(zone[1:3]) * 60 + int(zone[4:6])) * (-60 if zone[0] == "-" else 60)
    whole = days * 86400 + hours * 3600 + minutes * 60 + seconds - offset
    return whole * _NANO + int((fraction or "0").ljust(9, "0"))


def _seconds(text: str) -> int:
    whole, _, fraction = text.lstrip("-").partition(".")
    nanoseconds = int(whole) * _NANO + int(fraction.ljust(9, "0") or "0")
    return -nanoseconds if text.startswith("-") else nanoseconds


class Range(msgspec.Struct, frozen=True):
    """A range of addresses of one family: 4 or 6."""

    family: int
    first: int
    last: int

    def __contains__(self, one: tuple[int, int]) -> bool:
        return one[0] == self.family and self.first <= one[1] <= self.last


@lru_cache(maxsize=4096)
def address(text: str) -> tuple[int, int] | None:
    """The address that `text` is, as family and number, or None.

    An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is that IPv4 address; one with a scope id is none (security P7).
    """
    try:
        one: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return None
    if isinstance(one, IPv6Address):
        if one.scope_id is not None:
            return None
        if one.ipv4_mapped is not None:
            one = one.ipv4_mapped
    return one.version, int(one)


def address_range(text: str) -> Range | None:
    """The range that `text` is: CIDR, or one address. Host bits are ignored. None for anything else."""
    base, slash, length = text.partition("/")
    one = address(base)
    if one is None:
        return None
    family, value = one
    bits = 32 if family == 4 else 128
    prefix = bits
    if slash:
        if not _PREFIX.fullmatch(length):
            return None
        prefix = int(length) - (96 if family == 4 and ":" in base else 0)
        if not 0 <= prefix <= bits:
            return None
    first = value >> (bits - prefix) << (bits - prefix)
    return Range(family, first, first | ((1 << (bits - prefix)) - 1))


def octets(text: str) -> bytes | None:
    """The bytes that `text` is in Base64, or None; no foreign character is skipped."""
    return a2b_base64(text) if _BASE64.fullmatch(text) else None


def truth(text: str) -> bool | None:
    """Whether `text` is `true` or `false`, in any case; None for anything else."""
    return _TRUTHS.get(text.lower())
