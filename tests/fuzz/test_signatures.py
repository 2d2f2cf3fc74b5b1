"""A hundred thousand mutated requests: none is taken unless it means what was signed (xS1).

`LOCUM_FUZZ` sets the number for each of the tests that try the real verifier, `LOCUM_FUZZ_SEED` replays a run.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

import msgspec
import pytest
from tests.fuzz import mutations
from tests.fuzz.essence import essence
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.http import Request

CONTROL_RUNS = 20_000

BASES: dict[str, Request] = {
    "a signed form": s.signed(s.post()),
    "a signed form of a session": s.signed(s.post(), s.TEMPORARY_SIGNER),
    "a signed question": s.signed(s.get(("x-amz-meta-a", "one  two"), query="b=2&a=1&a=0&c&d=x%20y+z")),
    "a signed path": s.signed(s.post(path="/one/two%20words/../three/")),
    "a presigned question": s.presigned(s.get(("x-cluster", "one"))),
    "a presigned question of a session": s.presigned(s.get(), s.TEMPORARY_SIGNER),
    "a form with a date of its own": s.dated(s.post(), "20260101T000000Z"),
}
REAL = s.accepts


class Count(msgspec.Struct):
    """What became of the mutations."""

    refused: int = 0
    same: int = 0
    forged: list[Request] = []


def tried(accept: s.Accept, chance: random.Random, number: int, bases: tuple[Request, ...]) -> Count:
    """That many mutations put to a server. A forgery is one that was taken and means something else."""
    meant = [essence(request) for request in bases]
    count = Count()
    for _ in range(number):
        which = chance.randrange(len(bases))
        request = mutations.mutated(bases[which], chance)
        if not accept(request):
            count.refused += 1
        elif essence(request) == meant[which]:
            count.same += 1
        else:
            count.forged.append(request)
    return count


def with_reading(reading: sigv4.Reading) -> s.Accept:
    """A server whose verifier reads requests in another way."""

    def accept(request: Request) -> bool:
        try:
            return s.verified(request, reading=reading) is not None
        except sigv4.SignatureError:
            return False

    return accept


def loose_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


@pytest.mark.parametrize("name", BASES)
def test_what_was_not_changed_is_taken(name: str) -> None:
    assert REAL(BASES[name])


def test_no_mutation_is_taken_unless_it_means_the_same() -> None:
    count = tried(REAL, mutations.seeded(), mutations.runs(), tuple(BASES.values()))
    print(f"refused {count.refused}, same {count.same}, forged {len(count.forged)}")
    assert count.forged == []
    assert count.refused > count.same > 0


QUESTION = s.get(query="b=2&a=1&a=0&c&d=x%20y+z")
FAULTY: dict[str, tuple[sigv4.Reading, Request]] = {
    "the query is not under the signature": (sigv4.Reading(query=lambda _: ""), QUESTION),
    "the order of the query counts for nothing": (
        sigv4.Reading(query=lambda pairs: str(sorted(b"".join(n + v for n, v in pairs)))),
        QUESTION,
    ),
    "the path is not under the signature": (sigv4.Reading(path=lambda _: "/"), s.post(path="/one/two")),
    "the path is without case": (
        sigv4.Reading(path=lambda path: sigv4.STANDARD.path(path).lower()),
        s.post(path="/one/two"),
    ),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_control_a_verifier_that_reads_too_loosely_is_found(fault: str) -> None:
    reading, request = FAULTY[fault]
    base = sigv4.sign(request, s.SIGNER, now=s.NOW, reading=reading)
    assert with_reading(reading)(base)
    assert tried(with_reading(reading), random.Random(7), CONTROL_RUNS, (base,)).forged != []


def test_control_a_verifier_that_reads_times_with_strptime_is_found() -> None:
    loose = with_reading(sigv4.Reading(instant=loose_time))
    base = BASES["a form with a date of its own"]
    assert tried(loose, random.Random(7), CONTROL_RUNS, (base,)).forged != []
