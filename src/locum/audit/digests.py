"""What signs the digests, and what the main store keeps of each chain.

Law: rules A2 and K2. The signing key is an Ed25519 seed, sealed in the store; whoever can write the audit files and
even the store's rows, but does not have the master key, cannot sign. The store keeps the head of every chain, so that a
chain that was cut short, or taken away, is missed. Neither raises a generation: nothing is decided by them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from locum.audit.chain import Digest, Pruned
from locum.aws.secret import Secret
from locum.store.entity import Author, Entity
from locum.store.tx import Store, Tx

NOBODY = ""
KEY = "1"
_SEED, _SEED_OCTETS = "seed", 32
_PAGE = 1_000

Octets = Callable[[int], bytes]


class _Key(Entity, frozen=True, kw_only=True):
    """The row of the signing key; its name is its number."""

    kind: ClassVar[str] = "audit-key"
    missing: ClassVar[str] = "there is no audit key `{name}`"
    exists: ClassVar[str] = "there is an audit key `{name}` already"
    decides: ClassVar[bool] = False


class Head(Entity, frozen=True, kw_only=True):
    """How far the store knows a chain: the place and the hash of its last signed line. `stopped` says that nothing
    comes behind it, `pruned` what was removed of its beginning. The chain's id is the name."""

    kind: ClassVar[str] = "audit-head"
    missing: ClassVar[str] = "there is no audit chain `{name}`"
    exists: ClassVar[str] = "there is an audit chain `{name}` already"
    decides: ClassVar[bool] = False

    sequence: int
    hash: str
    at: datetime
    stopped: bool = False
    pruned: Pruned | None = None


class SigningKey:
    """Signs digests. Shown by its number alone."""

    __slots__ = ("_key", "id")

    def __init__(self, id: str, seed: Secret) -> None:
        self.id = id
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed.reveal()))

    @property
    def public(self) -> VerifyingKey:
        """What verifies its signatures."""
        return VerifyingKey(self.id, self._key.public_key())

    def sign(self, chain: str, sequence: int, previous: str, *, at: datetime, signed_before: str) -> Digest:
        """The digest that stands at `sequence` of the chain."""
        unsigned = Digest(at=at, chain=chain, key=self.id, signed_before=signed_before, signature="")
        signature = self._key.sign(unsigned.signed(sequence, previous)).hex()
        return msgspec.structs.replace(unsigned, signature=signature)

    def sign_pruned(self, pruned: Pruned) -> Pruned:
        """The same, signed by this key."""
        unsigned = msgspec.structs.replace(pruned, key=self.id, signature="")
        return msgspec.structs.replace(unsigned, signature=self._key.sign(unsigned.signed()).hex())

    def __repr__(self) -> str:
        return f"SigningKey({self.id})"


class VerifyingKey:
    """Verifies digests; no secret."""

    __slots__ = ("_key", "id")

    def __init__(self, id: str, key: Ed25519PublicKey) -> None:
        self.id = id
        self._key = key

    def verifies(self, digest: Digest, sequence: int, previous: str) -> bool:
        """Whether this key signed that digest for exactly this place."""
        return digest.key == self.id and self._verifies(digest.signature, digest.signed(sequence, previous))

    def verifies_pruned(self, pruned: Pruned, chain: str) -> bool:
        """Whether this key signed that so much of exactly this chain was removed."""
        if pruned.key != self.id or pruned.chain != chain:
            return False
        return self._verifies(pruned.signature, pruned.signed())

    def _verifies(self, signature: str, octets: bytes) -> bool:
        try:
            self._key.verify(bytes.fromhex(signature), octets)  # SECRET
        except (InvalidSignature, ValueError):
            return False
        return True


def _author(at: datetime) -> Author:
    return Author(arn="", at=at, request_id="audit")


def find_key(tx: Tx) -> SigningKey | None:
    """The signing key, if one was ever made."""
    row = tx.find(_Key, NOBODY, KEY)
    return None if row is None else SigningKey(KEY, tx.secret(row, _SEED))


def get_key(store: Store, *, octets: Octets, now: datetime) -> SigningKey:
    """The store's signing key, made at the first use. Several processes get the same one."""
    found = store.read(find_key)
    if found is not None:
        return found
    seed = Secret(octets(_SEED_OCTETS).hex())

    def step(tx: Tx) -> SigningKey:
        made = find_key(tx)
        if made is not None:
            return made
        tx.written_by(_author(now))
        row = tx.add(_Key(id=f"audit-key-{KEY}", account=NOBODY, name=KEY, created=now))
        tx.put_secret(row, _SEED, seed)
        return SigningKey(KEY, seed)

    return store.write(step)


def keep_head(store: Store, chain: str, *, sequence: int, hash: str, at: datetime, stopped: bool) -> None:
    """Lets the store know how far a chain has come."""

    def step(tx: Tx) -> None:
        tx.written_by(_author(at))
        found = tx.find(Head, NOBODY, chain)
        if found is None:
            tx.add(
                Head(
                    id=f"audit-head-{chain}",
                    account=NOBODY,
                    name=chain,
                    created=at,
                    sequence=sequence,
                    hash=hash,
                    at=at,
                    stopped=stopped,
                )
            )
        else:
            tx.put(msgspec.structs.replace(found, sequence=sequence, hash=hash, at=at, stopped=stopped))

    store.write(step)


def keep_pruned(store: Store, pruned: Pruned) -> bool:
    """Lets the store know that the beginning of a chain is going to be removed; False when it knows of as much."""

    def step(tx: Tx) -> bool:
        tx.written_by(_author(pruned.at))
        found = tx.get(Head, NOBODY, pruned.chain)
        if found.pruned is not None and (found.pruned.before, found.pruned.whole) >= (pruned.before, pruned.whole):
            return False
        tx.put(msgspec.structs.replace(found, pruned=pruned))
        return True

    return store.write(step)


def heads(tx: Tx) -> tuple[Head, ...]:
    """What the store knows of every chain."""
    found: list[Head] = []
    marker: str | None = None
    while True:
        page = tx.page(Head, NOBODY, marker=marker, limit=_PAGE)
        found.extend(page.items)
        marker = page.marker
        if marker is None:
            return tuple(found)
