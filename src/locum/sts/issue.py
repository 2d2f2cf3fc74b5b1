"""Issuing credentials: a session becomes a token, and the answer that shows it once.

Law: the only place where STS seals. The secret leaves here, in the answer, and is stored nowhere (rule T4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from locum.call import Call
from locum.session.session import Session
from locum.session.token import SALT_BYTES, seal


class Issued(msgspec.Struct, frozen=True):
    """The Credentials member of an answer (it holds the secret: never logged), and PackedPolicySize in percent."""

    shown: Mapping[str, Any]
    packed_policy_size: int | None

    def __repr__(self) -> str:
        return f"Issued({self.shown['AccessKeyId']})"


def issue(call: Call, session: Session) -> Issued:
    """Credentials of this session. Raises PackedPolicyTooLarge when its policies and tags do not fit (rule T7)."""
    credentials = seal(session, call.keyring, call.mint.octets(SALT_BYTES))
    return Issued(
        {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key.reveal(),
            "SessionToken": credentials.session_token.reveal(),
            "Expiration": credentials.expiration,
        },
        credentials.packed_policy_size,
    )
