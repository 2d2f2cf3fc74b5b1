"""Outbound web identity federation: an account as an issuer of tokens about its own identities.

Law: one issuer an account, made when the feature is enabled for the first time and kept from then on, with its keys;
disabling only stops new tokens. The private keys are sealed under the master key (rule K9) and leave the store for
signing alone; what verifies stands beside them in clear, for everybody. Drawing keys is slow, so it is done before the
write step. Source: IAM API reference, EnableOutboundWebIdentityFederation.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.call import Call, Result, operation
from locum.store.entity import Entity
from locum.store.tx import Store, Tx

NAME = "outbound"
PATH = "/_locum/oidc/"  # below the server's address; the issuer's id follows

# Algorithm -> the type of its key and what makes it, as the library takes them.
ALGORITHMS: Mapping[str, tuple[str, Any]] = {"RS256": ("RSA", 2048), "ES384": ("EC", "P-384")}


class OutboundIssuer(Entity, frozen=True, kw_only=True):
    """An account's issuer. `id` is the last part of its URL; `keys` are its public keys, as JWKs."""

    kind: ClassVar[str] = "outbound-issuer"
    missing: ClassVar[str] = "Outbound identity federation is disabled for account {name}"
    exists: ClassVar[str] = "Outbound identity federation is already enabled for account {name}"
    decides: ClassVar[bool] = False

    issuer: str
    enabled: bool
    keys: tuple[dict[str, str], ...]


def find_issuer(tx: Tx, account: str) -> OutboundIssuer | None:
    """The account's issuer, if it has ever had one."""
    return tx.find(OutboundIssuer, account, NAME)


def discovery(tx: Tx, identifier: str) -> Mapping[str, Any] | None:
    """The discovery document of the issuer of that id, or None."""
    found = tx.find_id(OutboundIssuer, identifier)
    if found is None:
        return None
    return {
        "issuer": found.issuer,
        "jwks_uri": f"{found.issuer}/.well-known/jwks.json",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted(ALGORITHMS),
        "claims_supported": ["aud", "exp", "iat", "iss", "jti", "sub"],
    }


def key_set(tx: Tx, identifier: str) -> Mapping[str, Any] | None:
    """The public keys of the issuer of that id, or None."""
    found = tx.find_id(OutboundIssuer, identifier)
    return None if found is None else {"keys": list(found.keys)}


def _draw(call: Call, store: Store) -> object:
    """New keys, by algorithm, for an account that has none."""
    if store.read(lambda tx: find_issuer(tx, call.account)) is not None:
        return {}
    jwk = import_module("joserfc.jwk")
    return {
        algorithm: jwk.generate_key(kty, size, {"use": "sig", "alg": algorithm}, auto_kid=True)
        for algorithm, (kty, size) in ALGORITHMS.items()
    }


@operation("iam:EnableOutboundWebIdentityFederation", writes=True, prepares=_draw)
def enable_outbound_web_identity_federation(call: Call, tx: Tx) -> Result:
    """Lets the account's identities have tokens, and names their issuer."""
    found = find_issuer(tx, call.account)
    if found is not None and found.enabled:
        raise Refusal("FeatureEnabled", OutboundIssuer.exists.format(name=call.account))
    if found is not None:
        tx.put(replace(found, enabled=True))
        return {"IssuerIdentifier": found.issuer}
    if not call.prepared:  # somebody else's disappeared in between, which nothing here does
        raise Refusal("ServiceUnavailable", "The keys of the issuer could not be made; try again")
    identifier = call.mint.octets(16).hex()
    made = tx.add(
        OutboundIssuer(
            id=identifier,
            account=call.account,
            name=NAME,
            created=call.now,
            issuer=f"{call.place.address}{PATH}{identifier}",
            enabled=True,
            keys=tuple(dict(key.as_dict(private=False)) for key in call.prepared.values()),
        )
    )
    for algorithm, key in call.prepared.items():
        tx.put_secret(made, algorithm, Secret(key.as_pem(private=True).decode("ascii")))
    return {"IssuerIdentifier": made.issuer}


@operation("iam:DisableOutboundWebIdentityFederation", writes=True)
def disable_outbound_web_identity_federation(call: Call, tx: Tx) -> Result:
    """Gives no more tokens; issuer and keys stay, so that those that were given can be verified."""
    tx.put(replace(_enabled(call, tx), enabled=False))
    return None


@operation("iam:GetOutboundWebIdentityFederationInfo")
def get_outbound_web_identity_federation_info(call: Call, tx: Tx) -> Result:
    """The issuer, while the feature is on."""
    return {"IssuerIdentifier": _enabled(call, tx).issuer, "JwtVendingEnabled": True}


def _enabled(call: Call, tx: Tx) -> OutboundIssuer:
    found = find_issuer(tx, call.account)
    if found is None or not found.enabled:
        raise Refusal("FeatureDisabled", OutboundIssuer.missing.format(name=call.account))
    return found
