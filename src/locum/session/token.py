"""Locum token version 1: a session sealed into the text that clients send as their session token.

Law: rules T1 to T5, and docs/spec/token.md to the byte. One key per token, from the keyring's key, a salt and the
access key id; a commitment, because GCM does not commit to its key; the secret access key is derived beside it and is
not inside. Opening has one order and one error for everything; nothing is tried twice. Random bytes and time come in
as arguments.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64encode
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidTag

from locum.aws import ids
from locum.aws.secret import Secret
from locum.session import claims
from locum.session.credentials import Credentials
from locum.session.keyring import CIPHERS, Keyring, TokenKey
from locum.session.session import INVALID, Session, TokenError

MAGIC = b"LT\x01"
SALT_BYTES = 16
LONGEST_TOKEN = 4096  # characters (rules T3, D1)
_HEADER = len(MAGIC) + 2 + SALT_BYTES
_COMMITMENT = 16
_TAG = 16
_SHORTEST = _HEADER + _COMMITMENT + _TAG + 1
_NONCE = bytes(12)


def strict_base64(text: str) -> bytes | None:
    """The bytes of a base64 text in its one canonical spelling, or None (rule T3: Python takes `QUI=` for `QUJ=`)."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return raw if b64encode(raw).decode("ascii") == text else None


def bound_text(header: bytes, access_key_id: str) -> bytes:
    """What the token's key is derived over: its header and the access key id it belongs to (rule T4)."""
    return header + access_key_id.encode("utf-8")


def associated(header: bytes, commitment: bytes, access_key_id: str) -> bytes:
    """What the cipher authenticates beside the claims (rule T1)."""
    return header + commitment + access_key_id.encode("utf-8")


class Layout(msgspec.Struct, frozen=True):
    """The parts of the format that its tests replace by faulty ones, to see that the tests notice."""

    decode: Callable[[str], bytes | None] = strict_base64
    bound: Callable[[bytes, str], bytes] = bound_text
    associated: Callable[[bytes, bytes, str], bytes] = associated
    unpack: Callable[[bytes], Session] = claims.unpack


VERSION_1 = Layout()


class Opened(msgspec.Struct, frozen=True):
    """A token that was opened: its session, the secret access key that belongs to it, and its salt (rule T11: the deny
    list names tokens by salt). Does not say that the session is live."""

    session: Session
    secret: Secret
    salt: bytes


def seal(session: Session, keyring: Keyring, salt: bytes, *, layout: Layout = VERSION_1) -> Credentials:
    """The credentials of a new session. `salt` is 16 random bytes, drawn for this token alone.

    Raises TokenError (PackedPolicyTooLarge) beyond 2,048 bytes of claims (rule T7), KeyringError without a primary key.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt of a token has {len(salt)} bytes; it must have {SALT_BYTES}")
    packed = claims.pack(session)
    if len(packed) > claims.BUDGET:
        percent = -(-100 * len(packed) // claims.BUDGET)
        raise TokenError(
            "PackedPolicyTooLarge",
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy.",
            percent=percent,
        )
    key = keyring.primary
    access_key_id = _access_key_id(key, session.account, salt, keyring.generation)
    header = MAGIC + key.id.to_bytes(2, "big") + salt
    once, commitment = _keys(key, layout.bound(header, access_key_id))
    cipher = CIPHERS[key.cipher](once)
    body = cipher.encrypt(_NONCE, packed, layout.associated(header, commitment, access_key_id))
    return Credentials(
        access_key_id=access_key_id,
        secret_access_key=_secret(key, salt, access_key_id),
        session_token=Secret(b64encode(header + commitment + body).decode("ascii")),
        expiration=session.expires,
        packed_policy_size=claims.weight(session, packed),
    )


def open_token(token: str, access_key_id: str, keyring: Keyring, *, layout: Layout = VERSION_1) -> Opened:
    """The session in this token, if it is one of ours and goes with this access key id.

    In the order of rule T3. Raises TokenError (InvalidClientTokenId) for every fault alike. Does NOT check the
    session's time (`session.require_live`), epochs, or the deny list.
    """
    raw = layout.decode(token) if len(token) <= LONGEST_TOKEN else None
    if raw is None or len(raw) < _SHORTEST or not raw.startswith(MAGIC) or not access_key_id.isascii():
        raise _invalid()
    header, sent = raw[:_HEADER], raw[_HEADER : _HEADER + _COMMITMENT]
    key = keyring.find(int.from_bytes(header[3:5], "big"))
    if key is None:
        raise _invalid()
    once, commitment = _keys(key, layout.bound(header, access_key_id))
    if not hmac.compare_digest(commitment, sent):  # SECRET
        raise _invalid()
    cipher = CIPHERS[key.cipher](once)
    try:
        packed = cipher.decrypt(_NONCE, raw[_HEADER + _COMMITMENT :], layout.associated(header, sent, access_key_id))
        session = layout.unpack(packed)
    except (InvalidTag, claims.ClaimsError):
        raise _invalid() from None
    if ids.account_of(access_key_id) != session.account:
        raise _invalid()
    salt = header[-SALT_BYTES:]
    return Opened(session=session, secret=_secret(key, salt, access_key_id), salt=salt)


def salt_of(token: str) -> bytes | None:
    """The salt that a token shows in clear, or None when the text is no token of this format. Opens and proves nothing:
    it names a token that is to be refused (rule T11)."""
    raw = strict_base64(token) if len(token) <= LONGEST_TOKEN else None
    if raw is None or len(raw) < _SHORTEST or not raw.startswith(MAGIC):
        return None
    return raw[_HEADER - SALT_BYTES : _HEADER]


def _keys(key: TokenKey, text: bytes) -> tuple[bytes, bytes]:
    """The key of one token and the commitment to it."""
    okm = key.encryption(text)
    return okm[:32], okm[32:48]


def _access_key_id(key: TokenKey, account: str, salt: bytes, generation: int) -> str:
    drawn = int.from_bytes(key.identity(salt)[:5], "big") >> 1
    return ids.key_id(ids.TEMPORARY_KEY, account, low39=drawn, generation=generation)


def _secret(key: TokenKey, salt: bytes, access_key_id: str) -> Secret:
    octets = key.secret(salt + access_key_id.encode("utf-8"))[:30]
    return Secret(b64encode(octets).decode("ascii"))


def _invalid() -> TokenError:
    return TokenError("InvalidClientTokenId", INVALID)
