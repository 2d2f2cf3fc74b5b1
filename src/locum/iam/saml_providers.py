"""SAML providers: whose assertions may be exchanged for a session of a role.

Law: what counts of a metadata document (entity ids, certificates, an end) is read once, when it comes in; the document
itself is kept beside, to be shown. Assertions that are encrypted are not read, so a private key for them is refused,
never kept in vain. Source: IAM API reference, CreateSAMLProvider, UpdateSAMLProvider.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.federation import metadata
from locum.federation.metadata import IdentityProvider, Metadata, MetadataError
from locum.iam.listing import every
from locum.iam.names import arn_of
from locum.iam.quotas import require_room
from locum.iam.tag_rules import require_tags
from locum.store.entity import Entity
from locum.store.tx import Tx

DOCUMENT = "metadata"  # the name of the one document that a provider owns
UNTIL = timedelta(days=36_500)  # how long metadata without an end of its own is taken
LATER = ("AssertionEncryptionMode", "AddPrivateKey")


class SAMLProvider(Entity, frozen=True, kw_only=True):
    """A provider. `id` is its SAMLProviderUUID."""

    kind: ClassVar[str] = "saml-provider"
    missing: ClassVar[str] = "Manifest not found for arn {name}"
    exists: ClassVar[str] = "Provider with name {name} already exists."

    providers: tuple[IdentityProvider, ...]
    valid_until: datetime
    tags: Tags = ()


class SAMLMetadata(Entity, frozen=True, kw_only=True):
    """The document that a provider was registered with, as it was given. Its provider owns it."""

    kind: ClassVar[str] = "saml-metadata"
    missing: ClassVar[str] = "Manifest not found"
    exists: ClassVar[str] = "Manifest exists already"
    decides: ClassVar[bool] = False
    unlogged: ClassVar[frozenset[str]] = frozenset({"text"})

    text: str


def get_saml_provider_of(call: Call, tx: Tx, arn: str) -> SAMLProvider:
    """The caller's provider of that ARN. Raises NoSuchEntity."""
    found = tx.find(SAMLProvider, call.account, arn.partition(":saml-provider/")[2])
    if found is None or arn_of(found, call.place.partition) != arn:
        raise Refusal("NoSuchEntity", SAMLProvider.missing.format(name=arn), arn=arn)
    return found


@operation(
    "iam:CreateSAMLProvider", writes=True, later=LATER, members={"saml_metadata_document": "SAMLMetadataDocument"}
)
def create_saml_provider(call: Call, tx: Tx, *, saml_metadata_document: str, name: str, tags: Tags = ()) -> Result:
    """Registers a provider by its metadata."""
    found = _read(call, saml_metadata_document)
    require_room(call, "SAMLProvidersPerAccount", tx.count(SAMLProvider, call.account))
    provider = tx.add(
        SAMLProvider(
            id=call.mint.octets(16).hex().upper(),
            account=call.account,
            name=name,
            created=call.now,
            providers=found.providers,
            valid_until=found.valid_until or call.now + UNTIL,
            tags=require_tags(call, tags),
        )
    )
    _keep(call, tx, provider, saml_metadata_document)
    answer: dict[str, Any] = {"SAMLProviderArn": arn_of(provider, call.place.partition)}
    return answer | ({"Tags": shown(provider.tags)} if provider.tags else {})


@operation("iam:GetSAMLProvider", members={"saml_provider_arn": "SAMLProviderArn"})
def get_saml_provider(call: Call, tx: Tx, *, saml_provider_arn: str) -> Result:
    """Answers with a provider and the document that it was registered with."""
    provider = get_saml_provider_of(call, tx, saml_provider_arn)
    answer: dict[str, Any] = {
        "SAMLProviderUUID": provider.id,
        "SAMLMetadataDocument": tx.get(SAMLMetadata, call.account, DOCUMENT, owner=provider.id).text,
        "CreateDate": provider.created,
        "ValidUntil": provider.valid_until,
    }
    return answer | ({"Tags": shown(provider.tags)} if provider.tags else {})


@operation("iam:ListSAMLProviders")
def list_saml_providers(call: Call, tx: Tx) -> Result:
    """Lists the account's providers, all at once."""
    return {
        "SAMLProviderList": [
            {
                "Arn": arn_of(provider, call.place.partition),
                "ValidUntil": provider.valid_until,
                "CreateDate": provider.created,
            }
            for provider in every(tx, SAMLProvider, call.account)
        ]
    }


@operation(
    "iam:UpdateSAMLProvider",
    writes=True,
    later=(*LATER, "RemovePrivateKey"),
    members={"saml_provider_arn": "SAMLProviderArn", "saml_metadata_document": "SAMLMetadataDocument"},
)
def update_saml_provider(
    call: Call, tx: Tx, *, saml_provider_arn: str, saml_metadata_document: str | None = None
) -> Result:
    """Replaces the metadata; from then on only the new certificates count."""
    provider = get_saml_provider_of(call, tx, saml_provider_arn)
    if saml_metadata_document is not None:
        found = _read(call, saml_metadata_document)
        until = found.valid_until or call.now + UNTIL
        provider = tx.put(replace(provider, providers=found.providers, valid_until=until))
        _keep(call, tx, provider, saml_metadata_document)
    return {"SAMLProviderArn": arn_of(provider, call.place.partition)}


@operation("iam:DeleteSAMLProvider", writes=True, members={"saml_provider_arn": "SAMLProviderArn"})
def delete_saml_provider(call: Call, tx: Tx, *, saml_provider_arn: str) -> Result:
    """Removes a provider. Roles that trust it stay, and nobody becomes them by it."""
    provider = get_saml_provider_of(call, tx, saml_provider_arn)
    for document in tx.owned(SAMLMetadata, provider.id):
        tx.remove(document)
    tx.remove(provider)
    return None


def _read(call: Call, text: str) -> Metadata:
    """What the document says. Raises InvalidInput for what says nothing usable."""
    limits = call.place.limits
    try:
        found = metadata.read(
            text,
            most_entities=limits["EntityDescriptorsPerSAMLProvider"],
            most_keys=limits["KeysPerSAMLProvider"],
        )
    except MetadataError as error:
        raise Refusal("InvalidInput", f"Could not parse metadata: {error}") from error
    if found.valid_until is not None and found.valid_until <= call.now:
        raise Refusal("InvalidInput", "Could not parse metadata: it was valid until a time that has passed")
    return found


def _keep(call: Call, tx: Tx, provider: SAMLProvider, text: str) -> None:
    """Keeps the document in the place of the one before."""
    kept = tx.find(SAMLMetadata, call.account, DOCUMENT, owner=provider.id)
    if kept is not None:
        tx.put(replace(kept, text=text))
        return
    tx.add(
        SAMLMetadata(
            id=f"{provider.id}/{DOCUMENT}",
            account=call.account,
            name=DOCUMENT,
            owner=provider.id,
            created=call.now,
            text=text,
        )
    )
