"""Messages that only their server reads."""

from __future__ import annotations

import base64

import pytest

from locum.session.keyring import Keyring, TokenKey
from locum.session.message import open_message, seal_message
from locum.session.session import TokenError
from locum.session.token import open_token

ACCOUNT, OTHER = "111122223333", "444455556666"
KEY = TokenKey.of(0x8000, bytes(range(32)))
RING = Keyring.of("dev", [KEY])
SALT = bytes(16)
MESSAGE = seal_message(b"why", ACCOUNT, RING, SALT)


def test_a_message_opens_for_its_account_alone() -> None:
    assert open_message(MESSAGE, ACCOUNT, RING) == b"why"
    assert open_message(MESSAGE, OTHER, RING) is None


@pytest.mark.parametrize("at", [0, 3, 5, 21, 37, -1])
def test_a_message_that_was_altered_does_not_open(at: int) -> None:
    raw = bytearray(base64.b64decode(MESSAGE))
    raw[at] ^= 1
    assert open_message(base64.b64encode(raw).decode(), ACCOUNT, RING) is None


@pytest.mark.parametrize("text", ["", "why", "TE0B", MESSAGE[:-4], MESSAGE + "\n", "A" * 10_241])
def test_a_text_that_is_no_message_does_not_open(text: str) -> None:
    assert open_message(text, ACCOUNT, RING) is None


def test_another_key_opens_nothing_and_a_destroyed_one_neither() -> None:
    assert open_message(MESSAGE, ACCOUNT, Keyring.of("dev", [TokenKey.of(0x8000, bytes(32))])) is None
    assert open_message(MESSAGE, ACCOUNT, RING.without(0x8000)) is None


def test_a_message_is_no_token() -> None:
    with pytest.raises(TokenError):
        open_token(MESSAGE, "ASIAIOSFODNN7EXAMPLE", RING)


def test_texts_of_nearly_one_length_are_messages_of_one_length() -> None:
    assert {len(seal_message(b"x" * size, ACCOUNT, RING, SALT)) for size in (1, 100, 256)} == {len(MESSAGE)}


def test_a_salt_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        seal_message(b"why", ACCOUNT, RING, b"")
