"""The memory of opened tokens: bounded, per token and id, and of one keyring (rules T8, T13, D8)."""

from __future__ import annotations

import pytest
from tests.unit.session import sealed as s

from locum.session.keyring import Keyring, TokenKey
from locum.session.opened import OpenedTokens
from locum.session.session import TokenError
from locum.session.token import Opened, open_token, seal

A = seal(s.PLAIN, s.KEYRING, s.SALT)
B = seal(s.FULL, s.KEYRING, s.OTHER_SALT)
RING = s.KEYRING.with_key(TokenKey.of(2, s.ROOT, state="verify-only"))
SAME_ID = seal(s.FULL, Keyring.of("serve", [TokenKey.of(2, s.ROOT)]), s.SALT)


def test_a_second_opening_answers_the_very_same() -> None:
    memory = OpenedTokens()
    first = memory.open(A.session_token.reveal(), A.access_key_id, s.KEYRING)
    assert memory.open(A.session_token.reveal(), A.access_key_id, s.KEYRING) is first
    assert first == open_token(A.session_token.reveal(), A.access_key_id, s.KEYRING)


class ById(OpenedTokens):
    """The planted fault: tokens remembered by their key id alone."""

    def open(self, token: str, access_key_id: str, keyring: Keyring) -> Opened:
        self._by_id: dict[str, Opened] = getattr(self, "_by_id", {})
        return self._by_id.setdefault(access_key_id, open_token(token, access_key_id, keyring))


class ByToken(OpenedTokens):
    """The planted fault: tokens remembered by themselves, whatever id comes with them."""

    def open(self, token: str, access_key_id: str, keyring: Keyring) -> Opened:
        self._by_token: dict[str, Opened] = getattr(self, "_by_token", {})
        if token not in self._by_token:
            self._by_token[token] = open_token(token, access_key_id, keyring)
        return self._by_token[token]


def tells_ids_and_tokens_apart(memory: OpenedTokens) -> bool:
    """Whether two sessions of one id stay two, and a token does not open for another id once it is remembered."""
    one = memory.open(A.session_token.reveal(), A.access_key_id, RING)
    two = memory.open(SAME_ID.session_token.reveal(), SAME_ID.access_key_id, RING)
    if (one.session, two.session) != (s.PLAIN, s.FULL):
        return False
    try:
        memory.open(A.session_token.reveal(), B.access_key_id, RING)
    except TokenError:
        return True
    return False


def test_the_memory_tells_ids_and_tokens_apart() -> None:
    assert A.access_key_id == SAME_ID.access_key_id
    assert tells_ids_and_tokens_apart(OpenedTokens())


@pytest.mark.parametrize("faulty", [ById, ByToken])
def test_control_a_memory_that_does_not_is_found(faulty: type[OpenedTokens]) -> None:
    assert not tells_ids_and_tokens_apart(faulty())


def test_a_new_keyring_forgets_everything_at_once() -> None:
    memory = OpenedTokens()
    memory.open(A.session_token.reveal(), A.access_key_id, s.KEYRING)
    with pytest.raises(TokenError):
        memory.open(A.session_token.reveal(), A.access_key_id, s.KEYRING.without(1))
    assert len(memory) == 0


def test_a_forged_token_is_not_remembered() -> None:
    memory = OpenedTokens()
    for number in range(100):
        with pytest.raises(TokenError):
            memory.open(f"forged{number}\ud800", A.access_key_id, s.KEYRING)
    assert len(memory) == 0


def test_the_memory_stays_within_its_capacity_and_keeps_what_is_used() -> None:
    memory = OpenedTokens(50)
    used = memory.open(A.session_token.reveal(), A.access_key_id, s.KEYRING)
    for number in range(500):
        credentials = seal(s.PLAIN, s.KEYRING, number.to_bytes(16, "big"))
        memory.open(credentials.session_token.reveal(), credentials.access_key_id, s.KEYRING)
        assert memory.open(A.session_token.reveal(), A.access_key_id, s.KEYRING) is used
        assert len(memory) <= 50
