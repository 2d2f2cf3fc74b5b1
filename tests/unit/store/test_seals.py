"""Seals: open exactly where they were made (rule K2), and never show what they are made with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from locum.store.errors import BrokenSealError, SealedError, StoreError
from locum.store.secrets import AGE, MARKERS, USES, VALUES, DataKeys, MasterKey, bound, new_data_key, worn

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PLACE = {"kind": "door", "id": "ADOR", "column": "code", "account": "111122223333"}


class Octets:
    """Octets that are never the same and always the same in the next run."""

    def __init__(self) -> None:
        self._turn = 0

    def __call__(self, count: int) -> bytes:
        self._turn += 1
        return sha256(str(self._turn).encode()).digest()[:count]


OCTETS = Octets()
MASTER = MasterKey(bytes(range(32)))
ROWS = tuple(new_data_key(MASTER, purpose, NOW, OCTETS) for purpose in (VALUES, MARKERS))
KEYS = DataKeys(MASTER, ROWS, octets=OCTETS)


def test_a_seal_opens_where_it_was_made() -> None:
    sealed = KEYS.seal("door", "ADOR", "code", account="1", version=3, text="swordfish")
    assert KEYS.open("door", "ADOR", "code", sealed, account="1") == "swordfish"


@pytest.mark.parametrize("part", PLACE)
def test_a_seal_opens_nowhere_else(part: str) -> None:
    def opened(place: dict[str, str]) -> str:
        return KEYS.open(place["kind"], place["id"], place["column"], sealed, account=place["account"])

    sealed = KEYS.seal("door", "ADOR", "code", account=PLACE["account"], version=1, text="swordfish")
    assert opened(PLACE) == "swordfish"
    with pytest.raises(BrokenSealError) as broken:
        opened({**PLACE, part: PLACE[part] + "x"})
    assert "swordfish" not in str(broken.value)


def test_parts_of_a_place_do_not_run_together() -> None:
    assert len({bound("a", "bc"), bound("ab", "c"), bound("abc"), bound('a","bc'), bound("a", "b", "c")}) == 5


def test_the_same_text_is_never_sealed_the_same() -> None:
    sealed = {KEYS.seal("door", "ADOR", "code", account="1", version=1, text="x").octets for _ in range(100)}
    assert len({octets[:12] for octets in sealed}) == 100


def test_data_keys_open_under_their_own_master_key_alone() -> None:
    with pytest.raises(SealedError, match=MASTER.fingerprint):
        DataKeys(MasterKey(bytes(range(1, 33))), ROWS, octets=OCTETS)


def test_wrapped_data_keys_cannot_be_swapped() -> None:
    first, second = ROWS
    swapped = type(first)(first.id, first.purpose, first.created, 0, first.master_key, second.wrapped)
    with pytest.raises(SealedError):
        MASTER.unwrap(swapped)


def test_a_store_without_data_keys_is_not_complete() -> None:
    with pytest.raises(StoreError, match="no data keys"):
        DataKeys(MASTER, ROWS[:1], octets=OCTETS)


def test_a_data_key_is_worn_by_its_uses_or_its_age() -> None:
    row = ROWS[0]
    used = type(row)(row.id, row.purpose, row.created, USES, row.master_key, row.wrapped)
    assert [worn(row, NOW), worn(used, NOW), worn(row, NOW + AGE), worn(row, NOW + AGE - timedelta(seconds=1))] == [
        False,
        True,
        True,
        False,
    ]


def test_no_key_shows_itself() -> None:
    shown = f"{MASTER!r} {KEYS!r} {vars(type(MASTER)).keys()}"
    assert bytes(range(32)).hex() not in shown
    assert MASTER.fingerprint in shown
