"""Requests of every kind: the front refuses or lets pass, and what passes is refused or taken by the verifier; the
whole server answers every one of them, and never with a fault of its own (xD9)."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

from tests.fuzz import mutations
from tests.fuzz.builds import application
from tests.fuzz.essence import essence
from tests.fuzz.test_signatures import BASES
from tests.planted import planted
from tests.served import ServedHouse
from tests.unit.server.asgi import respond
from tests.unit.sigv4 import signed as s

import locum.server.front as FRONT
from locum.http import Request
from locum.server.app import App


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


def outcome(request: Request, front: ModuleType = FRONT) -> str:
    """What becomes of one raw request."""
    scope = scope_of(request)
    refusal = front.check(scope)
    if refusal is not None:
        assert 400 <= refusal.status < 500
        return "refused by the front"
    front.declared_length(scope)
    return "taken" if s.accepts(front.request_of(scope, request.body)) else "refused by the verifier"


def mutant(chance: random.Random, bases: tuple[Request, ...] = tuple(BASES.values())) -> Request:
    """A signed request with up to three things changed."""
    request = chance.choice(bases)
    for _ in range(chance.randrange(1, 4)):
        request = mutations.mutated(request, chance)
    return request


def outcomes(chance: random.Random, number: int, front: ModuleType = FRONT) -> set[str]:
    """Everything that becomes of that many mutants; what nobody expected by the name of its exception."""
    seen: set[str] = set()
    for _ in range(number):
        request = mutant(chance)
        try:
            seen.add(outcome(request, front))
        except Exception as error:  # noqa: BLE001  whatever gets out is what is looked for
            seen.add(f"{type(error).__name__}: {error}")
    return seen


EXPECTED = {"refused by the front", "refused by the verifier", "taken"}


def test_nothing_but_a_refusal_or_an_answer_comes_of_a_mutated_scope() -> None:
    assert outcomes(mutations.seeded(), mutations.runs() // 5) == EXPECTED


def test_control_a_front_that_decodes_a_path_blindly_is_found() -> None:
    blind = planted(
        "locum.server.front",
        ('(b"%" in path and _BROKEN_ESCAPE.search(path))', "False"),
        (
            'scope["raw_path"].decode("latin-1")',
            're.sub(rb"%(..)", lambda m: bytes([int(m[1], 16)]), scope["raw_path"]).decode("latin-1")',
        ),
    )
    found = outcomes(random.Random(7), 5_000, blind)
    assert any(
        line.startswith("ValueError: invalid literal for int() with base 16: b'zz'") for line in found - EXPECTED
    )


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


# ------------------------------------------------------------------ the whole server


def answers(house: ServedHouse, chance: random.Random, number: int, app: type[App] = App) -> tuple[int, list[str]]:
    """Of that many mutants put to a whole server: how many it answered with 200, and what is amiss: faults of ours,
    and answers to what means something else than was signed."""
    served, meant = app(house.house, house.own), [essence(request) for request in BASES.values()]
    done, amiss = 0, []
    for _ in range(number):
        request = mutant(chance)
        scope = {**scope_of(request), "path": "/", "server": ("127.0.0.1", 4566)}
        status = respond(served, scope, [request.body]).status
        done += status == 200
        if status >= 500:
            amiss.append(f"{status}: {request}")
        elif status == 200 and essence(FRONT.request_of(scope, request.body)) not in meant:
            amiss.append(f"forged: {request}")
    return done, amiss


def test_no_mutant_is_a_fault_of_the_whole_server_or_taken_for_what_was_not_signed(house: ServedHouse) -> None:
    number = mutations.runs() // 100
    done, amiss = answers(house, mutations.seeded(), number)
    print(f"{number} mutants put to the whole server: {done} done, {len(amiss)} amiss")
    assert amiss == []
    assert done > 0


def test_control_a_server_that_believes_every_signature_is_found(house: ServedHouse) -> None:
    believing = application(("    verify(\n", "    True or verify(\n"))
    _, amiss = answers(house, random.Random(7), 500, believing)
    assert any(line.startswith("forged") for line in amiss)
