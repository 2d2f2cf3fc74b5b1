"""Service-specific credentials: a user name and password, or an API key, for one service.

Law: the secret leaves once, in the answer that makes it, and is sealed from then on (rule K10). A service takes either
passwords or API keys; only an API key may end, and from then on its status is `Expired`, whatever was set. Sources: IAM
API reference; recorded answers of AWS.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.call import Asked, Call, Result, operation
from locum.iam.entities import User
from locum.iam.listing import answered, every, page_of
from locum.iam.names import arn_of
from locum.iam.quotas import require_room
from locum.iam.status import ACTIVE, EXPIRED, require_settable
from locum.iam.subject import subject
from locum.store.entity import Entity
from locum.store.tx import Tx

SECRET = "secret"  # noqa: S105  the column's name in the store
OCTETS = 32
API_KEY = "ABSK"  # how a long-term API key begins

# Service -> whether its credentials are API keys (IAM User Guide, "API keys for AWS services").
SERVICES = {
    "codecommit.amazonaws.com": False,
    "cassandra.amazonaws.com": False,
    "bedrock.amazonaws.com": True,
    "logs.amazonaws.com": True,
}


class ServiceSpecificCredential(Entity, frozen=True, kw_only=True):
    """A credential. `id` and `name` are its id (ACCA…), `owner` is the user's. `user_name` is what its service knows
    the user by: ServiceUserName, or the alias of an API key."""

    kind: ClassVar[str] = "service-specific-credential"
    missing: ClassVar[str] = "No such credential {name} exists"
    exists: ClassVar[str] = "The credential {name} already exists."
    decides: ClassVar[bool] = False

    service: str
    user_name: str
    expires: datetime | None = None
    status: str = ACTIVE


@operation("iam:CreateServiceSpecificCredential", writes=True)
def create_service_specific_credential(
    call: Call, tx: Tx, *, user_name: str, service_name: str, credential_age_days: int | None = None
) -> Result:
    """Makes a credential of a user for a service, and shows its secret, this once."""
    user = tx.get(User, call.account, user_name)
    _require_service(service_name)
    if credential_age_days is not None and not SERVICES[service_name]:
        raise Refusal("ValidationError", f"credentials for {service_name} do not end; leave CredentialAgeDays out")
    present = [one for one in tx.owned(ServiceSpecificCredential, user.id) if one.service == service_name]
    require_room(call, "ServiceSpecificCredentialsPerUser", len(present))
    id = call.new_id(ids.SERVICE_CREDENTIAL)
    made = tx.add(
        ServiceSpecificCredential(
            id=id,
            account=call.account,
            name=id,
            owner=user.id,
            created=call.now,
            service=service_name,
            user_name=_free_name(user, {one.user_name for one in present}),
            expires=None if credential_age_days is None else call.now + timedelta(days=credential_age_days),
        )
    )
    return {"ServiceSpecificCredential": _shown(call, user, made) | _renewed(call, tx, made)}


def _asks_list(call: Call, tx: Tx) -> Sequence[Asked]:
    """About the user; about everybody where everybody's are asked for, so that a right to the own is none to those."""
    name, action = call.inputs.get("UserName"), call.operation.name
    if call.inputs.get("AllUsers"):
        return [Asked(action=action, arn="*", account=call.account)]
    if name is None:
        user = tx.find_id(User, call.caller.entity_id) if call.caller.kind == "user" else None
        arn = call.caller.entity_arn or call.caller.arn
    else:
        user = tx.find(User, call.account, name)
        arn = call.arn(f"user/{name}") if user is None else arn_of(user, call.place.partition)
    tags = {tag.key: tag.value for tag in user.tags} if user is not None else {}
    return [Asked(action=action, arn=arn, account=call.account, tags=tags)]


@operation("iam:ListServiceSpecificCredentials", asks=_asks_list)
def list_service_specific_credentials(
    call: Call,
    tx: Tx,
    *,
    user_name: str | None = None,
    service_name: str | None = None,
    all_users: bool = False,
    marker: str | None = None,
    max_items: int = 100,
) -> Result:
    """Lists the credentials of a user, of the caller, or of everybody, without secrets."""
    if all_users and user_name is not None:
        raise Refusal("ValidationError", "UserName and AllUsers exclude each other: send one of them")
    whom = None if all_users else subject(call, tx, user_name)
    if service_name is not None:
        _require_service(service_name)
    found: Any = every(tx, ServiceSpecificCredential, call.account)
    if whom is not None:
        found = tx.owned(ServiceSpecificCredential, whom.id)
    page = page_of(
        [one for one in found if service_name in (None, one.service)],
        key=lambda one: one.id,
        listing=f"iam:ListServiceSpecificCredentials {call.account} {whom.id if whom else '*'} {service_name}",
        marker=marker,
        limit=max_items,
    )
    rows = [_shown(call, tx.get_id(User, one.owner), one) for one in page.items]
    return answered("ServiceSpecificCredentials", rows, page.marker)


@operation("iam:UpdateServiceSpecificCredential", writes=True)
def update_service_specific_credential(
    call: Call, tx: Tx, *, service_specific_credential_id: str, status: str, user_name: str | None = None
) -> Result:
    """Turns a credential off or on again."""
    _, kept = _get(call, tx, user_name, service_specific_credential_id)
    tx.put(replace(kept, status=require_settable(status)))
    return None


@operation("iam:ResetServiceSpecificCredential", writes=True)
def reset_service_specific_credential(
    call: Call, tx: Tx, *, service_specific_credential_id: str, user_name: str | None = None
) -> Result:
    """Makes a new secret in the place of the old one, and shows it, this once. Status and name stay."""
    user, kept = _get(call, tx, user_name, service_specific_credential_id)
    return {"ServiceSpecificCredential": _shown(call, user, kept) | _renewed(call, tx, kept)}


@operation("iam:DeleteServiceSpecificCredential", writes=True)
def delete_service_specific_credential(
    call: Call, tx: Tx, *, service_specific_credential_id: str, user_name: str | None = None
) -> Result:
    """Removes a credential with its secret."""
    _, kept = _get(call, tx, user_name, service_specific_credential_id)
    tx.remove(kept)
    return None


def _require_service(name: str) -> None:
    if name not in SERVICES:
        raise Refusal(
            "NoSuchEntity", f"No such service {name} is supported for Service Specific Credentials", service=name
        )


def _get(call: Call, tx: Tx, user_name: str | None, id: str) -> tuple[User, ServiceSpecificCredential]:
    """The user and the credential, if it is theirs. An id is compared exactly. Raises NoSuchEntity; for another user's
    ValidationError, as AWS does (third party, September 2026)."""
    whom = subject(call, tx, user_name)
    kept = tx.find_id(ServiceSpecificCredential, id)
    if kept is None or kept.account != call.account:
        raise Refusal("NoSuchEntity", ServiceSpecificCredential.missing.format(name=id), id=id)
    if kept.owner != whom.id or not isinstance(whom, User):
        raise Refusal("ValidationError", f"the credential {id} is not that user's", id=id)
    return whom, kept


def _free_name(user: User, taken: set[str]) -> str:
    """`alice-at-111122223333`, and for a second credential of the same service `alice+1-at-111122223333`."""
    names = [f"{user.name}{suffix}-at-{user.account}" for suffix in ("", *(f"+{n}" for n in range(1, len(taken) + 1)))]
    return next(name for name in names if name not in taken)


def _renewed(call: Call, tx: Tx, kept: ServiceSpecificCredential) -> dict[str, Any]:
    """Seals a new secret, and shows it."""
    text = base64.b64encode(call.mint.octets(OCTETS)).decode("ascii")
    if SERVICES[kept.service]:
        text = API_KEY + base64.b64encode(f"{kept.user_name}:{text}".encode()).decode("ascii")
    secret = Secret(text)
    tx.put_secret(kept, SECRET, secret)
    member = "ServiceCredentialSecret" if SERVICES[kept.service] else "ServicePassword"
    return {member: secret.reveal()}  # SECRET shown once (rule K10)


def _shown(call: Call, user: User, kept: ServiceSpecificCredential) -> dict[str, Any]:
    """A credential as listings show it."""
    over = kept.expires is not None and kept.expires <= call.now
    answer: dict[str, Any] = {
        "UserName": user.name,
        "Status": EXPIRED if over else kept.status,
        "ServiceCredentialAlias" if SERVICES[kept.service] else "ServiceUserName": kept.user_name,
        "CreateDate": kept.created,
        "ServiceSpecificCredentialId": kept.id,
        "ServiceName": kept.service,
    }
    return answer | ({"ExpirationDate": kept.expires} if kept.expires is not None else {})
