"""OpenID Connect providers: whose tokens may be exchanged for a session of a role.

Law: a provider is its issuer's URL, compared as text for ever after (rule F5); its client ids are the audiences that
count. Registering one connects to nothing: keys are fetched when a token comes, over TLS that the machine's own
authorities vouch for. Thumbprints are kept and shown, and trusted by nobody. Idempotence as the IAM API reference says
of each operation; URL rules: its page of CreateOpenIDConnectProvider.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam.listing import every
from locum.iam.names import arn_of
from locum.iam.quotas import require_room
from locum.iam.tag_rules import require_tags
from locum.store.entity import Entity
from locum.store.tx import Tx

# Scheme, host (a name or an address, with a port), path. No query, fragment or credentials.
_URL = re.compile(
    r"(https?)://((?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~!$&'()+,;=:@%-]+)*/?)",
    re.ASCII,
)
_LOOPBACK = re.compile(r"(?:127\.[0-9]+\.[0-9]+\.[0-9]+|localhost|\[::1\])(?::[0-9]+)?(?:/.*)?", re.ASCII)
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)


class OIDCProvider(Entity, frozen=True, kw_only=True):
    """A provider. `name` is its URL without scheme, as in its ARN and in condition keys; `id` is `ACCOUNT/oidc/name`.

    `scheme` is `https`, or `http` for a provider on this very machine where a setting allows it.
    """

    kind: ClassVar[str] = "oidc-provider"
    missing: ClassVar[str] = "OpenIDConnect Provider not found for arn {name}"
    exists: ClassVar[str] = "Provider with url {name} already exists."

    scheme: str = "https"
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: Tags = ()

    @property
    def issuer(self) -> str:
        """The URL as it was registered: what `iss` must be, to the letter."""
        return f"{self.scheme}://{self.name}"


def find_provider(tx: Tx, account: str, issuer: str) -> OIDCProvider | None:
    """The provider of an account whose URL is exactly this `iss` (rule F5), or None."""
    found = tx.find(OIDCProvider, account, issuer.partition("://")[2])
    return found if found is not None and found.issuer == issuer else None


def get_oidc_provider(call: Call, tx: Tx, arn: str) -> OIDCProvider:
    """The caller's provider of that ARN. Raises NoSuchEntity."""
    found = tx.find(OIDCProvider, call.account, arn.partition(":oidc-provider/")[2])
    if found is None or arn_of(found, call.place.partition) != arn:
        raise Refusal("NoSuchEntity", OIDCProvider.missing.format(name=arn), arn=arn)
    return found


@operation("iam:CreateOpenIDConnectProvider", writes=True, members={"client_id_list": "ClientIDList"})
def create_open_id_connect_provider(
    call: Call,
    tx: Tx,
    *,
    url: str,
    client_id_list: tuple[str, ...] = (),
    thumbprint_list: tuple[str, ...] = (),
    tags: Tags = (),
) -> Result:
    """Registers a provider. It is not asked for its keys yet, so that it may come later."""
    scheme, name = _parsed(call, url)
    if tx.find(OIDCProvider, call.account, name) is not None:
        raise Refusal("EntityAlreadyExists", OIDCProvider.exists.format(name=f"{scheme}://{name}"), url=url)
    require_room(call, "OpenIdConnectProvidersPerAccount", tx.count(OIDCProvider, call.account))
    client_ids = tuple(dict.fromkeys(client_id_list))
    require_room(call, "ClientIdsPerOpenIdConnectProvider", len(client_ids) - 1)
    provider = tx.add(
        OIDCProvider(
            id=f"{call.account}/oidc/{name}",
            account=call.account,
            name=name,
            created=call.now,
            scheme=scheme,
            client_ids=client_ids,
            thumbprints=_thumbprints(call, thumbprint_list),
            tags=require_tags(call, tags),
        )
    )
    answer: dict[str, Any] = {"OpenIDConnectProviderArn": arn_of(provider, call.place.partition)}
    return answer | ({"Tags": shown(provider.tags)} if provider.tags else {})


@operation("iam:GetOpenIDConnectProvider", members={"open_id_connect_provider_arn": "OpenIDConnectProviderArn"})
def get_open_id_connect_provider(call: Call, tx: Tx, *, open_id_connect_provider_arn: str) -> Result:
    """Answers with a provider; its URL without the scheme, as on AWS."""
    provider = get_oidc_provider(call, tx, open_id_connect_provider_arn)
    answer: dict[str, Any] = {
        "Url": provider.name,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created,
    }
    return answer | ({"Tags": shown(provider.tags)} if provider.tags else {})


@operation("iam:ListOpenIDConnectProviders")
def list_open_id_connect_providers(call: Call, tx: Tx) -> Result:
    """Lists the account's providers, all at once."""
    arns = [arn_of(provider, call.place.partition) for provider in every(tx, OIDCProvider, call.account)]
    return {"OpenIDConnectProviderList": [{"Arn": arn} for arn in arns]}


@operation(
    "iam:UpdateOpenIDConnectProviderThumbprint",
    writes=True,
    members={"open_id_connect_provider_arn": "OpenIDConnectProviderArn"},
)
def update_open_id_connect_provider_thumbprint(
    call: Call, tx: Tx, *, open_id_connect_provider_arn: str, thumbprint_list: tuple[str, ...]
) -> Result:
    """Replaces all thumbprints."""
    provider = get_oidc_provider(call, tx, open_id_connect_provider_arn)
    tx.put(replace(provider, thumbprints=_thumbprints(call, thumbprint_list)))
    return None


@operation(
    "iam:AddClientIDToOpenIDConnectProvider",
    writes=True,
    members={"open_id_connect_provider_arn": "OpenIDConnectProviderArn", "client_id": "ClientID"},
)
def add_client_id(call: Call, tx: Tx, *, open_id_connect_provider_arn: str, client_id: str) -> Result:
    """Registers one more audience; one that is there already is no error."""
    provider = get_oidc_provider(call, tx, open_id_connect_provider_arn)
    if client_id not in provider.client_ids:
        require_room(call, "ClientIdsPerOpenIdConnectProvider", len(provider.client_ids))
        tx.put(replace(provider, client_ids=(*provider.client_ids, client_id)))
    return None


@operation(
    "iam:RemoveClientIDFromOpenIDConnectProvider",
    writes=True,
    members={"open_id_connect_provider_arn": "OpenIDConnectProviderArn", "client_id": "ClientID"},
)
def remove_client_id(call: Call, tx: Tx, *, open_id_connect_provider_arn: str, client_id: str) -> Result:
    """Takes an audience away; one that is not there is no error."""
    provider = get_oidc_provider(call, tx, open_id_connect_provider_arn)
    if client_id in provider.client_ids:
        tx.put(replace(provider, client_ids=tuple(one for one in provider.client_ids if one != client_id)))
    return None


@operation(
    "iam:DeleteOpenIDConnectProvider",
    writes=True,
    members={"open_id_connect_provider_arn": "OpenIDConnectProviderArn"},
)
def delete_open_id_connect_provider(call: Call, tx: Tx, *, open_id_connect_provider_arn: str) -> Result:
    """Removes a provider; one that is not there is no error. Roles that trust it stay: nobody becomes them by it."""
    try:
        tx.remove(get_oidc_provider(call, tx, open_id_connect_provider_arn))
    except Refusal:
        if ":oidc-provider/" not in open_id_connect_provider_arn:
            raise Refusal("InvalidInput", f"Invalid ARN: {open_id_connect_provider_arn}") from None
    return None


def _parsed(call: Call, url: str) -> tuple[str, str]:
    """The scheme and the name in a URL. Raises ValidationError for what can be no issuer here."""
    found = _URL.fullmatch(url)
    if found is None or (found[1] == "http" and not (call.place.local_issuers and _LOOPBACK.fullmatch(found[2]))):
        raise Refusal("ValidationError", "Invalid Open ID Connect Provider URL", url=url)
    return found[1], found[2]


def _thumbprints(call: Call, thumbprints: tuple[str, ...]) -> tuple[str, ...]:
    """SHA-1 of certificates, in hexadecimal. Raises InvalidInput for what is none, LimitExceeded for too many."""
    for one in thumbprints:
        if not _THUMBPRINT.fullmatch(one):
            raise Refusal("InvalidInput", f"`{one}` is no thumbprint; 40 hexadecimal digits would be right")
    require_room(call, "ThumbprintsPerOpenIdConnectProvider", len(set(thumbprints)) - 1)
    return tuple(dict.fromkeys(thumbprints))
