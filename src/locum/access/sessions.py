"""Who a session is: from an opened token to the `Caller`, as far as its principal still exists.

Law: a session has no row; everything that ends it early is checked here against what is stored now (rule T11): the
user or role is gone (its unique id never comes back), or its sessions were ended as a whole (`session_epoch`). Each
kind of session becomes its own kind of caller; a kind that is not in the table is nobody, never somebody's full rights
(rule P10).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.call import Caller, Place
from locum.iam.entities import Role, User
from locum.iam.names import arn_of
from locum.session.session import EXPIRED, INVALID, Kind, Session
from locum.store.tx import Tx

# Kind of session -> whose it is, and what its caller is called. Of root's there is no row.
PRINCIPALS: Mapping[Kind, tuple[type[User] | type[Role], str]] = {
    "assumed-role": (Role, "assumed-role"),
    "web": (Role, "assumed-role"),
    "saml": (Role, "assumed-role"),
    "session": (User, "user"),
    "federated-user": (User, "federated-user"),
}


def caller_of_session(session: Session, access_key_id: str, tx: Tx, place: Place) -> Caller:
    """The caller behind a session that is within its time. Raises InvalidClientTokenId, or ExpiredToken for a session
    of an older epoch, so that a client fetches new credentials by itself."""
    if session.partition == place.partition and session.kind == "root-task":
        return _task_caller(session, access_key_id, place)
    if session.partition != place.partition or session.kind not in PRINCIPALS:
        raise Refusal("InvalidClientTokenId", INVALID)
    if session.kind == "session" and session.principal_id == session.account:
        return root_caller(session.account, access_key_id, place, session=session)
    if session.kind == "federated-user" and session.principal_id == session.account:
        return _of_root(session, access_key_id, place)
    kind, called = PRINCIPALS[session.kind]
    entity: User | Role | None = tx.find_id(kind, session.principal_id)
    if entity is None or entity.account != session.account:
        raise Refusal("InvalidClientTokenId", INVALID)
    if session.epoch != entity.session_epoch:
        raise Refusal("ExpiredToken", EXPIRED)
    own = arn_of(entity, place.partition)
    arn, user_id = _shown(session, entity, own, place)
    return Caller(
        kind=called,
        account=entity.account,
        arn=arn,
        user_id=user_id,
        entity_id=entity.id,
        entity_arn=own,
        name=entity.name,
        access_key_id=access_key_id,
        session=session,
    )


def _of_root(session: Session, access_key_id: str, place: Place) -> Caller:
    """A federated user whom the root user of an account has made."""
    account, root = session.account, f"arn:{place.partition}:iam::{session.account}:root"
    return Caller(
        kind="federated-user",
        account=account,
        arn=f"arn:{place.partition}:sts::{account}:federated-user/{session.name}",
        user_id=f"{account}:{session.name}",
        entity_id=account,
        entity_arn=root,
        access_key_id=access_key_id,
        session=session,
    )


def _shown(session: Session, entity: User | Role, own: str, place: Place) -> tuple[str, str]:
    """The ARN and the unique id of the caller, as GetCallerIdentity shows them."""
    sts = f"arn:{place.partition}:sts::{entity.account}"
    if isinstance(entity, Role):
        return f"{sts}:assumed-role/{entity.name}/{session.name}", f"{entity.id}:{session.name}"
    if session.kind == "federated-user":
        return f"{sts}:federated-user/{session.name}", f"{entity.account}:{session.name}"
    return own, entity.id


def _task_caller(session: Session, access_key_id: str, place: Place) -> Caller:
    """The root user in a session of sts:AssumeRoot, which does one task. Raises InvalidClientTokenId for a session
    without the policy of its task: it would be root without bounds (rule P10)."""
    if session.principal_id != session.account or len(session.policy_ids) != 1:
        raise Refusal("InvalidClientTokenId", INVALID)
    root = root_caller(session.account, access_key_id, place, session=session)
    return replace(root, arn=f"arn:{place.partition}:sts::{session.account}:assumed-root")


def root_caller(account: str, access_key_id: str, place: Place, *, session: Session | None = None) -> Caller:
    """The root user of an account, by its long-term key or by temporary credentials of its own (GetSessionToken)."""
    arn = f"arn:{place.partition}:iam::{account}:root"
    return Caller(
        kind="root",
        account=account,
        arn=arn,
        user_id=account,
        entity_id=account,
        entity_arn=arn,
        access_key_id=access_key_id,
        session=session,
    )
