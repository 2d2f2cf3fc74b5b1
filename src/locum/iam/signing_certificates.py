"""Signing certificates: a user's or root's X.509 certificates for services that check signatures with them.

Law: a certificate is one user's of an account; its id is made of itself, so it is the same after it was deleted and
uploaded again. Source: IAM API reference, UploadSigningCertificate and its siblings.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.certificates import certificate, id_of, public_key
from locum.iam.entities import User
from locum.iam.listing import answered
from locum.iam.quotas import require_room
from locum.iam.status import ACTIVE, require_settable
from locum.iam.subject import Root, subject
from locum.store.entity import Entity
from locum.store.tx import Tx


class SigningCertificate(Entity, frozen=True, kw_only=True):
    """A certificate to the byte as it was given, in PEM: Terraform's provider counts on that. `name` is its id, `id`
    the account and that; `owner` is the user's id, or the account id for root's."""

    kind: ClassVar[str] = "signing-certificate"
    missing: ClassVar[str] = "The Certificate with id {name} cannot be found."
    exists: ClassVar[str] = "The Certificate with id {name} already exists."
    decides: ClassVar[bool] = False

    body: str
    status: str = ACTIVE


@operation("iam:UploadSigningCertificate", writes=True)
def upload_signing_certificate(call: Call, tx: Tx, *, certificate_body: str, user_name: str | None = None) -> Result:
    """Keeps a certificate for a user. Raises DuplicateCertificate when it is anybody's of the account."""
    whom = subject(call, tx, user_name)
    found = certificate(certificate_body, call.now)
    public_key(found)
    id = id_of(found)
    if tx.find_id(SigningCertificate, f"{call.account}/{id}") is not None:
        raise Refusal("DuplicateCertificate", f"the certificate `{id}` is a user's of this account already", id=id)
    require_room(call, "CertificatesPerUser", len(tx.owned(SigningCertificate, whom.id)))
    kept = tx.add(
        SigningCertificate(
            id=f"{call.account}/{id}",
            account=call.account,
            name=id,
            owner=whom.id,
            created=call.now,
            body=certificate_body,
        )
    )
    return {"Certificate": _shown(whom, kept)}


@operation("iam:ListSigningCertificates")
def list_signing_certificates(
    call: Call, tx: Tx, *, user_name: str | None = None, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the certificates of a user or of the caller."""
    whom = subject(call, tx, user_name)
    listing = f"iam:ListSigningCertificates {whom.id}"
    page = tx.page(SigningCertificate, call.account, owner=whom.id, marker=marker, limit=max_items, listing=listing)
    return answered("Certificates", [_shown(whom, kept) for kept in page.items], page.marker)


@operation("iam:UpdateSigningCertificate", writes=True)
def update_signing_certificate(
    call: Call, tx: Tx, *, certificate_id: str, status: str, user_name: str | None = None
) -> Result:
    """Turns a certificate off or on again."""
    kept = _get(call, tx, user_name, certificate_id)
    tx.put(replace(kept, status=require_settable(status)))
    return None


@operation("iam:DeleteSigningCertificate", writes=True)
def delete_signing_certificate(call: Call, tx: Tx, *, certificate_id: str, user_name: str | None = None) -> Result:
    """Removes a certificate."""
    tx.remove(_get(call, tx, user_name, certificate_id))
    return None


def _get(call: Call, tx: Tx, user_name: str | None, id: str) -> SigningCertificate:
    """The certificate, if it is that user's. An id is compared exactly. Raises NoSuchEntity."""
    whom = subject(call, tx, user_name)
    kept = tx.find_id(SigningCertificate, f"{call.account}/{id}")
    if kept is None or kept.owner != whom.id:
        raise Refusal("NoSuchEntity", SigningCertificate.missing.format(name=id), id=id)
    return kept


def _shown(whom: User | Root, kept: SigningCertificate) -> dict[str, Any]:
    named = {"UserName": whom.name} if isinstance(whom, User) else {}
    return named | {
        "CertificateId": kept.name,
        "CertificateBody": kept.body,
        "Status": kept.status,
        "UploadDate": kept.created,
    }
