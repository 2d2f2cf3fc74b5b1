"""Who calls: from a request and its unverified carrier to the `Caller`.

Law: the one function that turns a request into a principal (rule S1). The verifier returns the principal; nobody reads
identity from the request a second time. Whatever is wrong with the key or the token, the whole HMAC runs, over a dummy
secret if need be, and only then the first error is reported (rules S5, S17, S18). What may be missing is refused, never
guessed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from locum.access.sessions import caller_of_session, root_caller
from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.aws.shapes import OperationShape, service
from locum.call import Caller, Place
from locum.http import Request
from locum.iam.access_keys import SECRET, AccessKey
from locum.iam.entities import User
from locum.iam.names import arn_of
from locum.session.keyring import Keyring
from locum.session.opened import OpenedTokens
from locum.session.session import INVALID
from locum.sigv4 import Carrier, DayKeys, verify
from locum.store.secrets import open_decoy
from locum.store.tx import Tx

MISSING = "Request is missing Authentication Token"


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a server verifies with.

    `dummy_secret` is random and made once a process (S5). `regions` are the accepted ones, None accepts every region
    (decisions 3). `window` is how far a signature's time may be off in either direction (S14). `shortest_key_id` is 16,
    and 4 in `dev` (S48). `denied` are the salts of tokens that were ended one by one, `issued_from` the moment before
    which every token was (T10, T11).
    """

    keyring: Keyring
    opened: OpenedTokens
    day_keys: DayKeys
    dummy_secret: Secret
    regions: Collection[str] | None = None
    window: timedelta = timedelta(minutes=5)
    allow_unsigned_token: bool = False
    shortest_key_id: int = 16
    denied: frozenset[bytes] = frozenset()
    issued_from: datetime | None = None


class Claim(msgspec.Struct, frozen=True):
    """Whom a carrier claims to be, before its signature is verified: either a caller and the secret that would prove
    it, or the refusal that stands whatever the signature says."""

    secret: Secret
    caller: Caller | None
    refusal: Refusal | None = None


def authenticate(
    request: Request,
    carried: Carrier | None,
    shape: OperationShape,
    tx: Tx,
    how: Verification,
    *,
    place: Place,
    now: datetime,
    wire_now: datetime,
) -> Caller:
    """The caller of this request. Raises Refusal: MissingAuthenticationToken, InvalidClientTokenId, ExpiredToken, or
    what the verifier says (rules S13 to S20).

    `now` is the clock of sessions, `wire_now` the one of signatures (decisions 1). Does not check any permission.
    """
    if carried is None:
        if shape.unsigned:
            return Caller(kind="anonymous", account="", arn="", user_id="anonymous")
        raise Refusal("MissingAuthenticationToken", MISSING)
    claim = _claim(carried, tx, how, place=place, now=now)
    verify(
        request,
        carried,
        claim.secret.reveal(),
        now=wire_now,
        service=service(shape.service).signing_name,
        regions=how.regions,
        window=how.window,
        refusal=claim.refusal,
        day_keys=how.day_keys,
        allow_unsigned_token=how.allow_unsigned_token,
    )
    if claim.caller is None:  # pragma: no cover  verify raises a refusal that it was given
        raise Refusal("InvalidClientTokenId", INVALID)
    return claim.caller


def _claim(carried: Carrier, tx: Tx, how: Verification, *, place: Place, now: datetime) -> Claim:
    """Looks up or opens what the carrier names; a refusal comes with the dummy secret."""
    try:
        if carried.token is None:
            return _long_term(carried, tx, place)
        return _temporary(carried, carried.token, tx, how, place=place, now=now)
    except Refusal as refusal:
        return Claim(how.dummy_secret, None, refusal)


def _long_term(carried: Carrier, tx: Tx, place: Place) -> Claim:
    """A key that is a row: a user's, or the account's root's."""
    key = tx.find_id(AccessKey, carried.access_key_id)
    if key is None or not key.active:
        open_decoy()  # a secret that is there takes the time of opening it (S5)
        raise Refusal("InvalidClientTokenId", INVALID)
    if key.owner == key.account:
        return Claim(tx.secret(key, SECRET), root_caller(key.account, key.id, place))
    user = tx.find_id(User, key.owner)
    if user is None:
        raise Refusal("InvalidClientTokenId", INVALID)
    arn = arn_of(user, place.partition)
    caller = Caller(
        kind="user",
        account=user.account,
        arn=arn,
        user_id=user.id,
        entity_id=user.id,
        entity_arn=arn,
        name=user.name,
        access_key_id=key.id,
    )
    return Claim(tx.secret(key, SECRET), caller)


def _temporary(carried: Carrier, token: str, tx: Tx, how: Verification, *, place: Place, now: datetime) -> Claim:
    """A key that is inside its token (rule T3)."""
    opened = how.opened.open(token, carried.access_key_id, how.keyring)
    opened.session.require_live(now)
    caller = caller_of_session(opened.session, carried.access_key_id, tx, place)
    if opened.salt in how.denied or (how.issued_from is not None and opened.session.issued < how.issued_from):
        raise Refusal("InvalidClientTokenId", INVALID)
    return Claim(opened.secret, caller)
