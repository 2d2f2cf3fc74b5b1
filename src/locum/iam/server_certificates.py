"""Server certificates: a certificate, its chain and its private key, kept for a server that speaks TLS.

Law: what does not fit together is not kept: the key is the certificate's, the chain leads upward, and the certificate
is valid now. The private key is sealed and never leaves. All of that is worked out before the step that stores it.
Source: IAM API reference, UploadServerCertificate and its siblings.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws import ids
from locum.aws.secret import Secret
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam.certificates import certificate, public_key, require_chain, require_key
from locum.iam.listing import answered
from locum.iam.names import arn_of, require_path
from locum.iam.quotas import require_room
from locum.iam.tag_rules import require_tags
from locum.store.entity import Entity
from locum.store.tx import Store, Tx

KEY = "key"  # the column's name in the store


class ServerCertificate(Entity, frozen=True, kw_only=True):
    """A certificate as it was given, in PEM, without white space around it: Terraform's provider counts on that. Its
    id (ASCA…) stays when it is renamed. The private key is no field: it is sealed beside the row under `KEY`."""

    kind: ClassVar[str] = "server-certificate"
    missing: ClassVar[str] = "The Server Certificate with name {name} cannot be found."
    exists: ClassVar[str] = "The Server Certificate with name {name} already exists."
    decides: ClassVar[bool] = False

    body: str
    chain: str | None = None
    expires: datetime
    tags: Tags = ()


def _prepare(call: Call, store: Store) -> datetime:
    """When the certificate ends, after everything was held against everything."""
    inputs = call.inputs
    leaf = certificate(inputs["CertificateBody"], call.now)
    public_key(leaf)
    require_key(leaf, inputs["PrivateKey"])
    if "CertificateChain" in inputs:
        require_chain(leaf, inputs["CertificateChain"])
    return leaf.not_valid_after_utc


@operation("iam:UploadServerCertificate", writes=True, prepares=_prepare)
def upload_server_certificate(
    call: Call,
    tx: Tx,
    *,
    server_certificate_name: str,
    certificate_body: str,
    private_key: Secret,
    path: str = "/",
    certificate_chain: str | None = None,
    tags: Tags = (),
) -> Result:
    """Keeps a certificate, and answers what is public about it."""
    require_room(call, "ServerCertificatesPerAccount", tx.count(ServerCertificate, call.account))
    expires: datetime = call.prepared
    kept = tx.add(
        ServerCertificate(
            id=call.new_id(ids.CERTIFICATE),
            account=call.account,
            name=server_certificate_name,
            path=require_path(path),
            created=call.now,
            body=certificate_body.strip(),
            chain=certificate_chain.strip() if certificate_chain is not None else None,
            expires=expires,
            tags=require_tags(call, tags),
        )
    )
    tx.put_secret(kept, KEY, private_key)
    answer: dict[str, Any] = {"ServerCertificateMetadata": _metadata(call, kept)}
    return answer | ({"Tags": shown(kept.tags)} if kept.tags else {})


@operation("iam:GetServerCertificate")
def get_server_certificate(call: Call, tx: Tx, *, server_certificate_name: str) -> Result:
    """Answers with a certificate, its chain and its tags; never with its key."""
    kept = tx.get(ServerCertificate, call.account, server_certificate_name)
    answer: dict[str, Any] = {
        "ServerCertificateMetadata": _metadata(call, kept),
        "CertificateBody": kept.body,
        "Tags": shown(kept.tags),
    }
    return {"ServerCertificate": answer | ({"CertificateChain": kept.chain} if kept.chain is not None else {})}


@operation("iam:ListServerCertificates")
def list_server_certificates(
    call: Call, tx: Tx, *, path_prefix: str = "/", marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the account's certificates under a path prefix."""
    page = tx.page(
        ServerCertificate,
        call.account,
        path_prefix=path_prefix,
        marker=marker,
        limit=max_items,
        listing=f"iam:ListServerCertificates {path_prefix}",
    )
    return answered("ServerCertificateMetadataList", [_metadata(call, kept) for kept in page.items], page.marker)


@operation("iam:UpdateServerCertificate", writes=True)
def update_server_certificate(
    call: Call,
    tx: Tx,
    *,
    server_certificate_name: str,
    new_path: str | None = None,
    new_server_certificate_name: str | None = None,
) -> Result:
    """Renames a certificate or moves it to another path."""
    kept = tx.get(ServerCertificate, call.account, server_certificate_name)
    name = kept.name if new_server_certificate_name is None else new_server_certificate_name
    path = kept.path if new_path is None else require_path(new_path, "newPath")
    tx.put(replace(kept, name=name, path=path))
    return None


@operation("iam:DeleteServerCertificate", writes=True)
def delete_server_certificate(call: Call, tx: Tx, *, server_certificate_name: str) -> Result:
    """Removes a certificate with its key. No service here uses one, so none is in the way."""
    tx.remove(tx.get(ServerCertificate, call.account, server_certificate_name))
    return None


def _metadata(call: Call, kept: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": kept.path,
        "ServerCertificateName": kept.name,
        "ServerCertificateId": kept.id,
        "Arn": arn_of(kept, call.place.partition),
        "UploadDate": kept.created,
        "Expiration": kept.expires,
    }
