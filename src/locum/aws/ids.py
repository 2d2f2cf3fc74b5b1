"""Unique identifiers as AWS writes them.

Law: pure arithmetic over bytes that somebody else drew; no randomness here. Rules S46, S47 and S48.
An access-key id is a four-letter prefix and 16 base32 characters: one generation bit, 40 bits of account and 39 bits
of the key. Entity ids have a four-letter prefix and 17 characters.
"""

from __future__ import annotations

import base64
import re

ENTITY_CHARACTERS = 17

# Prefixes, from "IAM identifiers" in the IAM User Guide.
ACCESS_KEY, TEMPORARY_KEY = "AKIA", "ASIA"
USER, ROLE, GROUP = "AIDA", "AROA", "AGPA"
INSTANCE_PROFILE, MANAGED_POLICY, POLICY_VERSION = "AIPA", "ANPA", "ANVA"
PUBLIC_KEY, CERTIFICATE, SERVICE_CREDENTIAL = "APKA", "ASCA", "ACCA"

_BASE32 = re.compile(r"[A-Z2-7]{16}", re.ASCII)
# Two letters of base32 for ten bits, and where the ten bits of each pair stand: four times faster than encoding bytes.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [high + low for high in _LETTERS for low in _LETTERS]
_SHIFTS = range(70, -1, -10)
# The letters of base32 as the digits that `int` reads: seven times faster than decoding bytes.
_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")


def key_id(prefix: str, account: str, *, low39: int, generation: int = 1) -> str:
    """An access-key id of `account`. `low39` is 39 random bits; `generation` is 1 everywhere but in `dev` (rule E6)."""
    number = (generation << 79) | (int(account) << 39) | (low39 & ((1 << 39) - 1))
    return prefix + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def account_of(access_key_id: str) -> str | None:
    """The account inside an access-key id, or None when the id does not carry one (generation 0 on AWS, or our dev ids
    that a person chose). Twelve digits."""
    text = access_key_id[4:]
    if len(access_key_id) != 20 or not _BASE32.fullmatch(text):
        return None
    number = int(text.translate(_DIGITS), 32)
    account = (number >> 39) & ((1 << 40) - 1)
    return f"{account:012d}" if account < 10**12 else None


def generation_of(access_key_id: str) -> int:
    """The generation bit of an access-key id that `account_of` could read."""
    return int.from_bytes(base64.b32decode(access_key_id[4:]), "big") >> 79


def account_number(entropy: bytes) -> str:
    """An account id, twelve digits, out of at least 8 random bytes."""
    return f"{int.from_bytes(entropy, 'big') % 10**12:012d}"


def entity_id(prefix: str, entropy: bytes) -> str:
    """An entity id (AIDA…, AROA…): 21 characters. `entropy` is at least 11 random bytes."""
    return prefix + base64.b32encode(entropy).decode("ascii")[:ENTITY_CHARACTERS]
