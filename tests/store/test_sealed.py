"""Secrets at rest: sealed where they stand, nowhere in the clear, not at all without the master key (K2, K5, E7)."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.store.nouns import ACCOUNT, MASTER_KEY, NOW, OTHER, Door, add, door, lock, write

from locum.aws.secret import Secret
from locum.store.engine import SqlStore, open_store
from locum.store.errors import BrokenSealError, OtherModeError, SealedError, StoreError

A, B, FAR = door("a"), door("b"), door("a", account=OTHER)


def revealed(store: SqlStore, of: Door, column: str = "code") -> str:
    return store.read(lambda tx: tx.secret(of, column)).reveal()


def test_a_secret_comes_back_and_the_newest_one_counts(store: SqlStore) -> None:
    add(store, A)
    for text in ("first", "second", "ünïcödé ✓"):
        write(store, lambda tx, t=text: tx.put_secret(A, "code", Secret(t)))
        assert revealed(store, A) == text


def test_a_missing_secret_is_an_error_that_names_the_column(store: SqlStore) -> None:
    add(store, A)
    with pytest.raises(StoreError, match="has no `code`"):
        revealed(store, A)


def test_a_removed_secret_is_gone(store: SqlStore) -> None:
    add(store, A)
    write(store, lambda tx: tx.put_secret(A, "code", Secret("1")))
    assert revealed(store, A) == "1"
    assert [write(store, lambda tx: tx.remove_secret(A, "code")) for _ in range(2)] == [True, False]
    with pytest.raises(StoreError, match="has no `code`"):
        revealed(store, A)


def test_a_secret_of_what_is_not_stored_is_refused(store: SqlStore) -> None:
    with pytest.raises(Exception, match="multiple requests"):
        write(store, lambda tx: tx.put_secret(A, "code", Secret("1")))


@pytest.fixture
def three(path: Path) -> Path:
    """A file with secrets in two columns, two rows and two accounts, closed."""
    store = open_store(path, MASTER_KEY, mode="serve")
    add(store, A, B, FAR, lock("a", A, id=A.id))
    for of, column in ((A, "code"), (A, "seed"), (B, "code"), (FAR, "code")):
        write(store, lambda tx, o=of, c=column: tx.put_secret(o, c, Secret(f"{o.id} {c}")))
    write(store, lambda tx: tx.put_secret(tx.get_id(type(lock("a", A)), A.id), "code", Secret("of the lock")))
    write(store, lambda tx: tx.put_secret(B, "code", Secret("again")))
    store.close()
    return path


SWAPS = {
    "rows": ("id = 'ADOR-1111-a' AND kind = 'door' AND \"column\" = 'code'", "id = 'ADOR-1111-b'"),
    "columns": (
        "id = 'ADOR-1111-a' AND kind = 'door' AND \"column\" = 'code'",
        "id = 'ADOR-1111-a' AND \"column\" = 'seed'",
    ),
    "accounts": ("id = 'ADOR-1111-a' AND kind = 'door' AND \"column\" = 'code'", "id = 'ADOR-4444-a'"),
    "kinds": ("id = 'ADOR-1111-a' AND kind = 'door' AND \"column\" = 'code'", "kind = 'lock'"),
}


@pytest.mark.parametrize("swap", SWAPS)
def test_swapped_ciphertexts_do_not_open_and_swapped_back_they_do(three: Path, swap: str) -> None:
    def swapped() -> None:
        with sqlite3.connect(three) as raw:
            rows = [
                raw.execute(f"SELECT sealed, version, data_key FROM secret WHERE {where}").fetchone()
                for where in SWAPS[swap]
            ]
            for where, row in zip(SWAPS[swap], reversed(rows), strict=True):
                raw.execute(f"UPDATE secret SET sealed = ?, version = ?, data_key = ? WHERE {where}", row)
        raw.close()

    def answer() -> str:
        store = open_store(three, MASTER_KEY, mode="serve")
        try:
            return revealed(store, A)
        finally:
            store.close()

    assert answer() == "ADOR-1111-a code"
    swapped()
    with pytest.raises(BrokenSealError, match="`code` of door `ADOR-1111-a`"):
        answer()
    swapped()
    assert answer() == "ADOR-1111-a code"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE secret SET version = version + 1",
        "UPDATE secret SET sealed = substr(sealed, 1, length(sealed) - 1)",
        "UPDATE secret SET sealed = x''",
        "UPDATE secret SET data_key = (SELECT id FROM data_key WHERE purpose = 'marker')",
    ],
)
def test_an_altered_row_does_not_open(three: Path, change: str) -> None:
    with sqlite3.connect(three) as raw:
        raw.execute(change)
    raw.close()
    store = open_store(three, MASTER_KEY, mode="serve")
    with pytest.raises(BrokenSealError):
        revealed(store, A)
    store.close()


def test_every_flipped_octet_breaks_the_seal(three: Path) -> None:
    raw = sqlite3.connect(three)
    where = "id = 'ADOR-1111-b'"
    sealed = raw.execute(f"SELECT sealed FROM secret WHERE {where}").fetchone()[0]
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        raw.execute(f"UPDATE secret SET sealed = ? WHERE {where}", (bytes(broken),))
        raw.commit()
        store = open_store(three, MASTER_KEY, mode="serve")
        with pytest.raises(BrokenSealError):
            revealed(store, B)
        store.close()
    raw.close()


def spellings(text: str) -> list[bytes]:
    """How a text may be written into a file: as it is, in hexadecimal, in base64 at each of three places."""
    octets = text.encode()
    return [
        octets,
        octets.hex().encode(),
        octets.hex().upper().encode(),
        *(base64.b64encode(b"x" * shift + octets)[4:-4] for shift in range(3)),
    ]


def test_a_secret_is_in_no_file_and_no_line(path: Path) -> None:
    secret, clear = "canary-of-a-secret-8Kd2", "canary-in-the-clear-77Qz"
    store = open_store(path, MASTER_KEY, mode="serve")
    add(store, door("a", text=clear))
    write(store, lambda tx: tx.put_secret(A, "code", Secret(secret)))

    def hits(text: str) -> int:
        octets = b"".join(file.read_bytes() for file in path.parent.iterdir())
        return sum(octets.count(spelling) for spelling in spellings(text))

    while_open = hits(secret), hits(clear)
    assert {file.name for file in path.parent.iterdir()} >= {"locum.db", "locum.db-wal", "activity.db"}
    assert secret not in repr(store.read(lambda tx: tx.changes(ACCOUNT)))
    store.close()
    after = hits(secret), hits(clear)
    assert (while_open[0], after[0]) == (0, 0)
    assert while_open[1] > 0 < after[1]  # the search does find what is there
    assert hits(MASTER_KEY.hex()) == 0


@pytest.mark.parametrize(
    "key", [None, bytes(32), b"\x01" * 32, b"short", Secret("no hexadecimal"), bytes(range(1, 33))]
)
def test_a_store_without_its_master_key_is_sealed(three: Path, key: bytes | Secret | None) -> None:
    before = three.read_bytes()
    with pytest.raises(SealedError) as refused:
        open_store(three, key, mode="serve")
    assert MASTER_KEY.hex() not in str(refused.value)
    assert three.read_bytes() == before


@pytest.mark.parametrize("key", [None, bytes(32), b"short"])
def test_no_store_is_made_without_a_master_key(path: Path, key: bytes | None) -> None:
    with pytest.raises(SealedError):
        open_store(path, key, mode="serve")
    assert not path.exists()


def test_a_master_key_may_be_written_in_hexadecimal(three: Path) -> None:
    store = open_store(three, Secret(MASTER_KEY.hex()), mode="serve")
    assert revealed(store, A) == "ADOR-1111-a code"
    store.close()


@pytest.mark.parametrize("mode", ["serve", "dev"])
def test_each_mode_refuses_the_others_store(path: Path, mode: str) -> None:
    open_store(path, MASTER_KEY, mode=mode).close()  # type: ignore[arg-type]
    other = "dev" if mode == "serve" else "serve"
    with pytest.raises(OtherModeError, match=f"made by `locum {mode}`"):
        open_store(path, MASTER_KEY, mode=other)  # type: ignore[arg-type]
    open_store(path, MASTER_KEY, mode=mode).close()  # type: ignore[arg-type]


def test_a_worn_data_key_is_followed_by_a_new_one_and_still_opens(three: Path) -> None:
    def sealed_under(of: Door) -> str:
        with sqlite3.connect(three) as raw:
            return str(
                raw.execute("SELECT data_key FROM secret WHERE id = ? AND kind = 'door'", (of.id,)).fetchone()[0]
            )

    later: Callable[[], SqlStore] = lambda: open_store(  # noqa: E731
        three, MASTER_KEY, mode="serve", clock=lambda: NOW + timedelta(days=36500)
    )
    before = sealed_under(B)
    store = later()
    assert revealed(store, B) == "again"
    write(store, lambda tx: tx.put_secret(B, "code", Secret("newer")))
    store.close()
    store = later()
    assert revealed(store, B) == "newer"
    store.close()
    assert sealed_under(B) != before == sealed_under(FAR)


def test_a_data_key_that_wears_out_while_running_is_followed_and_other_processes_know(
    path: Path,
) -> None:
    days = 0
    here = open_store(path, MASTER_KEY, mode="serve", clock=lambda: NOW + timedelta(days=days))
    there = open_store(path, MASTER_KEY, mode="serve", clock=lambda: NOW)
    add(here, A, B)
    write(here, lambda tx: tx.put_secret(A, "code", Secret("old")))
    assert revealed(there, A) == "old"
    days = 90
    write(here, lambda tx: tx.put_secret(B, "code", Secret("new")))
    assert (revealed(here, A), revealed(here, B)) == ("old", "new")
    assert (revealed(there, A), revealed(there, B)) == ("old", "new")
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(DISTINCT data_key) FROM secret").fetchone() == (2,)
    here.close()
    there.close()


def test_a_data_key_counts_what_it_sealed(three: Path) -> None:
    with sqlite3.connect(three) as raw:
        uses = dict(raw.execute("SELECT purpose, uses FROM data_key").fetchall())
    assert uses == {"secret": 6, "marker": 0}


def test_what_is_no_store_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE cake (slice TEXT)")
    raw.close()
    with pytest.raises(StoreError, match="not one of Locum's"):
        open_store(path, MASTER_KEY)
    path.write_bytes(b"not a database at all, just a long enough text" * 40)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(path, MASTER_KEY)


def test_the_files_are_their_owners_alone(three: Path) -> None:
    store = open_store(three, MASTER_KEY, mode="serve")
    add(store, door("c"))
    assert {oct(file.stat().st_mode & 0o777) for file in three.parent.iterdir()} == {"0o600"}
    store.close()
