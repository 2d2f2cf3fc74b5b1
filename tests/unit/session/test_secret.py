"""`Secret` is never shown by accident (rule K14)."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from locum.aws.secret import Secret

TEXT = "wJalrXUtnFEMIsK7MDENGbPxRfiCYEXAMPLEKEY"
SECRET = Secret(TEXT)


@pytest.mark.parametrize(
    "shown", [repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET:>60}", str([SECRET]), f"{SECRET!r:>9}"]
)
def test_however_it_is_printed_it_says_one_fixed_word(shown: str) -> None:
    assert "Secret(…)" in shown
    assert TEXT not in shown
    assert str(len(TEXT)) not in shown


@pytest.mark.parametrize(
    "encode", [json.dumps, msgspec.json.encode, msgspec.msgpack.encode, pickle.dumps, copy.deepcopy]
)
def test_no_encoder_takes_it(encode: object) -> None:
    with pytest.raises(TypeError) as caught:
        encode({"secret": SECRET})  # type: ignore[operator]
    assert TEXT not in str(caught.value)


def test_it_is_revealed_on_purpose_only() -> None:
    assert SECRET.reveal() == TEXT


def test_it_equals_the_same_secret_and_no_text() -> None:
    assert Secret(TEXT) == SECRET
    assert Secret("other") != SECRET
    assert SECRET != TEXT


def test_it_does_not_change_and_is_nobody_s_key() -> None:
    with pytest.raises(AttributeError):
        SECRET.text = "x"
    with pytest.raises(TypeError):
        hash(SECRET)
