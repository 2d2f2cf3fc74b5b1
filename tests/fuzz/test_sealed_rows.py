"""No sealed value opens with one octet changed, or in another's place, and the error names the row (K2, xK2, xK3).

`LOCUM_SEALED_ROWS` sets how many values are tried (1,000 in full), each with every octet changed;
`LOCUM_FUZZ_SEED` replays a run.
"""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from tests.fuzz import mutations
from tests.store.nouns import ACCOUNT, MASTER_KEY, NOW, OTHER, Door, add, door, write

from locum.aws.secret import Secret
from locum.store.engine import open_store
from locum.store.errors import BrokenSealError
from locum.store.secrets import NONCE_OCTETS, VALUES, DataKeys, MasterKey, Sealed, StoreError

ROWS = int(os.environ.get("LOCUM_SEALED_ROWS", "60"))
#: how many values are put in another's place, for each row
ELSEWHERE = 100


class Row(msgspec.Struct, frozen=True):
    """A sealed value and its place."""

    kind: str
    id: str
    column: str
    account: str
    sealed: Sealed

    def opened(self, keys: DataKeys, sealed: Sealed) -> str | None:
        """What a value gives in this place: its text, or None when it is refused by the name of this row."""
        try:
            return keys.open(self.kind, self.id, self.column, sealed, account=self.account)
        except BrokenSealError as error:
            return None if f"`{self.column}` of {self.kind} `{self.id}`" in str(error) else str(error)


def made(kind: type[DataKeys]) -> DataKeys:
    """Data keys, with one to seal under."""
    keys = kind(MasterKey(MASTER_KEY), octets=os.urandom, clock=lambda: NOW)
    keys.learn((keys.fresh(VALUES),))
    return keys


def sealed(keys: DataKeys, count: int) -> list[Row]:
    """That many values, of four columns in two accounts."""
    found = []
    for number in range(count):
        kind, column = ("door", "lock")[number % 2], ("code", "seed")[number // 2 % 2]
        account = (ACCOUNT, OTHER)[number // 4 % 2]
        text = f"secret of number {number:04d}, forty octets long"
        value = keys.seal(kind, f"id-{number // 8}", column, account=account, version=1, text=text)
        found.append(Row(kind, f"id-{number // 8}", column, account, value))
    return found


def opened_broken(keys: DataKeys, rows: list[Row], chance: random.Random) -> tuple[int, int]:
    """(how many values were tried with one octet changed, how many of them were not refused by name)."""
    tried = wrong = 0
    for row in rows:
        for place in range(len(row.sealed.octets)):
            octets = bytearray(row.sealed.octets)
            octets[place] ^= chance.randrange(1, 256)
            tried += 1
            wrong += row.opened(keys, msgspec.structs.replace(row.sealed, octets=bytes(octets))) is not None
    return tried, wrong


def opened_elsewhere(keys: DataKeys, rows: list[Row], chance: random.Random) -> tuple[int, int]:
    """(how many values were put into another's place, how many were not refused there by that place's name)."""
    tried = wrong = 0
    for row in rows:
        for other in chance.choices(rows, k=ELSEWHERE):
            if other is not row:
                tried += 1
                wrong += row.opened(keys, other.sealed) is not None
    return tried, wrong


def test_every_value_opens_in_its_own_place() -> None:
    keys = made(DataKeys)
    assert [row.opened(keys, row.sealed) for row in sealed(keys, 16)][3] == "secret of number 0003, forty octets long"


def test_no_value_with_a_changed_octet_opens() -> None:
    keys = made(DataKeys)
    tried, wrong = opened_broken(keys, sealed(keys, ROWS), mutations.seeded())
    print(f"{tried} octets of {ROWS} values changed, {wrong} not refused by name")
    assert (tried > 60 * ROWS, wrong) == (True, 0)


def test_no_value_opens_in_the_place_of_another() -> None:
    keys = made(DataKeys)
    tried, wrong = opened_elsewhere(keys, sealed(keys, ROWS), mutations.seeded())
    print(f"{tried} values in another's place, {wrong} not refused by name")
    assert (tried > 50 * ROWS, wrong) == (True, 0)


class TagUnchecked(DataKeys):
    """The planted fault: the text is deciphered and nobody looks at the tag."""

    def open(self, kind: str, id: str, column: str, sealed: Sealed, *, account: str) -> str:
        nonce, body = sealed.octets[:NONCE_OCTETS], sealed.octets[NONCE_OCTETS:-16]
        key = self._opened[sealed.data_key][1]
        stream = Cipher(algorithms.AES(key), modes.CTR(nonce + b"\0\0\0\2")).decryptor()
        return stream.update(body).decode("utf-8", "replace")


class NothingBound(DataKeys):
    """The planted fault: no place is bound into the seal."""

    def seal(self, kind: str, id: str, column: str, *, account: str, version: int, text: str) -> Sealed:
        return super().seal("", "", "", account="", version=version, text=text)

    def open(self, kind: str, id: str, column: str, sealed: Sealed, *, account: str) -> str:
        try:
            return super().open("", "", "", sealed, account="")
        except BrokenSealError as error:
            raise BrokenSealError(f"the seal of `{column}` of {kind} `{id}` is broken") from error


def test_control_a_seal_whose_tag_is_not_checked_is_found() -> None:
    keys = made(TagUnchecked)
    rows = sealed(keys, 8)
    assert rows[0].opened(keys, rows[0].sealed) == "secret of number 0000, forty octets long"
    tried, wrong = opened_broken(keys, rows, random.Random(7))
    assert wrong == tried


def test_control_a_seal_that_binds_no_place_is_found() -> None:
    keys = made(NothingBound)
    rows = sealed(keys, 8)
    assert opened_broken(keys, rows, random.Random(7))[1] == 0  # every octet is still authentic
    tried, wrong = opened_elsewhere(keys, rows, random.Random(7))
    assert wrong == tried


# ------------------------------------------------------------------ the same through a store


@pytest.fixture
def filled(path: Path) -> list[Door]:
    """A closed store in a file with a secret in each of its rows."""
    store = open_store(path, MASTER_KEY, mode="serve")
    doors = [door(f"d{number}", account=(ACCOUNT, OTHER)[number % 2]) for number in range(ROWS)]
    for one in doors:
        add(store, one)
        write(store, lambda tx, one=one: tx.put_secret(one, "code", Secret(f"secret of {one.id}")))
    store.close()
    return doors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made."""
    (tmp_path / "at").mkdir(mode=0o700)
    return tmp_path / "at" / "locum.db"


def refused_rows(path: Path, doors: list[Door]) -> int:
    """How many reads are refused by the name of their row."""
    store, count = open_store(path, MASTER_KEY, mode="serve"), 0
    for one in doors:
        try:
            store.read(lambda tx, one=one: tx.secret(one, "code"))
        except StoreError as error:
            count += f"`code` of door `{one.id}`" in str(error)
    store.close()
    return count


def test_every_read_of_a_changed_row_fails_and_names_the_row(path: Path, filled: list[Door]) -> None:
    assert refused_rows(path, filled) == 0
    raw = sqlite3.connect(path)
    values = raw.execute("SELECT id, sealed FROM secret").fetchall()
    shortest = min(len(octets) for _, octets in values)
    refused = []
    for place in range(shortest):
        for row, octets in values:
            changed = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
            raw.execute("UPDATE secret SET sealed = ? WHERE id = ?", (changed, row))
        raw.commit()
        refused.append(refused_rows(path, filled))
    raw.close()
    print(f"{shortest} octets of {len(filled)} rows changed, {sum(refused)} reads refused by name")
    assert refused == [len(filled)] * shortest


def test_control_rows_that_are_as_they_were_are_not_refused(path: Path, filled: list[Door]) -> None:
    raw = sqlite3.connect(path)
    row, octets = raw.execute("SELECT id, sealed FROM secret WHERE id = ?", (filled[3].id,)).fetchone()
    raw.execute("UPDATE secret SET sealed = ? WHERE id = ?", (octets[:-1] + bytes([octets[-1] ^ 1]), row))
    raw.commit()
    raw.close()
    assert refused_rows(path, filled) == 1
