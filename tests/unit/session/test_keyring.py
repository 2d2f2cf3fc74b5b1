"""The keyring: ranges, states and rotation (rules T2, T9, T10, E7)."""

from __future__ import annotations

import pytest
from tests.unit.session import sealed as s

from locum.session.keyring import KEY_IDS, Keyring, KeyringError, TokenKey
from locum.session.token import seal


def test_a_root_has_thirty_two_bytes() -> None:
    with pytest.raises(KeyringError, match="31 bytes"):
        TokenKey.of(1, s.ROOT[1:])


def test_the_three_derived_keys_differ() -> None:
    made = [key(b"text") for key in (s.KEY.encryption, s.KEY.secret, s.KEY.identity)]
    assert len({code[:32] for code in made}) == 3


def test_a_key_shows_none_of_its_bytes() -> None:
    assert repr(s.KEY) == "TokenKey(1, primary, AES-256-GCM)"
    assert repr(s.KEYRING) == "Keyring(serve, [TokenKey(1, primary, AES-256-GCM)])"


def test_the_ranges_of_dev_and_serve_do_not_meet() -> None:
    assert not set(KEY_IDS["dev"]) & set(KEY_IDS["serve"])
    assert max(KEY_IDS["dev"]) == 0xFFFF


@pytest.mark.parametrize(("mode", "id"), [("serve", 0), ("serve", 0x8000), ("dev", 0x7FFF), ("dev", 0x10000)])
def test_a_key_of_the_other_range_is_refused(mode: str, id: int) -> None:
    with pytest.raises(KeyringError, match="range"):
        Keyring.of(mode, [TokenKey.of(id, s.ROOT)])  # type: ignore[arg-type]


def test_an_id_twice_or_two_primary_keys_are_refused() -> None:
    with pytest.raises(KeyringError, match="twice"):
        Keyring.of("serve", [s.KEY, TokenKey.of(1, s.OTHER_ROOT, state="staged")])
    with pytest.raises(KeyringError, match="one primary"):
        Keyring.of("serve", [s.KEY, TokenKey.of(2, s.OTHER_ROOT)])


def test_a_rotation_keeps_old_tokens_open_until_their_key_is_destroyed() -> None:
    old = seal(s.PLAIN, s.KEYRING, s.SALT)
    staged = s.KEYRING.with_key(TokenKey.of(2, s.OTHER_ROOT, state="staged"))
    assert staged.primary.id == 1
    promoted = staged.promoted(2)
    assert (promoted.primary.id, [key.state for key in promoted.keys]) == (2, ["verify-only", "primary"])
    new = seal(s.PLAIN, promoted, s.SALT)
    for keyring in (staged, promoted):  # a node that has not promoted yet opens the other's tokens
        for credentials in (old, new):
            assert s.opens(credentials.session_token.reveal(), credentials.access_key_id, keyring) is not None
    destroyed = promoted.without(1)
    assert s.opens(old.session_token.reveal(), old.access_key_id, destroyed) is None
    assert s.opens(new.session_token.reveal(), new.access_key_id, destroyed) is not None


def test_a_destroyed_key_holds_nothing_comes_back_never_and_keeps_its_id() -> None:
    destroyed = s.KEYRING.without(1)
    (key,) = destroyed.keys
    assert key.state == "destroyed"
    for gone in (key.encryption, key.secret, key.identity):
        with pytest.raises(KeyringError, match="makes nothing"):
            gone(b"text")
    assert key.in_state("primary").state == "destroyed"
    assert destroyed.find(1) is None
    with pytest.raises(KeyringError, match="promote"):
        destroyed.promoted(1)
    with pytest.raises(KeyringError, match="twice"):
        destroyed.with_key(TokenKey.of(1, s.OTHER_ROOT))
    with pytest.raises(KeyringError, match="no primary"):
        _ = destroyed.primary


def test_a_keyring_does_not_change() -> None:
    s.KEYRING.with_key(TokenKey.of(2, s.OTHER_ROOT, state="staged"))
    assert [key.id for key in s.KEYRING.keys] == [1]
