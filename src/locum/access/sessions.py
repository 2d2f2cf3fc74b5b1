"""Who a session is: from an opened token to the `Caller`, as far as its principal still exists.

Law: a session has no row; everything that ends it early is checked here against what is stored now (rule T11): the
user or role is gone (its unique id never comes back), or its sessions were ended as a whole (`session_epoch`).
"""

from __future__ import annotations

from locum.aws.faults import Refusal
from locum.call import Caller, Place
from locum.iam.entities import Role, User
from locum.iam.names import arn_of
from locum.session.session import Session
from locum.store.tx import Tx

INVALID = "The security token included in the request is invalid"
EXPIRED = "The security token included in the request is expired"


def caller_of_session(session: Session, access_key_id: str, tx: Tx, place: Place) -> Caller:
    """The caller behind a session that is within its time. Raises InvalidClientTokenId, or ExpiredToken for a session
    of an older epoch, so that a client fetches new credentials by itself."""
    if session.partition != place.partition:
        raise Refusal("InvalidClientTokenId", INVALID)
    if session.kind == "session" and session.principal_id == session.account:
        return _root(session, access_key_id, place)
    entity: User | Role | None = (
        tx.find_id(Role, session.principal_id) if session.kind in ROLE_KINDS else tx.find_id(User, session.principal_id)
    )
    if entity is None or entity.account != session.account:
        raise Refusal("InvalidClientTokenId", INVALID)
    if session.epoch != entity.session_epoch:
        raise Refusal("ExpiredToken", EXPIRED)
    arn = arn_of(entity, place.partition)
    if isinstance(entity, Role):
        return Caller(
            kind="assumed-role",
            account=entity.account,
            arn=f"arn:{place.partition}:sts::{entity.account}:assumed-role/{entity.name}/{session.name}",
            user_id=f"{entity.id}:{session.name}",
            entity_id=entity.id,
            entity_arn=arn,
            name=entity.name,
            access_key_id=access_key_id,
            session=session,
        )
    return Caller(
        kind="user",
        account=entity.account,
        arn=arn,
        user_id=entity.id,
        entity_id=entity.id,
        entity_arn=arn,
        name=entity.name,
        access_key_id=access_key_id,
        session=session,
    )


ROLE_KINDS = frozenset({"assumed-role", "web", "saml"})


def _root(session: Session, access_key_id: str, place: Place) -> Caller:
    """Root's own temporary credentials (GetSessionToken)."""
    arn = f"arn:{place.partition}:iam::{session.account}:root"
    return Caller(
        kind="root",
        account=session.account,
        arn=arn,
        user_id=session.account,
        entity_id=session.account,
        entity_arn=arn,
        access_key_id=access_key_id,
        session=session,
    )
