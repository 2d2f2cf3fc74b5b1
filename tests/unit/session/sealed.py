"""Sessions and keys for the tests of tokens, and the format written down a second time.

`plainly_sealed` follows docs/spec/token.md line by line and shares no code with `locum.session`: what it makes must
open, and what Locum makes must be equal to it.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from locum.session.keyring import Keyring, TokenKey
from locum.session.session import Session, TokenError
from locum.session.token import VERSION_1, Layout, Opened, open_token

NOW = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ROOT = bytes(range(32))
OTHER_ROOT = bytes(range(1, 33))
SALT = bytes(range(16))
OTHER_SALT = bytes(range(1, 17))
ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
KEY = TokenKey.of(1, ROOT)
KEYRING = Keyring.of("serve", [KEY])

PLAIN = Session(
    kind="assumed-role",
    partition="aws",
    account=ACCOUNT,
    principal_id="AROAQ3EGRIT4EXAMPLE77",
    name="deploy",
    issued=NOW,
    expires=NOW + timedelta(hours=1),
)
FULL = Session(
    kind="web",
    partition="aws-cn",
    account=ACCOUNT,
    principal_id="AROAQ3EGRIT4EXAMPLE77",
    name="größe@example",
    issued=NOW,
    expires=NOW + timedelta(hours=12),
    not_before=NOW - timedelta(minutes=1),
    chained=True,
    mfa_at=NOW - timedelta(minutes=5),
    source_identity="alice",
    provider="https://idp.example",
    policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}',
    policy_ids=("ANPAQ3EGRIT4EXAMPLE77", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    tags=(("Team", "blue"), ("Cost", "")),
    transitive=("Team",),
    epoch=7,
    region="us-east-1",
    origin="imds",
    source_key_hash=b"\x01\x02",
)


def plainly_sealed(
    packed: bytes, *, root: bytes = ROOT, key_id: int = 1, salt: bytes = SALT, account: str = ACCOUNT
) -> tuple[str, str, str]:
    """Access key id, secret and token of any bytes, sealed with a true key as the specification says."""

    def derived(label: str) -> bytes:
        return hmac.digest(root, label.encode(), "sha256")

    low39 = int.from_bytes(hmac.digest(derived("locum/akid"), salt, "sha256")[:5], "big") >> 1
    number = (1 << 79) | (int(account) << 39) | low39
    access_key_id = "ASIA" + base64.b32encode(number.to_bytes(10, "big")).decode()
    header = b"LT" + b"\x01" + key_id.to_bytes(2, "big") + salt
    okm = hmac.digest(derived("locum/enc"), header + access_key_id.encode(), "sha512")
    key, commit = okm[:32], okm[32:48]
    body = AESGCM(key).encrypt(bytes(12), packed, header + commit + access_key_id.encode())
    secret = base64.b64encode(hmac.digest(derived("locum/secret"), salt + access_key_id.encode(), "sha512")[:30])
    return access_key_id, secret.decode(), base64.b64encode(header + commit + body).decode()


def packed(**claims: Any) -> bytes:
    """A MessagePack map of claims by their numbers (`_1=…`)."""
    return msgspec.msgpack.encode({int(name[1:]): value for name, value in claims.items()})


def opens(token: str, access_key_id: str, keyring: Keyring = KEYRING, *, layout: Layout = VERSION_1) -> Opened | None:
    """What is in the token, or None when it is refused in the one allowed way. Anything else gets out."""
    try:
        return open_token(token, access_key_id, keyring, layout=layout)
    except TokenError as refusal:
        said = (refusal.code, refusal.status, refusal.message, refusal.facts)
    assert said == ("InvalidClientTokenId", 403, "The security token included in the request is invalid", {})
    return None
