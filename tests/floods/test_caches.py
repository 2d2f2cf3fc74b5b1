"""Nothing that strangers name is kept for ever (rule D8): distinct unknown ids, tokens, regions and headers.

What is counted is the blocks that Python has allocated, once everything that is bounded is full. `LOCUM_UNKNOWN` says
how many rounds of strangers come then.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator

import msgspec
import pytest
from tests.served import ServedHouse, request

from locum.audit.trail import MemoryTrail
from locum.http import Request
from locum.server.buckets import Rates
from locum.sigv4 import DayKeys
from locum.sigv4.verify import _in_order

ROUND = 4_096  # after so many the memory of signing keys is as full as before: it forgets by halves
COUNT = int(os.environ.get("LOCUM_UNKNOWN", "1")) * ROUND
FULL = 9_000  # more than any of the bounds that strangers can fill
#: strangers who name headers that they did not send, and how many
STRANGERS, NAMES = 64, 1_000
WHO = request("sts:GetCallerIdentity")


def strange(number: int, kind: str) -> Request:
    """A request of somebody whom nobody knows; its signature is nobody's."""
    key_id = f"{'ASIA' if kind == 'token' else 'AKIA'}{number:016d}"
    region = f"r{kind[0]}-{number % 97}" if kind == "region" else "us-east-1"
    signed = "host;x-amz-date" + (f";x-strange-{number}" if kind == "header" else "")
    more = [("x-amz-date", "20261123T190000Z")]
    if kind == "token":
        more.append(("x-amz-security-token", f"token{number:06d}" * 40))
        signed = "host;x-amz-date;x-amz-security-token"
    if kind == "header":
        more.append((f"x-strange-{number}", "x"))
    scope = f"{key_id}/20261123/{region}/sts/aws4_request"
    names = signed if "content-type" in signed else f"content-type;{signed}"
    text = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={'0' * 64}"
    return msgspec.structs.replace(WHO, headers=(*WHO.headers, *more, ("authorization", text)))


@pytest.fixture
def served() -> Iterator[ServedHouse]:
    house = ServedHouse()
    house.house.trail = MemoryTrail(100)  # what it remembers is bounded too, and would have to be filled first
    house.house.rates = Rates(1_000_000, 1_000_000, capacity=1_000)
    yield house
    house.close()


def ask(served: ServedHouse, begin: int, count: int) -> None:
    kinds = ("id", "token", "header")
    for number in range(begin, begin + count):
        asked = strange(number, kinds[number % 3])
        code = served.respond(asked).status
        assert code == 403
        served.house.rates.failed(f"192.0.{number >> 8 & 255}.{number & 255}")


def growth(served: ServedHouse) -> int:
    """How many blocks of memory more there are after strangers came, when everything was full."""
    for number in range(FULL):
        assert served.respond(strange(number, "id")).status == 403
    ask(served, FULL, ROUND)
    gc.collect()
    before = sys.getallocatedblocks()
    ask(served, FULL + ROUND, COUNT)
    gc.collect()
    return sys.getallocatedblocks() - before


def test_strangers_leave_nothing_behind(served: ServedHouse) -> None:
    assert growth(served) < COUNT / 4
    assert served.admin.ask("sts:GetCallerIdentity").code == ""


def test_control_a_memory_without_bound_grows_with_them(served: ServedHouse) -> None:
    """The control."""
    unbound = msgspec.structs.replace(served.house.verification, day_keys=DayKeys(1 << 40))
    served.house.verification = unbound
    assert growth(served) > COUNT / 2


def unsent(number: int) -> tuple[str, ...]:
    """Names of headers that nobody sent, other ones each time."""
    return tuple(f"x{number:03d}{at:04d}" for at in range(NAMES))


def kept_of(asking: Callable[[int], object]) -> int:
    """How many blocks of memory more there are after strangers named headers."""
    gc.collect()
    before = sys.getallocatedblocks()
    for number in range(STRANGERS):
        asking(number)
    gc.collect()
    return sys.getallocatedblocks() - before


def test_names_of_headers_that_were_not_sent_are_not_kept(served: ServedHouse) -> None:
    def ask(number: int) -> None:
        asked = strange(number, "id")
        text = asked.headers[-1][1].replace("SignedHeaders=", f"SignedHeaders={';'.join(unsent(number))};")
        answered = served.respond(
            msgspec.structs.replace(asked, headers=(*asked.headers[:-1], ("authorization", text)))
        )
        assert b"was not sent" in answered.body

    assert kept_of(ask) < STRANGERS * NAMES / 4


def test_control_names_that_are_asked_for_their_order_are() -> None:
    """The control."""
    assert kept_of(lambda number: _in_order(unsent(number))) > STRANGERS * NAMES / 4
