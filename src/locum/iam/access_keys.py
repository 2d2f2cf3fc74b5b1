"""Access keys: the long-term credentials of a user, or of an account's root.

Law: the secret leaves once, in the answer of CreateAccessKey (rule K10), and is sealed from then on. An id names its
account (rule S46) and is never made twice.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

import msgspec

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.call import Call, Result, operation
from locum.iam.entities import User
from locum.iam.listing import answered
from locum.iam.quotas import exceeded
from locum.iam.status import ACTIVE, require_settable
from locum.iam.subject import Root, subject
from locum.store.entity import Entity
from locum.store.tx import Tx

SECRET_OCTETS = 30  # 40 characters of base64 (rule S48)
NEVER = "N/A"  # service and region of a key that was never used (wire.md 5.2)

SECRET = "secret"  # noqa: S105  the column's name in the store


class AccessKey(Entity, frozen=True, kw_only=True):
    """A long-term key. `id` and `name` are the key id (AKIA…); `owner` is the user's id, or the account id for root's.

    `status` is `Active` or `Inactive`. The secret is no field: it is sealed beside the row under `SECRET`.
    """

    kind: ClassVar[str] = "access-key"
    missing: ClassVar[str] = "The Access Key with id {name} cannot be found."
    exists: ClassVar[str] = "The Access Key with id {name} already exists."

    status: str = ACTIVE

    @property
    def active(self) -> bool:
        """Whether it signs."""
        return self.status == ACTIVE


@operation("iam:CreateAccessKey", writes=True)
def create_access_key(call: Call, tx: Tx, *, user_name: str | None = None) -> Result:
    """Makes a key and shows its secret, this once."""
    whom = subject(call, tx, user_name)
    quota = "RootAccessKeys" if isinstance(whom, Root) else "AccessKeysPerUser"
    limit = call.place.limits[quota]
    if len(tx.owned(AccessKey, whom.id)) >= limit:
        raise exceeded("AccessKeysPerUser", limit)
    secret = Secret(base64.b64encode(call.mint.octets(SECRET_OCTETS)).decode("ascii"))
    key = add_access_key(call, tx, whom, secret)
    return {"AccessKey": _shown(whom, key) | {"SecretAccessKey": secret.reveal()}}  # SECRET shown once (rule K10)


@operation("iam:UpdateAccessKey", writes=True)
def update_access_key(call: Call, tx: Tx, *, access_key_id: str, status: str, user_name: str | None = None) -> Result:
    """Turns a key off or on again."""
    key = _get(call, tx, user_name, access_key_id)
    tx.put(msgspec.structs.replace(key, status=require_settable(status)))
    return None


@operation("iam:DeleteAccessKey", writes=True)
def delete_access_key(call: Call, tx: Tx, *, access_key_id: str, user_name: str | None = None) -> Result:
    """Removes a key with its secret."""
    tx.remove(_get(call, tx, user_name, access_key_id))
    return None


@operation("iam:ListAccessKeys")
def list_access_keys(
    call: Call, tx: Tx, *, user_name: str | None = None, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the keys of a user or of the caller."""
    whom = subject(call, tx, user_name)
    listing = f"iam:ListAccessKeys {whom.id}"
    page = tx.page(AccessKey, call.account, owner=whom.id, marker=marker, limit=max_items, listing=listing)
    return answered("AccessKeyMetadata", [_shown(whom, key) for key in page.items], page.marker)


@operation("iam:GetAccessKeyLastUsed")
def get_access_key_last_used(call: Call, tx: Tx, *, access_key_id: str) -> Result:
    """Says when a key of the account last signed a request, for which service and in which region."""
    key = tx.find_id(AccessKey, access_key_id)
    if key is None or key.account != call.account:
        raise _missing(access_key_id)
    use = call.activity.last_used(key.id)
    last: dict[str, Any] = {"ServiceName": NEVER, "Region": NEVER}
    if use is not None:
        last = {"LastUsedDate": use.at, "ServiceName": use.service, "Region": use.region}
    whom = Root(key.account) if key.owner == key.account else tx.get_id(User, key.owner)
    return _named(whom) | {"AccessKeyLastUsed": last}


def add_access_key(call: Call, tx: Tx, whom: User | Root, secret: Secret) -> AccessKey:
    """Stores a new key with its sealed secret. Its id carries the account and the generation bit (rules S46, E6)."""
    low39 = int.from_bytes(call.mint.octets(5), "big") >> 1
    id = ids.key_id(ids.ACCESS_KEY, call.account, low39=low39, generation=call.place.key_generation)
    key = tx.add(AccessKey(id=id, name=id, account=call.account, owner=whom.id, created=call.now))
    tx.put_secret(key, SECRET, secret)
    return key


def _get(call: Call, tx: Tx, user_name: str | None, access_key_id: str) -> AccessKey:
    """The key, if it is that user's. An id is compared exactly. Raises NoSuchEntity."""
    whom = subject(call, tx, user_name)
    key = tx.find_id(AccessKey, access_key_id)
    if key is None or key.owner != whom.id:
        raise _missing(access_key_id)
    return key


def _missing(access_key_id: str) -> Refusal:
    return Refusal("NoSuchEntity", AccessKey.missing.format(name=access_key_id), id=access_key_id)


def _named(whom: User | Root) -> dict[str, Any]:
    """The user's name. Root has none."""
    return {"UserName": whom.name} if isinstance(whom, User) else {}


def _shown(whom: User | Root, key: AccessKey) -> dict[str, Any]:
    """A key as listings show it."""
    return _named(whom) | {"AccessKeyId": key.id, "Status": key.status, "CreateDate": key.created}
