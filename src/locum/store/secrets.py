"""Sealing: the master key opens data keys, data keys seal values.

Law: rules K2, K3 and K5. A value is sealed with AES-256-GCM under a data key and a random 96-bit nonce, bound by its
additional data to the table, the key of its row, its column, its account, its version and its data key, so that nothing
can be moved or swapped. Data keys are wrapped the same way under the master key. There is no null key: without the
right master key nothing opens, and nothing is sealed either. Python cannot wipe memory (K11).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from locum.aws.secret import Secret
from locum.store.errors import BrokenSealError, SealedError, StoreError

KEY_OCTETS, NONCE_OCTETS = 32, 12
#: a data key is followed by a new one after so many values or days (K3; the hard limit is 2^32)
USES, AGE = 1 << 28, timedelta(days=90)

Octets = Callable[[int], bytes]
Clock = Callable[[], datetime]
Again = Callable[[], Secret]

#: what data keys are for
VALUES, MARKERS = "secret", "marker"


class Sealed(msgspec.Struct, frozen=True):
    """A sealed value as its row holds it."""

    account: str
    version: int
    data_key: str
    octets: bytes


class DataKeyRow(msgspec.Struct, frozen=True):
    """A data key as its row holds it: wrapped."""

    id: str
    purpose: str
    created: str
    uses: int
    master_key: str
    wrapped: bytes

    def columns(self) -> dict[str, object]:
        """The row by its columns."""
        return msgspec.structs.asdict(self)


def bound(*parts: str | int) -> bytes:
    """Additional data: the parts, written so that no other parts read the same."""
    return msgspec.json.encode(parts)


def _place(kind: str, id: str, column: str, account: str, version: int, data_key: str) -> bytes:
    return bound("secret", kind, id, column, account, version, data_key)


_HEXADECIMAL = re.compile(r"[0-9a-f]{64}", re.ASCII)


class MasterKey:
    """The key of keys (KEK). 32 octets that are not all the same; shown by its fingerprint alone."""

    __slots__ = ("_cipher", "fingerprint")

    def __init__(self, key: Secret | bytes | None) -> None:
        """`key` is 32 octets or the 64 hexadecimal digits of them. Raises SealedError for anything else."""
        if key is None:
            raise SealedError("the store is sealed: no master key was given")
        if isinstance(key, Secret):
            if not _HEXADECIMAL.fullmatch(key.reveal()):
                raise SealedError("a master key is written as 64 hexadecimal digits in lower case, and this one is not")
            key = bytes.fromhex(key.reveal())
        octets = key
        if len(octets) != KEY_OCTETS:
            raise SealedError(f"a master key has {KEY_OCTETS} octets, and this one has {len(octets)}")
        if len(set(octets)) == 1:
            raise SealedError("a master key of one repeated octet is no key")
        self._cipher = AESGCM(octets)
        self.fingerprint = hmac.digest(octets, b"locum/fingerprint", hashlib.sha256)[:8].hex()

    def wrap(self, id: str, purpose: str, octets: bytes, *, nonce: bytes) -> bytes:
        """A data key, sealed for its row."""
        return nonce + self._cipher.encrypt(nonce, octets, bound("data_key", id, purpose, "wrapped"))

    def unwrap(self, row: DataKeyRow) -> bytes:
        """The data key of a row. Raises SealedError when this is not the master key that wrapped it."""
        octets = row.wrapped
        place = bound("data_key", row.id, row.purpose, "wrapped")
        try:
            return self._cipher.decrypt(octets[:NONCE_OCTETS], octets[NONCE_OCTETS:], place)  # SECRET
        except InvalidTag as error:
            raise SealedError(
                f"the store is sealed: the master key `{self.fingerprint}` does not open data key `{row.id}`, "
                f"which `{row.master_key}` wrapped"
            ) from error

    def __repr__(self) -> str:
        return f"MasterKey({self.fingerprint})"


class DataKeys:
    """The opened data keys of a store: seals under the newest, opens under any. Knows none until it is told."""

    __slots__ = (
        "_again",
        "_ciphers",
        "_current",
        "_master",
        "_newest",
        "_octets",
        "_opened",
        "_used",
        "clock",
        "marker",
    )

    def __init__(self, master: MasterKey, *, octets: Octets, clock: Clock, again: Again | None = None) -> None:
        """`octets` draws keys and nonces, `clock` tells their age, `again` reads the master key anew after another
        process has changed it (rule K6)."""
        self._master = master
        self._again = again
        self._opened: dict[str, tuple[str, bytes]] = {}
        self._octets = octets
        self.clock = clock
        self._ciphers: dict[str, AESGCM] = {}
        self._newest: dict[str, DataKeyRow] = {}
        self._current = ""
        self._used = 0
        self.marker = b""

    def learn(self, rows: tuple[DataKeyRow, ...]) -> None:
        """Opens the rows, oldest first. Raises SealedError, and learns nothing, when the master key does not.

        What was opened before stays open, because a value that was read before its key went may still be asked for.
        """
        opened = self._opened | {row.id: (row.purpose, self._unwrap(row)) for row in rows if row.id not in self._opened}
        newest = {row.purpose: row for row in rows}
        self._opened = opened
        self._ciphers = {id: AESGCM(key) for id, (purpose, key) in opened.items() if purpose == VALUES}
        self._newest = newest
        self._used = 0
        if VALUES in newest:
            self._current = newest[VALUES].id
        if MARKERS in newest:
            self.marker = opened[newest[MARKERS].id][1]

    def _unwrap(self, row: DataKeyRow) -> bytes:
        """The data key of a row, under the master key that we have or under the one that has followed it."""
        if row.master_key != self._master.fingerprint and self._again is not None:
            self._master = MasterKey(self._again())
        return self._master.unwrap(row)

    def wraps(self, rows: tuple[DataKeyRow, ...]) -> bool:
        """Whether our master key is the one that these rows are wrapped under, or has become it. Where it is not, a new
        data key would be lost with the next start."""
        wrapping = {row.master_key for row in rows}
        if wrapping - {self._master.fingerprint} and self._again is not None:
            self._master = MasterKey(self._again())
        return wrapping <= {self._master.fingerprint}

    def follows(self, newest: str | None) -> bool:
        """Whether the newest key of values is the one that we seal under."""
        return newest == self._current

    def knows(self, data_key: str) -> bool:
        """Whether values can be opened under that key."""
        return data_key in self._ciphers

    def worn(self, purpose: str) -> bool:
        """Whether there is no key of that purpose, or it has served long enough (rule K3)."""
        row = self._newest.get(purpose)
        if row is None:
            return True
        uses = row.uses + (self._used if purpose == VALUES else 0)
        return uses >= USES or self.clock() - datetime.fromisoformat(row.created) >= AGE

    def fresh(self, purpose: str) -> DataKeyRow:
        """A new data key of that purpose, wrapped for its row. It is not learnt."""
        id = self._octets(8).hex()
        wrapped = self._master.wrap(id, purpose, self._octets(KEY_OCTETS), nonce=self._octets(NONCE_OCTETS))
        return DataKeyRow(id, purpose, self.clock().isoformat(), 0, self._master.fingerprint, wrapped)

    def seal(self, kind: str, id: str, column: str, *, account: str, version: int, text: str) -> Sealed:
        """A text, sealed for exactly one version of one column of one row."""
        current = self._current
        if current not in self._ciphers:
            raise StoreError("the store has no data key to seal with; it was not made completely")
        place = _place(kind, id, column, account, version, current)
        nonce = self._octets(NONCE_OCTETS)
        octets = nonce + self._ciphers[current].encrypt(nonce, text.encode(), place)
        self._used += 1
        return Sealed(account=account, version=version, data_key=current, octets=octets)

    def open(self, kind: str, id: str, column: str, sealed: Sealed, *, account: str) -> str:
        """The text of a sealed value. Raises BrokenSealError, which names the row, for anything that was not sealed for
        exactly this place."""
        cipher = self._ciphers.get(sealed.data_key)
        if cipher is None:
            raise BrokenSealError(f"`{column}` of {kind} `{id}` is sealed under `{sealed.data_key}`, which is not here")
        place = _place(kind, id, column, account, sealed.version, sealed.data_key)
        octets = sealed.octets
        try:
            return cipher.decrypt(octets[:NONCE_OCTETS], octets[NONCE_OCTETS:], place).decode()  # SECRET
        except (InvalidTag, ValueError) as error:
            raise BrokenSealError(f"the seal of `{column}` of {kind} `{id}` is broken") from error


_NOBODYS = AESGCM(AESGCM.generate_key(8 * KEY_OCTETS))
_NOWHERE = ("access_key", "AKIA0000000000000000", "secret", "000000000000", 1, "0" * 16)
_DECOY = bytes(NONCE_OCTETS) + _NOBODYS.encrypt(bytes(NONCE_OCTETS), b"0" * 40, _place(*_NOWHERE))


def open_decoy() -> Secret:
    """Nobody's secret, opened as `DataKeys.open` opens one: so much time, and nothing else, is what a key that is not
    there takes (rule S5). Its key is random and made once a process; it seals this alone, so that one nonce will do."""
    return Secret(_NOBODYS.decrypt(_DECOY[:NONCE_OCTETS], _DECOY[NONCE_OCTETS:], _place(*_NOWHERE)).decode())
