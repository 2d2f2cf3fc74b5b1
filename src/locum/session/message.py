"""A message that only its server reads: why somebody was denied, as DecodeAuthorizationMessage tells it.

Law: sealed for one account, under a key that the keyring's key gives for this message alone, over a header that no
token has, so that neither opens as the other (docs/spec/token.md). The text is padded, because its length is seen. What
does not open says nothing about why. Random bytes come in.
"""

from __future__ import annotations

import hmac
from base64 import b64encode

from cryptography.exceptions import InvalidTag

from locum.session.keyring import CIPHERS, Keyring, TokenKey
from locum.session.token import strict_base64

MAGIC = b"LM\x01"
SALT_BYTES = 16
LONGEST = 10_240  # characters, of AWS's model
_HEADER = len(MAGIC) + 2 + SALT_BYTES
_COMMITMENT = 16
_NONCE = bytes(12)
_STEP = 256  # lengths of text that look the same


def seal_message(text: bytes, account: str, keyring: Keyring, salt: bytes) -> str:
    """The message for an account that holds `text`. `salt` is 16 random bytes, drawn for it alone."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt of a message has {len(salt)} bytes; it must have {SALT_BYTES}")
    key = keyring.primary
    header = MAGIC + key.id.to_bytes(2, "big") + salt
    once, commitment = _keys(key, header, account)
    padded = text + bytes(-len(text) % _STEP)
    body = CIPHERS[key.cipher](once).encrypt(_NONCE, padded, header + commitment)
    return b64encode(header + commitment + body).decode("ascii")


def open_message(message: str, account: str, keyring: Keyring) -> bytes | None:
    """The text of a message that was sealed here for this account, or None."""
    raw = strict_base64(message) if len(message) <= LONGEST else None
    if raw is None or not raw.startswith(MAGIC) or len(raw) < _HEADER + _COMMITMENT:
        return None
    header, sent = raw[:_HEADER], raw[_HEADER : _HEADER + _COMMITMENT]
    key = keyring.find(int.from_bytes(header[3:5], "big"))
    if key is None:
        return None
    once, commitment = _keys(key, header, account)
    if not hmac.compare_digest(commitment, sent):  # SECRET
        return None
    try:
        return CIPHERS[key.cipher](once).decrypt(_NONCE, raw[_HEADER + _COMMITMENT :], header + sent).rstrip(b"\0")
    except InvalidTag:
        return None


def _keys(key: TokenKey, header: bytes, account: str) -> tuple[bytes, bytes]:
    """The key of one message and the commitment to it."""
    okm = key.encryption(header + account.encode("ascii"))
    return okm[:32], okm[32:48]
