"""Claims: one form, one schema, and nothing that could be read otherwise (rules T5, T6)."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.unit.session import sealed as s

from locum.session import claims
from locum.session.session import Session

LEAST: dict[str, Any] = {
    "_1": "assumed-role",
    "_2": "aws",
    "_3": s.ACCOUNT,
    "_4": "AROA",
    "_5": "n",
    "_6": 1_000,
    "_7": 2_000,
}


def refused(raw: bytes) -> bool:
    try:
        claims.unpack(raw)
    except claims.ClaimsError:
        return True
    return False


def deflated(text: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(text) + compressor.flush()


def test_every_field_of_a_session_has_its_number() -> None:
    assert list(claims.NUMBERS) == [
        "kind", "partition", "account", "principal_id", "name", "issued", "expires", "not_before", "chained", "mfa_at",
        "source_identity", "provider", "policy", "policy_ids", "tags", "transitive", "epoch", "region", "origin",
        "source_key_hash",
    ]  # fmt: skip
    assert list(claims.NUMBERS.values()) == list(range(1, 21))
    assert set(claims.NUMBERS) == set(Session.__struct_fields__)


@pytest.mark.parametrize("session", [s.PLAIN, s.FULL])
def test_packing_and_unpacking_are_inverse(session: Session) -> None:
    assert claims.unpack(claims.pack(session)) == session


def test_the_least_that_a_session_is() -> None:
    session = claims.unpack(s.packed(**LEAST))
    assert session.issued == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert claims.pack(session) == s.packed(**LEAST)


def test_a_time_is_kept_to_the_millisecond() -> None:
    fine = msgspec.structs.replace(s.PLAIN, issued=s.NOW + timedelta(microseconds=999))
    assert claims.unpack(claims.pack(fine)).issued == s.NOW


@pytest.mark.parametrize("name", LEAST)
def test_each_of_the_first_claims_is_needed(name: str) -> None:
    assert refused(s.packed(**{key: value for key, value in LEAST.items() if key != name}))


WRONG: dict[str, list[Any]] = {
    "_1": ["root", "", 1, None],
    "_2": ["", 1],
    "_3": ["12345678901", "1234567890123", "12345678901a", "\u0661" * 12, "123456789012\n", 123456789012],
    "_4": [""],
    "_5": [b"n", None],
    "_6": [-1, 1.0, "1", True, 253_402_300_800_000, 2**64 - 1],
    "_7": [-1, None],
    "_8": [-1, None],
    "_9": [1, "true", None, False],
    "_10": ["", None],
    "_11": [1, None],
    "_13": ["text", b"", b"\xff\xff", deflated(b"{}") + b"x", deflated(b"{}")[:-1], deflated(b"\xff"), None],
    "_14": ["x", [1], [], None],
    "_15": [["odd"], [["a", "b"]], {"a": "b"}, [], None],
    "_16": [["a", 1], {"a": 1}],
    "_17": [-1, 0, 1.5, "1", None],
    "_19": ["browser", None],
    "_20": ["text", None],
    "_21": ["new", None, 1],
    "_0": ["x"],
    "_-1": ["x"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_claim_of_another_kind_is_refused(name: str, value: Any) -> None:
    merged = {**LEAST, name: value}
    assert refused(s.packed(**dict(sorted(merged.items(), key=lambda item: int(item[0][1:])))))


def test_a_policy_that_inflates_beyond_its_bound_is_refused() -> None:
    assert not refused(s.packed(**LEAST, _13=deflated(b" " * claims.LONGEST_POLICY)))
    assert refused(s.packed(**LEAST, _13=deflated(b" " * (claims.LONGEST_POLICY + 1))))
    assert refused(s.packed(**LEAST, _13=deflated(b" " * 1_500_000)))


def test_numbers_out_of_order_are_refused() -> None:
    assert refused(s.packed(**dict(reversed(LEAST.items()))))


def test_a_number_twice_is_refused() -> None:
    whole = s.packed(**LEAST)
    assert whole[0] == 0x87
    assert refused(bytes([0x88]) + whole[1:] + s.packed(_7=2_000)[1:])
    assert refused(bytes([0x88]) + whole[1:] + s.packed(_7=9_000)[1:])


def test_bytes_behind_the_claims_are_refused() -> None:
    assert refused(s.packed(**LEAST) + b"\xc0")
    assert refused(s.packed(**LEAST)[:-1])


def test_a_longer_form_of_the_same_value_is_refused() -> None:
    whole = s.packed(**LEAST)
    assert refused(b"\xde\x00\x07" + whole[1:])
    assert refused(whole.replace(b"\x05\xa1n", b"\x05\xd9\x01n"))
    assert refused(whole.replace(b"\x06\xcd\x03\xe8", b"\x06\xce\x00\x00\x03\xe8"))


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xc0", b"\x80", b"\x90", b"\xc1", b"\x81\xa1a\x01", b"\x91" * 2048, b"\x81\x01" * 1000, b"\x81\x80\x01"],
)
def test_what_is_no_map_of_numbers_is_refused(raw: bytes) -> None:
    assert refused(raw)


def test_tags_keep_their_order_and_their_doubles() -> None:
    tags = (("b", "1"), ("a", "2"), ("b", "3"))
    assert claims.unpack(claims.pack(msgspec.structs.replace(s.PLAIN, tags=tags))).tags == tags


def test_a_policy_takes_less_room_than_its_text() -> None:
    policy = '{"Version":"2012-10-17","Statement":[' + '{"Effect":"Allow","Action":"*","Resource":"*"},' * 20 + "]}"
    assert len(claims.pack(msgspec.structs.replace(s.PLAIN, policy=policy))) < len(policy) / 3
