"""Scopes of every kind: the front refuses or lets pass, and what passes is refused or taken by the verifier. Nothing
else ever happens (xD9)."""

from __future__ import annotations

import random
from typing import Any

from tests.fuzz import mutations
from tests.fuzz.test_signatures import BASES
from tests.unit.sigv4 import signed as s

from locum.http import Request
from locum.server import front


def scope_of(request: Request) -> dict[str, Any]:
    """A request as a server would hand it over, its bytes as they stood on the wire."""

    def octets(text: str) -> bytes:
        return text.encode("latin-1", "replace")

    return {
        "type": "http",
        "method": request.method,
        "raw_path": octets(request.path),
        "query_string": octets(request.query),
        "headers": [(octets(name), octets(value)) for name, value in request.headers],
        "client": ("192.0.2.1", 1),
        "scheme": "http",
    }


def outcome(request: Request) -> str:
    """What becomes of one raw request."""
    scope = scope_of(request)
    refusal = front.check(scope)
    if refusal is not None:
        assert 400 <= refusal.status < 500
        return "refused by the front"
    front.declared_length(scope)
    return "taken" if s.accepts(front.request_of(scope, request.body)) else "refused by the verifier"


def test_nothing_but_a_refusal_or_an_answer_comes_of_a_mutated_scope() -> None:
    chance = mutations.seeded()
    bases = tuple(BASES.values())
    seen: set[str] = set()
    for _ in range(mutations.runs() // 5):
        request = chance.choice(bases)
        for _ in range(chance.randrange(1, 4)):
            request = mutations.mutated(request, chance)
        seen.add(outcome(request))
    assert seen == {"refused by the front", "refused by the verifier", "taken"}


def test_every_base_passes_the_front() -> None:
    assert {outcome(request) for request in BASES.values()} == {"taken"}


def test_random_octets_in_every_part_set_off_nothing_else() -> None:
    chance = random.Random(mutations.seeded().random())
    for _ in range(mutations.runs() // 20):
        headers = tuple(
            (chance.randbytes(chance.randrange(12)).decode("latin-1"), chance.randbytes(8).decode("latin-1"))
            for _ in range(chance.randrange(6))
        )
        path, query = (chance.randbytes(chance.randrange(20)).decode("latin-1") for _ in range(2))
        outcome(Request(chance.choice(("GET", "POST", "\xff")), "/" + path, query, (("host", "h"), *headers)))
