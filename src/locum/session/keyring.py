"""The keyring: the keys that session tokens are sealed under, and what each may still be used for.

Law: one random root of 32 bytes per key id, three keys derived from it, each for one purpose (rule T2). Frozen: a
rotation makes a new keyring. A token names its key; nothing is ever tried (rule T3). `dev` and `serve` number their
keys in ranges that do not meet, so that neither opens the other's tokens (rule E7).
"""

from __future__ import annotations

from collections.abc import Iterable
from hmac import digest
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from locum.aws.mac import SHA256, SHA512, Mac

State = Literal["staged", "primary", "verify-only", "destroyed"]
Mode = Literal["dev", "serve"]
Cipher = Literal["AES-256-GCM", "ChaCha20-Poly1305"]

ROOT_BYTES = 32
KEY_IDS: dict[Mode, range] = {"serve": range(0x0001, 0x8000), "dev": range(0x8000, 0x10000)}
GENERATION: dict[Mode, int] = {"serve": 1, "dev": 0}  # the first bit of a temporary key id (rule E6)
CIPHERS: dict[Cipher, type[AESGCM] | type[ChaCha20Poly1305]] = {
    "AES-256-GCM": AESGCM,
    "ChaCha20-Poly1305": ChaCha20Poly1305,
}
# What the three keys of a root are derived with, and the hash of the HMAC that each is for (rules T1, T2).
PURPOSES = ((b"locum/enc", SHA512), (b"locum/secret", SHA512), (b"locum/akid", SHA256))


class KeyringError(ValueError):
    """Keys that do not make a keyring, or a keyring that lacks the key asked for. Never a client's fault."""


class _Gone(Mac):
    """What is left of a destroyed key. Nothing is made under it."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def __call__(self, text: bytes) -> bytes:
        raise KeyringError("a destroyed key makes nothing")


_GONE = _Gone()


class TokenKey(msgspec.Struct, frozen=True):
    """One key id: its state, its cipher, and the keys for encryption, secrets and access key ids.

    Made by `TokenKey.of` from a root; a destroyed key has none of the three.
    """

    id: int
    state: State
    cipher: Cipher
    encryption: Mac
    secret: Mac
    identity: Mac

    @classmethod
    def of(cls, id: int, root: bytes, *, state: State = "primary", cipher: Cipher = "AES-256-GCM") -> TokenKey:
        """The key that `root`, 32 random bytes, gives (rule T2). Raises KeyringError for another length."""
        if len(root) != ROOT_BYTES:
            raise KeyringError(f"the root of token key `{id}` has {len(root)} bytes; it must have {ROOT_BYTES}")
        derived = [Mac(digest(root, label, "sha256"), hash) for label, hash in PURPOSES]  # SECRET
        return cls(id, state, cipher, *derived).in_state(state)

    def in_state(self, state: State) -> TokenKey:
        """This key in another state. What is destroyed stays so."""
        if "destroyed" in (state, self.state):
            return TokenKey(self.id, "destroyed", self.cipher, _GONE, _GONE, _GONE)
        return msgspec.structs.replace(self, state=state)

    def __repr__(self) -> str:
        return f"TokenKey({self.id}, {self.state}, {self.cipher})"


class Keyring(msgspec.Struct, frozen=True):
    """The token keys of one server. Made by `Keyring.of`."""

    mode: Mode
    keys: tuple[TokenKey, ...]
    by_id: dict[int, TokenKey]

    @classmethod
    def of(cls, mode: Mode, keys: Iterable[TokenKey]) -> Keyring:
        """The keyring of these keys. Raises KeyringError for an id twice or outside the mode's range (rule E7), or for
        a second primary key."""
        found = tuple(keys)
        by_id = {key.id: key for key in found}
        if len(by_id) != len(found):
            raise KeyringError("a token key id stands in the keyring twice")
        for key in found:
            if key.id not in KEY_IDS[mode]:
                raise KeyringError(f"token key `{key.id}` is not of the range that `{mode}` uses")
        if sum(key.state == "primary" for key in found) > 1:
            raise KeyringError("a keyring has one primary key at most")
        return cls(mode, found, by_id)

    @property
    def generation(self) -> int:
        """The generation bit of the access key ids that this keyring gives out (rule E6)."""
        return GENERATION[self.mode]

    @property
    def primary(self) -> TokenKey:
        """The key that seals. Raises KeyringError when there is none."""
        for key in self.keys:
            if key.state == "primary":
                return key
        raise KeyringError("the keyring has no primary key; stage one and promote it")

    def find(self, id: int) -> TokenKey | None:
        """The key that opens tokens of this id, or None when it is unknown or destroyed. A staged key opens too: other
        nodes may seal with it already (rule T9)."""
        key = self.by_id.get(id)
        return None if key is None or key.state == "destroyed" else key

    def with_key(self, key: TokenKey) -> Keyring:
        """This keyring with one more key."""
        return Keyring.of(self.mode, (*self.keys, key))

    def promoted(self, id: int) -> Keyring:
        """This keyring sealing with the staged key `id`; the primary before it only opens from now on (rule T9)."""
        if self.find(id) is None:
            raise KeyringError(f"there is no token key `{id}` to promote")
        states: dict[State, State] = {"primary": "verify-only"}
        return Keyring.of(
            self.mode,
            [key.in_state("primary" if key.id == id else states.get(key.state, key.state)) for key in self.keys],
        )

    def without(self, id: int) -> Keyring:
        """This keyring with key `id` destroyed: its tokens are void at once (rule T10). Its id stays taken."""
        return Keyring.of(self.mode, [key.in_state("destroyed") if key.id == id else key for key in self.keys])

    def __repr__(self) -> str:
        return f"Keyring({self.mode}, {list(self.keys)})"
