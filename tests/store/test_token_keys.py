"""Roots of session-token keys: kept sealed, numbered once, without a root once destroyed (rules T9, T10)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.store.nouns import AUTHOR, MASTER_KEY, NOW

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.store.engine import SqlStore, open_store
from locum.store.token_keys import NOBODY, TokenKeyRoot


def key(number: int, *, state: str = "primary", root: str = "0f" * 32) -> TokenKeyRoot:
    return TokenKeyRoot(number=number, state=state, cipher="AES-256-GCM", created=NOW, root=Secret(root))


def test_keys_come_back_by_number(store: SqlStore) -> None:
    for number in (10, 9, 32769):
        store.add_token_key(key(number), AUTHOR)
    assert store.token_keys() == (key(9), key(10), key(32769))


def test_a_number_is_used_once(store: SqlStore) -> None:
    store.add_token_key(key(1), AUTHOR)
    store.set_token_key_state(1, "destroyed", AUTHOR)
    with pytest.raises(Refusal, match="there is a token key `1` already"):
        store.add_token_key(key(1), AUTHOR)


def test_a_destroyed_key_has_no_root_any_more(store: SqlStore) -> None:
    store.add_token_key(key(1), AUTHOR)
    store.set_token_key_state(1, "verify-only", AUTHOR)
    assert store.token_keys() == (key(1, state="verify-only"),)
    store.set_token_key_state(1, "destroyed", AUTHOR)
    assert store.token_keys() == (msgspec.structs.replace(key(1), state="destroyed", root=None),)


def test_an_unknown_key_has_no_state(store: SqlStore) -> None:
    with pytest.raises(Refusal, match="there is no token key `7`"):
        store.set_token_key_state(7, "primary", AUTHOR)


def test_a_server_can_tell_that_its_keyring_is_old(store: SqlStore) -> None:
    generations = [store.read(lambda tx: tx.generation(NOBODY))]
    store.add_token_key(key(1), AUTHOR)
    generations.append(store.read(lambda tx: tx.generation(NOBODY)))
    store.set_token_key_state(1, "verify-only", AUTHOR)
    generations.append(store.read(lambda tx: tx.generation(NOBODY)))
    assert generations == sorted(set(generations))


def test_a_root_is_in_no_file(path: Path) -> None:
    root = "5eed" * 16
    store = open_store(path, MASTER_KEY, mode="serve")
    store.add_token_key(key(1, root=root), AUTHOR)
    octets = b"".join(file.read_bytes() for file in path.parent.iterdir())
    store.close()
    assert b"token-key" in octets
    assert root.encode() not in octets
    assert bytes.fromhex(root) not in octets
