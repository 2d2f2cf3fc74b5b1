"""Which session tokens count, as the store says at each step; and the life of token keys (rules T9 to T11).

Law: a key is staged, then primary, then verify-only, then destroyed. It only verifies until the last token that it
sealed has ended by itself. Every change is a step of its own, made by whichever process comes first; every other one
sees it with its next step, because what follows here is kept under the generation of the account ``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from locum.access import Verification
from locum.aws.secret import Secret
from locum.call import Mint
from locum.iam.entities import Role, User
from locum.session.keyring import KEY_IDS, ROOT_BYTES, Keyring, TokenKey
from locum.store import revoked, token_keys
from locum.store.entity import Author
from locum.store.token_keys import NOBODY, TokenKeyRoot
from locum.store.tx import Tx

#: how long a session may live at most: GetSessionToken's 36 hours (rule T9)
LONGEST_SESSION = timedelta(hours=36)

Step = Callable[[Tx], None]


class TokenRulesError(Exception):
    """A key that is not there or cannot be used so: what was asked and what would be right."""


# -- following ---------------------------------------------------------------------------------------------------------
class TokenRules(msgspec.Struct, frozen=True):
    """The keys and the ended tokens of one state of the store."""

    keyring: Keyring
    denied: frozenset[bytes]
    issued_from: datetime | None

    @classmethod
    def read(cls, tx: Tx) -> TokenRules:
        """The rules in this step's state."""
        keys = []
        for row in token_keys.every(tx):
            root = bytes.fromhex(row.root.reveal()) if row.root is not None else bytes(ROOT_BYTES)  # SECRET
            keys.append(TokenKey.of(row.number, root, state=row.state, cipher=row.cipher))  # type: ignore[arg-type]
        return cls(Keyring.of("serve", keys), revoked.denied(tx), revoked.issued_from(tx))


class Following:
    """The verification that goes with each step: the server's own settings, the token rules of the store."""

    def __init__(self, verification: Verification) -> None:
        self._settings = verification
        self._made: tuple[TokenRules | None, Verification] = (None, verification)

    def __call__(self, tx: Tx) -> Verification:
        """What this step verifies with. The same object as long as nothing has changed."""
        rules: TokenRules = tx.derived(NOBODY, "token-rules", lambda: TokenRules.read(tx))
        made, verification = self._made
        if made is not rules:
            verification = msgspec.structs.replace(
                self._settings, keyring=rules.keyring, denied=rules.denied, issued_from=rules.issued_from
            )
            self._made = (rules, verification)
        return verification


# -- the life of keys --------------------------------------------------------------------------------------------------
def author(operation: str, now: datetime) -> Author:
    """Who changes keys: the house itself, not a caller."""
    return Author(arn="locum", at=now, request_id="keys", operation=f"locum:{operation}")


def first(mint: Mint, now: datetime) -> Step:
    """A new store's keys: one that seals and one that will."""

    def step(tx: Tx) -> None:
        token_keys.add(_new(KEY_IDS["serve"][0], "primary", mint, now))(tx)
        token_keys.add(_new(KEY_IDS["serve"][1], "staged", mint, now))(tx)

    return step


def rotate(mint: Mint, now: datetime, *, older_than: timedelta = timedelta()) -> Step:
    """Lets the staged key seal from now on, stages another, and lets the one before only verify.

    With `older_than` nothing happens to a primary key that is younger, so that of several processes one rotates.
    """

    def step(tx: Tx) -> None:
        tx.written_by(author("RotateTokenKey", now))
        keys = token_keys.every(tx)
        primary = _find(keys, "primary")
        if primary is not None and now - sealing_since(primary) < older_than:
            return
        if primary is not None:
            token_keys.set_state(primary.number, "verify-only", now)(tx)
        _promote(tx, keys, mint, now)

    return step


def retire(now: datetime) -> Step:
    """Destroys the keys of which every token has ended, and forgets the ended tokens that have."""

    def step(tx: Tx) -> None:
        tx.written_by(author("RetireTokenKeys", now))
        for key in token_keys.every(tx):
            if _over(key, now):
                token_keys.set_state(key.number, token_keys.DESTROYED, now)(tx)
        revoked.prune(tx, now)

    return step


def revoke(mint: Mint, now: datetime, *, number: int | None = None) -> Step:
    """Destroys a key, or all of them, and with them every token under it; another key seals at once (T10, level 5)."""

    def step(tx: Tx) -> None:
        tx.written_by(author("RevokeTokens", now))
        keys = token_keys.every(tx)
        live = {key.number: key for key in keys if key.state != token_keys.DESTROYED}
        if number is not None and number not in live:
            raise TokenRulesError(f"there is no token key `{number}`; there are {', '.join(map(str, live)) or 'none'}")
        gone = list(live) if number is None else [number]
        for each in gone:
            token_keys.set_state(each, token_keys.DESTROYED, now)(tx)
        if _find(token_keys.every(tx), "primary") is None:
            _promote(tx, token_keys.every(tx), mint, now)

    return step


def end_before(moment: datetime, now: datetime) -> Step:
    """Ends every token that was issued before a moment."""

    def step(tx: Tx) -> None:
        tx.written_by(author("RevokeTokens", now))
        revoked.end_before(tx, moment, now=now)

    return step


def deny(salt: bytes, now: datetime) -> Callable[[Tx], bool]:
    """Ends one token (level 4); False when it was ended already. Kept as long as any token can live."""

    def step(tx: Tx) -> bool:
        tx.written_by(author("DenyToken", now))
        return revoked.deny(tx, salt, until=now + LONGEST_SESSION, now=now)

    return step


def end_sessions(account: str, *, role: str | None = None, user: str | None = None, now: datetime) -> Step:
    """Ends every session of one role or user (level 2): its epoch rises. Raises NoSuchEntity."""

    def step(tx: Tx) -> None:
        tx.written_by(author("EndSessions", now))
        principal: Role | User = tx.get(Role, account, role) if role is not None else tx.get(User, account, user or "")
        tx.put(msgspec.structs.replace(principal, session_epoch=principal.session_epoch + 1))

    return step


def needs_care(tx: Tx, now: datetime, *, older_than: timedelta) -> bool:
    """Whether `rotate` or `retire` would change something."""
    keys = token_keys.every(tx)
    primary = _find(keys, "primary")
    old = primary is None or now - sealing_since(primary) >= older_than
    return old or any(_over(key, now) for key in keys) or revoked.due(tx, now)


def sealing_since(key: TokenKeyRoot) -> datetime:
    """When a key came into its state."""
    return key.since or key.created


def _over(key: TokenKeyRoot, now: datetime) -> bool:
    return key.state == "verify-only" and now - sealing_since(key) >= LONGEST_SESSION


def _promote(tx: Tx, keys: tuple[TokenKeyRoot, ...], mint: Mint, now: datetime) -> None:
    """The staged key, or a new one, becomes primary, and a further one is staged."""
    following = max((key.number for key in keys), default=KEY_IDS["serve"][0] - 1) + 1
    staged = _find(keys, "staged")
    if staged is None:
        token_keys.add(_new(following, "primary", mint, now))(tx)
        following += 1
    else:
        token_keys.set_state(staged.number, "primary", now)(tx)
    token_keys.add(_new(following, "staged", mint, now))(tx)


def _find(keys: tuple[TokenKeyRoot, ...], state: str) -> TokenKeyRoot | None:
    return next((key for key in keys if key.state == state), None)


def _new(number: int, state: str, mint: Mint, now: datetime) -> TokenKeyRoot:
    if number not in KEY_IDS["serve"]:
        raise TokenRulesError(f"every number of token keys is used up at `{number}`")
    return TokenKeyRoot(
        number=number, state=state, cipher="AES-256-GCM", created=now, root=Secret(mint.octets(ROOT_BYTES).hex())
    )
