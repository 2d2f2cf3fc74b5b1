"""Quotas: how many there may be of what, and how large.

Law: one table, `data/quotas.json`, with the origin of each number; AWS changes them, so each is a setting. The names
are AWS's where AWS has one (`AccessKeysPerUser`, as in "Cannot exceed quota for AccessKeysPerUser: 2"). Nothing here
counts anything or refuses: an operation compares.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files

import msgspec


class Quota(msgspec.Struct, frozen=True):
    """One row of the table. `maximum` is what AWS grants at most on request, None where that is not known;
    `summary_key` is its name in GetAccountSummary."""

    key: str
    scope: str
    name: str
    default: int
    unit: str
    source: str
    maximum: int | None = None
    error_name: str | None = None
    summary_key: str | None = msgspec.field(default=None, name="account_summary_key")
    note: str | None = None


#: what AWS raises when it is asked to, and what an account holds of each kind: the settings of a server. An alias is
#: one in any case, and what a user may hold itself is the same everywhere, because tools count on it.
RAISABLE = (
    "UsersPerAccount",
    "GroupsPerAccount",
    "RolesPerAccount",
    "InstanceProfilesPerAccount",
    "PoliciesPerAccount",
    "ServerCertificatesPerAccount",
    "OpenIdConnectProvidersPerAccount",
    "SAMLProvidersPerAccount",
    "VirtualMFADevicesPerAccount",
    "PoliciesPerUser",
    "PoliciesPerGroup",
    "PoliciesPerRole",
    "ACLSizePerRole",
)

#: the largest number that a quota takes
MOST = 1_000_000


class _File(msgspec.Struct, frozen=True):
    quotas: tuple[Quota, ...]


@functools.cache
def quotas() -> Mapping[str, Quota]:
    """Every quota by its key, in the table's order."""
    text = files("locum.aws").joinpath("data/quotas.json").read_bytes()
    return {quota.key: quota for quota in msgspec.json.decode(text, type=_File).quotas}


class Limits(msgspec.Struct, frozen=True):
    """The quotas of a server: AWS's defaults, save what the settings say otherwise.

    `limits["UsersPerAccount"]` is the number. Raises KeyError for a name that the table does not have.
    """

    changed: Mapping[str, int] = {}

    @classmethod
    def of(cls, changed: Mapping[str, int]) -> Limits:
        """The quotas with these numbers instead of AWS's. Raises ValueError for an unknown name or a number below 0."""
        for key, number in changed.items():
            if key not in quotas():
                raise ValueError(f"`{key}` is not a quota; one of {', '.join(quotas())}")
            if number < 0:
                raise ValueError(f"`{number}` for `{key}` is below zero; a quota is a number from 0 upward")
        return cls(changed=dict(changed))

    def __getitem__(self, key: str) -> int:
        changed = self.changed.get(key)
        return quotas()[key].default if changed is None else changed

    def summary(self) -> dict[str, int]:
        """The quotas of GetAccountSummary, under its keys."""
        return {quota.summary_key: self[quota.key] for quota in quotas().values() if quota.summary_key}
