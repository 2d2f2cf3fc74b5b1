"""Seals: open exactly where they were made (rule K2), and never show what they are made with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
import pytest

from locum.store.errors import BrokenSealError, SealedError, StoreError
from locum.store.secrets import AGE, MARKERS, USES, VALUES, DataKeyRow, DataKeys, MasterKey, bound

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


def data_keys(*rows: DataKeyRow, master: MasterKey = MASTER, now: datetime = NOW) -> DataKeys:
    keys = DataKeys(master, octets=OCTETS, clock=lambda: now)
    keys.learn(rows)
    return keys


ROWS = tuple(data_keys().fresh(purpose) for purpose in (VALUES, MARKERS))
KEYS = data_keys(*ROWS)


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
        data_keys(*ROWS, master=MasterKey(bytes(range(1, 33))))


def test_wrapped_data_keys_cannot_be_swapped() -> None:
    first, second = ROWS
    swapped = type(first)(first.id, first.purpose, first.created, 0, first.master_key, second.wrapped)
    with pytest.raises(SealedError):
        MASTER.unwrap(swapped)


def test_nothing_is_sealed_without_a_data_key() -> None:
    with pytest.raises(StoreError, match="no data key"):
        data_keys().seal("door", "ADOR", "code", account="1", version=1, text="x")


def test_a_data_key_is_worn_when_it_is_missing_used_up_or_old() -> None:
    used = msgspec.structs.replace(ROWS[0], uses=USES)
    seen = [
        data_keys().worn(VALUES),
        data_keys(used).worn(VALUES),
        data_keys(*ROWS, now=NOW + AGE).worn(VALUES),
        data_keys(*ROWS, now=NOW + AGE - timedelta(seconds=1)).worn(VALUES),
    ]
    assert seen == [True, True, True, False]


def test_a_data_key_counts_towards_its_end_what_it_seals_here() -> None:
    keys = data_keys(msgspec.structs.replace(ROWS[0], uses=USES - 1), ROWS[1])
    before = keys.worn(VALUES)
    keys.seal("door", "ADOR", "code", account="1", version=1, text="x")
    assert (before, keys.worn(VALUES)) == (False, True)


def test_no_key_shows_itself() -> None:
    shown = f"{MASTER!r} {KEYS!r} {vars(type(MASTER)).keys()}"
    assert bytes(range(32)).hex() not in shown
    assert MASTER.fingerprint in shown
