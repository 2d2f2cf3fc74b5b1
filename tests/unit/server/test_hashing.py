"""Passwords become hashes: K7's cost wherever somebody serves, few at a time, and no more than may wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.server.hashing import QUEUE, WORKERS, Argon2, Cost
from locum.server.house import House

CHEAP = Cost(memory=64)
PEPPER = Secret("00" * 32)
SALT = b"0123456789abcdef"


def test_a_house_hashes_at_the_cost_of_k7_unless_a_test_says_otherwise():
    field = next(one for one in House.__struct_defaults__ if getattr(one, "factory", None) is Argon2)
    made = field.factory()
    assert made.cost == Cost(memory=46 * 1024, passes=1, lanes=1)
    assert made.hash(Secret("x"), PEPPER, SALT).reveal().startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert (WORKERS, QUEUE) == (2, 32)


def test_the_right_password_matches_and_no_other_does():
    hashing = Argon2(CHEAP)
    stored = hashing.hash(Secret("correct horse"), PEPPER, SALT)
    assert hashing.matches(stored, Secret("correct horse"), PEPPER)
    assert not hashing.matches(stored, Secret("correct horsf"), PEPPER)


def test_without_its_pepper_a_hash_is_nobodys():
    hashing = Argon2(CHEAP)
    stored = hashing.hash(Secret("correct horse"), PEPPER, SALT)
    assert not hashing.matches(stored, Secret("correct horse"), Secret("11" * 32))


def test_a_hash_of_another_cost_still_matches():
    stored = Argon2(CHEAP).hash(Secret("correct horse"), PEPPER, SALT)
    assert Argon2(Cost(memory=128, passes=2)).matches(stored, Secret("correct horse"), PEPPER)


def test_who_finds_no_place_to_wait_is_refused_and_the_others_are_answered():
    hashing = Argon2(CHEAP, workers=1, queue=1)
    started, go = Event(), Event()

    def hold() -> bool:
        started.set()
        return go.wait(30)

    with ThreadPoolExecutor(1) as client:
        first = client.submit(hashing._run, hold)
        assert started.wait(30)
        assert hashing._room.acquire(blocking=False)  # one waits
        with pytest.raises(Refusal, match="too many passwords") as refused:
            hashing.hash(Secret("b"), PEPPER, SALT)
        assert refused.value.status == 503
        hashing._room.release()
        go.set()
        assert first.result() is True
    assert hashing.hash(Secret("b"), PEPPER, SALT)
