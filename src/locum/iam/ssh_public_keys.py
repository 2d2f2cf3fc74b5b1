"""SSH public keys of users, and the two encodings that one is given and shown in.

Law: an RSA key of 2048 bits or more, given as `ssh-rsa …` or in PEM, kept as what it is and shown in whichever encoding
is asked for; so the same key is the same in both. Source: IAM API reference, UploadSSHPublicKey and its siblings.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, ClassVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
    load_ssh_public_key,
)
from msgspec.structs import replace

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.entities import User
from locum.iam.listing import answered
from locum.iam.quotas import require_room
from locum.iam.status import ACTIVE, require_settable
from locum.iam.subject import Root, subject
from locum.store.entity import Entity
from locum.store.tx import Tx

LEAST_BITS = 2048
UNRECOGNIZED = "the key is neither `ssh-rsa …` nor PEM"  # ours
INVALID = f"the key is no RSA public key of {LEAST_BITS} bits or more"  # ours
DUPLICATE = "the key is one of this user's already"  # ours


class SSHPublicKey(Entity, frozen=True, kw_only=True):
    """A key. `id` and `name` are its id (APKA…), `owner` is the user's; `body` is `ssh-rsa` and the key in base64."""

    kind: ClassVar[str] = "ssh-public-key"
    missing: ClassVar[str] = "The Public Key with id {name} cannot be found."
    exists: ClassVar[str] = "The Public Key with id {name} already exists."
    decides: ClassVar[bool] = False

    body: str
    status: str = ACTIVE


def read(text: str) -> str:
    """The key in a text, as `ssh-rsa` and base64. Raises UnrecognizedPublicKeyEncoding or InvalidPublicKey."""
    octets = text.strip().encode()
    if octets.startswith(b"ssh-rsa "):
        load: Any = load_ssh_public_key
    elif octets.startswith(b"-----BEGIN "):
        load = load_pem_public_key
    else:
        raise Refusal("UnrecognizedPublicKeyEncoding", UNRECOGNIZED)
    try:
        key = load(octets)
    except (ValueError, UnsupportedAlgorithm):
        raise Refusal("InvalidPublicKey", INVALID) from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
        raise Refusal("InvalidPublicKey", INVALID)
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


def in_pem(body: str) -> str:
    """A kept key in PEM."""
    key = load_ssh_public_key(body.encode())
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii").strip()


def fingerprint(body: str) -> str:
    """The MD5 of a kept key, as `ssh-keygen -l -E md5` prints it."""
    octets = hashlib.md5(base64.b64decode(body.split()[1]), usedforsecurity=False).digest()
    return octets.hex(":")


@operation(
    "iam:UploadSSHPublicKey",
    writes=True,
    members={"ssh_public_key_body": "SSHPublicKeyBody"},
)
def upload_ssh_public_key(call: Call, tx: Tx, *, user_name: str, ssh_public_key_body: str) -> Result:
    """Keeps a key for a user."""
    user = tx.get(User, call.account, user_name)
    body, present = read(ssh_public_key_body), tx.owned(SSHPublicKey, user.id)
    if any(key.body == body for key in present):
        raise Refusal("DuplicateSSHPublicKey", DUPLICATE)
    require_room(call, "SSHPublicKeysPerUser", len(present))
    id = call.new_id(ids.PUBLIC_KEY)
    key = tx.add(SSHPublicKey(id=id, name=id, account=call.account, owner=user.id, created=call.now, body=body))
    return {"SSHPublicKey": _whole(user, key, ssh_public_key_body)}


@operation("iam:GetSSHPublicKey", members={"ssh_public_key_id": "SSHPublicKeyId"})
def get_ssh_public_key(call: Call, tx: Tx, *, user_name: str, ssh_public_key_id: str, encoding: str) -> Result:
    """Shows a key in the encoding that is asked for. Raises UnrecognizedPublicKeyEncoding for another."""
    user = tx.get(User, call.account, user_name)
    key = _get(tx, user, ssh_public_key_id)
    if encoding not in ("SSH", "PEM"):  # pragma: no cover  the wire holds it to AWS's enumeration
        raise Refusal("UnrecognizedPublicKeyEncoding", UNRECOGNIZED)
    return {"SSHPublicKey": _whole(user, key, key.body if encoding == "SSH" else in_pem(key.body))}


@operation("iam:ListSSHPublicKeys")
def list_ssh_public_keys(
    call: Call, tx: Tx, *, user_name: str | None = None, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the keys of a user or of the caller. Root has none."""
    whom = subject(call, tx, user_name)
    listing = f"iam:ListSSHPublicKeys {whom.id}"
    page = tx.page(SSHPublicKey, call.account, owner=whom.id, marker=marker, limit=max_items, listing=listing)
    return answered("SSHPublicKeys", [_listed(whom, key) for key in page.items], page.marker)


@operation("iam:UpdateSSHPublicKey", writes=True, members={"ssh_public_key_id": "SSHPublicKeyId"})
def update_ssh_public_key(call: Call, tx: Tx, *, user_name: str, ssh_public_key_id: str, status: str) -> Result:
    """Turns a key off or on again."""
    key = _get(tx, tx.get(User, call.account, user_name), ssh_public_key_id)
    tx.put(replace(key, status=require_settable(status)))
    return None


@operation("iam:DeleteSSHPublicKey", writes=True, members={"ssh_public_key_id": "SSHPublicKeyId"})
def delete_ssh_public_key(call: Call, tx: Tx, *, user_name: str, ssh_public_key_id: str) -> Result:
    """Removes a key."""
    tx.remove(_get(tx, tx.get(User, call.account, user_name), ssh_public_key_id))
    return None


def _get(tx: Tx, user: User, id: str) -> SSHPublicKey:
    """The key, if it is that user's. An id is compared exactly. Raises NoSuchEntity."""
    key = tx.find_id(SSHPublicKey, id)
    if key is None or key.owner != user.id:
        raise Refusal("NoSuchEntity", SSHPublicKey.missing.format(name=id), id=id)
    return key


def _listed(whom: User | Root, key: SSHPublicKey) -> dict[str, Any]:
    named = {"UserName": whom.name} if isinstance(whom, User) else {}
    return named | {"SSHPublicKeyId": key.id, "Status": key.status, "UploadDate": key.created}


def _whole(user: User, key: SSHPublicKey, body: str) -> dict[str, Any]:
    return _listed(user, key) | {"Fingerprint": fingerprint(key.body), "SSHPublicKeyBody": body}
