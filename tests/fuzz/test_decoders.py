"""What is signed and what is acted on are read by decoders that agree (rules S4, S23, S24).

The signature's decoder keeps bytes, doubles and order; that of the inputs wants UTF-8 and each name once. Where both
take a query, they must read the same in it, and what the signature refuses nobody may act on.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.fuzz import mutations

from locum.aws.faults import Refusal
from locum.http import Request
from locum.sigv4 import SignatureError, canonical
from locum.wire import form

PIECES = ("Action", "=", "&", "a", "b", "%", "%41", "%c3%a9", "%C3", "%2B", "+", "%26", "%3D", "%zz", ";", "%00", "==")

Decode = Callable[[str], dict[str, str]]


def acted_on(query: str) -> dict[str, str]:
    """The inputs of a call with this query."""
    return form.parameters(Request("GET", "/", query, ()))


def disagreements(decode: Decode, chance: random.Random, number: int) -> tuple[list[str], int]:
    """The queries that are signed as one thing and acted on as another; and how many both took."""
    found = []
    agreed = 0
    for _ in range(number):
        query = "".join(chance.choices(PIECES, k=chance.randrange(1, 12)))
        try:
            acted = decode(query)
        except Refusal:
            continue
        try:
            signed = [(name.decode(), value.decode()) for name, value in canonical.pairs(query)]
        except SignatureError:
            signed = []
        if list(acted.items()) == signed:
            agreed += 1
        else:
            found.append(query)
    return found, agreed


def test_nothing_is_acted_on_that_was_signed_as_something_else() -> None:
    found, agreed = disagreements(acted_on, mutations.seeded(), mutations.runs() // 5)
    assert found == []
    assert agreed > 0


def test_control_a_decoder_that_reads_a_plus_as_a_blank_is_found() -> None:
    found, _ = disagreements(lambda query: acted_on(query.replace("+", "%20")), random.Random(7), 5_000)
    assert found != []
