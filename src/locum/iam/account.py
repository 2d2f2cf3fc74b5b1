"""The account itself: its alias, and the summary of what is in it.

Law: an alias is unique over the whole server, because people sign in by it; an account has one, and a new one takes the
place of the old without a word, as on AWS.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.access_keys import AccessKey
from locum.iam.entities import Account, Group, InstanceProfile, Role, User
from locum.iam.listing import answered, every
from locum.iam.login_profiles import find_profile
from locum.iam.mfa_devices import MFADevice
from locum.iam.oidc_providers import OIDCProvider
from locum.iam.policies import ManagedPolicy, PolicyVersion
from locum.iam.saml_providers import SAMLProvider
from locum.iam.server_certificates import ServerCertificate
from locum.iam.signing_certificates import SigningCertificate
from locum.iam.subject import Root
from locum.store.entity import Entity
from locum.store.tx import Tx


class AccountAlias(Entity, frozen=True, kw_only=True):
    """An account's public name. `id` is the alias too, and so no other account can take it."""

    kind: ClassVar[str] = "account-alias"
    missing: ClassVar[str] = "The Account Alias {name} cannot be found."
    exists: ClassVar[str] = "The account alias {name} already exists."
    decides: ClassVar[bool] = False


@operation("iam:CreateAccountAlias", writes=True)
def create_account_alias(call: Call, tx: Tx, *, account_alias: str) -> Result:
    """Gives the account an alias in place of the one it had. Raises EntityAlreadyExists when it is anybody's."""
    if tx.find_id(AccountAlias, account_alias) is not None:
        raise Refusal("EntityAlreadyExists", AccountAlias.exists.format(name=account_alias))
    for old in every(tx, AccountAlias, call.account):
        tx.remove(old)
    tx.add(AccountAlias(id=account_alias, account=call.account, name=account_alias, created=call.now))
    return None


@operation("iam:DeleteAccountAlias", writes=True)
def delete_account_alias(call: Call, tx: Tx, *, account_alias: str) -> Result:
    """Takes the account's alias away. Raises NoSuchEntity for any text but that alias."""
    tx.remove(tx.get(AccountAlias, call.account, account_alias))
    return None


@operation("iam:ListAccountAliases")
def list_account_aliases(call: Call, tx: Tx, *, marker: str | None = None, max_items: int = 100) -> Result:
    """Lists the account's alias: one or none."""
    page = tx.page(AccountAlias, call.account, marker=marker, limit=max_items, listing="iam:ListAccountAliases")
    return answered("AccountAliases", [alias.name for alias in page.items], page.marker)


# What the summary counts, under the key of AWS.
_COUNTED: dict[str, type[Entity]] = {
    "Users": User,
    "Groups": Group,
    "Roles": Role,
    "InstanceProfiles": InstanceProfile,
    "Policies": ManagedPolicy,
    "PolicyVersionsInUse": PolicyVersion,
    "MFADevices": MFADevice,
    "ServerCertificates": ServerCertificate,
}


TOKEN_VERSIONS = {"v1Token": 1, "v2Token": 2}


@operation("iam:SetSecurityTokenServicePreferences", writes=True)
def set_security_token_service_preferences(call: Call, tx: Tx, *, global_endpoint_token_version: str) -> Result:
    """Keeps the version that GetAccountSummary shows. Tokens made here are valid in every region with either."""
    account = tx.get_id(Account, call.account)
    tx.put(msgspec.structs.replace(account, token_version=TOKEN_VERSIONS[global_endpoint_token_version]))
    return None


@operation("iam:GetAccountSummary")
def get_account_summary(call: Call, tx: Tx) -> Result:
    """Answers with counts and quotas, and with what its root user has.

    PolicyVersionsInUse counts the stored versions of customer managed policies.
    """
    devices = [device for device in every(tx, MFADevice, call.account) if device.user]
    summary = {key: tx.count(kind, call.account, owner=None) for key, kind in _COUNTED.items()}
    summary |= {
        "Providers": sum(tx.count(kind, call.account) for kind in (OIDCProvider, SAMLProvider)),
        "MFADevicesInUse": len(devices),
        "AccountMFAEnabled": int(any(device.user == call.account for device in devices)),
        "AccountAccessKeysPresent": int(bool(tx.owned(AccessKey, call.account))),
        "AccountSigningCertificatesPresent": int(bool(tx.owned(SigningCertificate, call.account))),
        "AccountPasswordPresent": int(find_profile(tx, Root(call.account)) is not None),
        "GlobalEndpointTokenVersion": tx.get_id(Account, call.account).token_version,
    }
    return {"SummaryMap": summary | call.place.limits.summary()}
