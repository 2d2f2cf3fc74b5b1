"""The life of token keys, and what ends a session token before its time (rules T9 to T11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from locum.access import Verification
from locum.aws.secret import Secret
from locum.server import token_rules
from locum.server.token_rules import Following, TokenRules, TokenRulesError
from locum.session.keyring import Keyring
from locum.session.opened import OpenedTokens
from locum.session.session import Session, TokenError
from locum.session.token import open_token, salt_of, seal
from locum.sigv4 import DayKeys
from locum.store.engine import SqlStore, open_store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Mint:
    """Octets that never repeat."""

    def __init__(self) -> None:
        self._drawn = count(1)

    def octets(self, count: int) -> bytes:
        return next(self._drawn).to_bytes(count, "big")


MINT = Mint()


@pytest.fixture
def store() -> Iterator[SqlStore]:
    """A store with the first token keys."""
    opened = open_store(None, None, mode="serve", clock=lambda: NOW)

    def step(tx: object) -> None:
        tx.written_by(token_rules.author("Start", NOW))
        token_rules.first(MINT, NOW)(tx)

    opened.write(step)
    yield opened
    opened.close()


def states(store: SqlStore) -> dict[int, str]:
    """The state of every key by its number."""
    return {key.number: key.state for key in store.token_keys()}


def keyring(store: SqlStore) -> Keyring:
    """The keyring as a server would have it now."""
    return store.read(TokenRules.read).keyring


def token(store: SqlStore, at: datetime = NOW) -> tuple[str, str]:
    """(token, access key id) of a new session."""
    session = Session(
        kind="assumed-role",
        partition="aws",
        account="222222222222",
        principal_id="AROAQQQQQQQQQQQQQQQQQ",
        name="shift",
        issued=at,
        expires=at + HOUR,
    )
    made = seal(session, keyring(store), MINT.octets(16))
    return made.session_token.reveal(), made.access_key_id


def opens(store: SqlStore, sealed: tuple[str, str]) -> bool:
    """Whether a token is opened by the keys as they are."""
    try:
        open_token(*sealed, keyring(store))
    except TokenError:
        return False
    return True


def test_a_new_store_has_a_key_that_seals_and_one_that_will(store: SqlStore) -> None:
    assert states(store) == {1: "primary", 2: "staged"}


def test_a_rotation_promotes_the_staged_key_and_stages_another(store: SqlStore) -> None:
    store.write(token_rules.rotate(MINT, NOW + HOUR))
    assert states(store) == {1: "verify-only", 2: "primary", 3: "staged"}


def test_tokens_of_every_key_that_was_not_destroyed_open(store: SqlStore) -> None:
    sealed = [token(store)]
    for turn in range(5):
        store.write(token_rules.rotate(MINT, NOW + turn * HOUR))
        sealed.append(token(store))
    assert [opens(store, one) for one in sealed] == [True] * 6


def test_a_key_that_only_verifies_is_destroyed_when_its_last_token_has_ended(store: SqlStore) -> None:
    store.write(token_rules.rotate(MINT, NOW))
    just_before = NOW + token_rules.LONGEST_SESSION - timedelta(microseconds=1)
    store.write(token_rules.retire(just_before))
    assert states(store)[1] == "verify-only"
    store.write(token_rules.retire(NOW + token_rules.LONGEST_SESSION))
    assert states(store)[1] == "destroyed"


def test_of_several_processes_that_find_a_key_old_one_rotates(store: SqlStore) -> None:
    later = NOW + DAY
    for _ in range(3):
        store.write(token_rules.rotate(MINT, later, older_than=DAY))
    assert states(store) == {1: "verify-only", 2: "primary", 3: "staged"}


def test_care_is_needed_when_the_key_is_old_and_not_before(store: SqlStore) -> None:
    def needed(now: datetime) -> bool:
        return store.read(lambda tx: token_rules.needs_care(tx, now, older_than=DAY))

    assert [needed(NOW), needed(NOW + DAY - HOUR), needed(NOW + DAY)] == [False, False, True]
    store.write(token_rules.rotate(MINT, NOW + DAY))
    assert needed(NOW + DAY) is False


def test_a_staged_key_is_as_old_as_its_promotion(store: SqlStore) -> None:
    store.write(token_rules.rotate(MINT, NOW + DAY))
    store.write(token_rules.rotate(MINT, NOW + DAY + HOUR, older_than=DAY))
    assert states(store)[2] == "primary"


def test_revoking_all_destroys_every_key_and_seals_with_another_at_once(store: SqlStore) -> None:
    before = token(store)
    store.write(token_rules.revoke(MINT, NOW))
    after = token(store)
    assert states(store) == {1: "destroyed", 2: "destroyed", 3: "primary", 4: "staged"}
    assert (opens(store, before), opens(store, after)) == (False, True)


def test_revoking_the_primary_key_lets_the_staged_one_seal(store: SqlStore) -> None:
    before = token(store)
    store.write(token_rules.revoke(MINT, NOW, number=1))
    assert states(store) == {1: "destroyed", 2: "primary", 3: "staged"}
    assert (opens(store, before), opens(store, token(store))) == (False, True)


def test_revoking_an_old_key_leaves_the_others_tokens(store: SqlStore) -> None:
    old = token(store)
    store.write(token_rules.rotate(MINT, NOW))
    new = token(store)
    store.write(token_rules.revoke(MINT, NOW, number=1))
    assert (opens(store, old), opens(store, new)) == (False, True)


@pytest.mark.parametrize("number", [7, 1])
def test_a_key_that_is_not_there_or_destroyed_cannot_be_revoked(store: SqlStore, number: int) -> None:
    store.write(token_rules.revoke(MINT, NOW))
    with pytest.raises(TokenRulesError, match=f"there is no token key `{number}`; there are 3, 4"):
        store.write(token_rules.revoke(MINT, NOW, number=number))


def test_a_number_never_comes_back(store: SqlStore) -> None:
    for _ in range(3):
        store.write(token_rules.revoke(MINT, NOW))
    assert states(store) == dict.fromkeys(range(1, 7), "destroyed") | {7: "primary", 8: "staged"}


def test_a_denied_token_is_named_by_its_salt_until_it_would_have_ended(store: SqlStore) -> None:
    text, _ = token(store)
    salt = salt_of(text)
    assert salt is not None
    assert (store.write(token_rules.deny(salt, NOW)), store.write(token_rules.deny(salt, NOW))) == (True, False)
    assert store.read(TokenRules.read).denied == {salt}
    store.write(token_rules.retire(NOW + token_rules.LONGEST_SESSION - HOUR))
    assert store.read(TokenRules.read).denied == {salt}
    store.write(token_rules.retire(NOW + token_rules.LONGEST_SESSION))
    assert store.read(TokenRules.read).denied == frozenset()


def test_a_text_that_is_no_token_has_no_salt() -> None:
    assert [salt_of(text) for text in ("", "x", "TFQB", "A" * 5000, "\udcff", "é" * 100)] == [None] * 6


def test_the_moment_before_which_tokens_are_void_never_goes_back(store: SqlStore) -> None:
    store.write(token_rules.end_before(NOW, NOW))
    store.write(token_rules.end_before(NOW - DAY, NOW))
    assert store.read(TokenRules.read).issued_from == NOW
    store.write(token_rules.end_before(NOW + HOUR, NOW))
    assert store.read(TokenRules.read).issued_from == NOW + HOUR


def test_a_server_follows_a_change_with_its_next_step_and_keeps_what_has_not_changed(store: SqlStore) -> None:
    follow = Following(
        Verification(
            keyring=Keyring.of("serve", ()), opened=OpenedTokens(), day_keys=DayKeys(), dummy_secret=Secret("x" * 40)
        )
    )
    first, second = store.read(follow), store.read(follow)
    assert first is second
    store.write(token_rules.rotate(MINT, NOW))
    third = store.read(follow)
    assert (first.keyring.primary.id, third.keyring.primary.id) == (1, 2)
    assert third.opened is first.opened
