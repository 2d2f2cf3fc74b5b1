"""Temporary key ids meet as rarely as 39 random bits do, and two live sessions that share one both work (T13, xT8).

`LOCUM_IDS` sets how many ids are issued (10,000,000 in full, when about 91 pairs are to be expected). With fewer only
so many bits of each are compared that about a hundred pairs are to be expected. `LOCUM_FUZZ_SEED` replays a run.
"""

from __future__ import annotations

import base64
import math
import os
import random
from array import array
from collections.abc import Callable, Iterator

import msgspec
import pytest
from tests.fuzz import mutations
from tests.unit.session import sealed as s
from tests.unit.session.test_opened import ById, ByToken

from locum.session.opened import OpenedTokens
from locum.session.session import TokenError
from locum.session.token import seal

IDS = int(os.environ.get("LOCUM_IDS", "20000"))
DRAWN = 39
#: how far a count may lie from what chance lets expect: six standard deviations
SIGMAS = 6
PARTS = 64

Salts = Callable[[], bytes]


def salts(chance: random.Random) -> Salts:
    """Salts as a server draws them."""
    return lambda: chance.randbytes(16)


def drawn(salt: bytes) -> int:
    """The 39 bits of the id that a session of this salt gets."""
    number = int.from_bytes(base64.b32decode(seal(s.PLAIN, s.KEYRING, salt).access_key_id[4:]), "big")
    return number & ((1 << DRAWN) - 1)


def meeting(numbers: Iterator[int], bits: int, *, lowest: bool) -> int:
    """How many pairs are equal in that many of their bits. The numbers are sorted in parts, to spare memory."""
    parts = [array("Q") for _ in range(PARTS)]
    for number in numbers:
        compared = number & ((1 << bits) - 1) if lowest else number >> (DRAWN - bits)
        parts[compared % PARTS].append(compared)
    pairs = 0
    for part in parts:
        like, before = 0, -1
        for compared in sorted(part):
            like = like + 1 if compared == before else 0
            pairs += like
            before = compared
    return pairs


def unlikely(numbers: array[int]) -> str:
    """What of the ids is not as chance would have it, or nothing."""
    pairs = len(numbers) * (len(numbers) - 1) / 2
    bits = min(DRAWN, round(math.log2(pairs / 100)))
    expected = pairs / 2**bits
    for lowest in (True, False):
        found = meeting(iter(numbers), bits, lowest=lowest)
        print(f"{len(numbers)} ids, {'lowest' if lowest else 'highest'} {bits} bits: {found} pairs, {expected:.0f} are")
        if abs(found - expected) > SIGMAS * math.sqrt(expected):
            return f"{found} pairs of {'lowest' if lowest else 'highest'} {bits} bits, not {expected:.0f}"
    return ""


def issued(draw: Callable[[], int], count: int) -> array[int]:
    """That many ids."""
    return array("Q", (draw() for _ in range(count)))


def test_ids_meet_as_often_as_random_ones() -> None:
    salt = salts(mutations.seeded())
    assert unlikely(issued(lambda: drawn(salt()), IDS)) == ""


@pytest.mark.parametrize("lost", ["lowest", "highest"])
def test_control_ids_with_a_constant_bit_are_found(lost: str) -> None:
    bit = 1 if lost == "lowest" else 1 << (DRAWN - 1)
    chance = random.Random(7)
    assert "pairs of" in unlikely(issued(lambda: chance.getrandbits(DRAWN) | bit, 20_000))


def test_control_ids_that_count_up_are_found() -> None:
    counted = iter(range(20_000))
    assert "pairs of" in unlikely(issued(lambda: next(counted), 20_000))


class Meeting(msgspec.Struct, frozen=True):
    """Two live sessions of one id, as clients hold them."""

    id: str
    one: str
    other: str


def met() -> Meeting:
    """Two sessions whose ids met. The second one's key has the first one's root, so that they meet without 741,000
    tries."""
    first, second = seal(s.PLAIN, s.KEYRING, s.SALT), seal(s.FULL, SECOND, s.SALT)
    assert first.access_key_id == second.access_key_id
    return Meeting(first.access_key_id, first.session_token.reveal(), second.session_token.reveal())


SECOND = s.Keyring.of("serve", [s.TokenKey.of(2, s.ROOT)])
BOTH = s.KEYRING.with_key(s.TokenKey.of(2, s.ROOT, state="verify-only"))


def confused(memory: OpenedTokens) -> int:
    """How often, of a thousand requests of two sessions with one id in random order, one was taken for the other, or
    a token was taken with an id that is not its own."""
    both, chance, wrong = met(), random.Random(11), 0
    stranger = seal(s.PLAIN, s.KEYRING, s.OTHER_SALT).access_key_id
    for _ in range(1_000):
        token, session = chance.choice(((both.one, s.PLAIN), (both.other, s.FULL)))
        wrong += memory.open(token, both.id, BOTH).session != session
        try:
            memory.open(token, stranger, BOTH)
            wrong += 1
        except TokenError:
            pass
    return wrong


def test_two_live_sessions_with_one_id_both_work() -> None:
    assert confused(OpenedTokens()) == 0


@pytest.mark.parametrize("faulty", [ById, ByToken], ids=["by id", "by token"])
def test_control_a_memory_by_id_or_by_token_alone_confuses_them(faulty: type[OpenedTokens]) -> None:
    assert confused(faulty()) > 0
