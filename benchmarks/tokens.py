"""Sealing and opening a session token, beside general-purpose tokens that hold the same claims.

Law: all of them carry the same session; Fernet and the JWT get its claims as the bytes or JSON that they want.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.fernet import Fernet

from benchmarks import peers
from benchmarks.stopwatch import each
from benchmarks.table import Row, Table
from locum.session import claims
from locum.session.keyring import KEY_IDS, ROOT_BYTES, Keyring, TokenKey
from locum.session.session import Session
from locum.session.token import open_token, seal

QUESTION = "the token of an assumed role with a source identity and two session tags"


def run() -> Table:
    """Ours, Fernet over the same bytes, PyJWT over the same claims."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    session = Session(
        kind="assumed-role",
        partition="aws",
        account="111122223333",
        principal_id="AROAEXAMPLEEXAMPLE123",
        name="a-session-of-alice",
        issued=now,
        not_before=now,
        expires=now + timedelta(hours=1),
        source_identity="alice",
        tags=(("team", "blue"), ("stage", "production")),
        region="us-east-1",
    )
    keyring = Keyring.of("serve", [TokenKey.of(KEY_IDS["serve"][0], bytes(range(ROOT_BYTES)))])
    salt = bytes(range(16))
    credentials = seal(session, keyring, salt)
    token, id = credentials.session_token.reveal(), credentials.access_key_id
    fernet = Fernet(Fernet.generate_key())
    packed = claims.pack(session)
    sealed = fernet.encrypt(packed)
    rows = [
        Row("Locum, seal", each(lambda: seal(session, keyring, salt)), "µs", "with key id and secret"),
        Row("Locum, open", each(lambda: open_token(token, id, keyring)), "µs", f"{len(token)} characters"),
        Row("Fernet, encrypt", each(lambda: fernet.encrypt(packed)), "µs", "of claims that are packed already"),
        Row("Fernet, decrypt", each(lambda: fernet.decrypt(sealed)), "µs", f"{len(sealed)} characters"),
    ]
    try:
        jwt = peers.ask("jwt", msgspec.to_builtins(session))
        rows += [
            Row("PyJWT HS512, encode", jwt["encode"], "µs", jwt["version"]),
            Row("PyJWT HS512, decode", jwt["decode"], "µs", f"{jwt['length']} characters; signed, not encrypted"),
        ]
    except peers.Absent as absent:
        rows.append(Row("PyJWT HS512", None, "µs", f"SKIPPED: {absent}"))
    return Table("token", QUESTION, tuple(rows))
