"""Central management of root users: which of it an organization has switched on. Five operations from one table.

Law: only the account that manages an organization of all features switches, and only while IAM has trusted access to
it. What a switch allows is done by sts:AssumeRoot. Source: IAM API reference, EnableOrganizationsRootSessions and its
siblings; IAM User Guide, "Centrally manage root access for member accounts"; the sentence about trusted access as
observed on AWS in September 2026, the others ours.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.organization import ALL_FEATURES, Organization, member_of
from locum.store.tx import Tx

CREDENTIALS, SESSIONS = "RootCredentialsManagement", "RootSessions"
TRUSTED = "iam.amazonaws.com"

Change = Callable[[tuple[str, ...]], tuple[str, ...]]


def organization_of(call: Call, tx: Tx) -> Organization:
    """The organization whose root users the caller's account manages. Raises what AWS answers to any other."""
    member = member_of(tx, call.account)
    if member is None:
        raise Refusal("OrganizationNotFoundException", f"The account {call.account} is not in an organization.")
    organization = tx.get_id(Organization, member.organization)
    if organization.account != call.account:
        raise Refusal(
            "AccountNotManagementOrDelegatedAdministratorException",
            f"The account {call.account} does not manage the organization.",
        )
    if organization.feature_set != ALL_FEATURES:
        raise Refusal("OrganizationNotInAllFeaturesModeException", "The organization does not have all features.")
    if TRUSTED not in organization.services:
        raise Refusal(
            "ServiceAccessNotEnabledException",
            f"Trusted Access for IAM not enabled by organization of input account {call.account}.",
        )
    return organization


def _on(feature: str) -> Change:
    return lambda present: present if feature in present else (*present, feature)


def _off(feature: str) -> Change:
    return lambda present: tuple(one for one in present if one != feature)


SWITCHES: tuple[tuple[str, Change], ...] = (
    ("iam:EnableOrganizationsRootCredentialsManagement", _on(CREDENTIALS)),
    ("iam:EnableOrganizationsRootSessions", _on(SESSIONS)),
    ("iam:DisableOrganizationsRootCredentialsManagement", _off(CREDENTIALS)),
    ("iam:DisableOrganizationsRootSessions", _off(SESSIONS)),
)


def _declare(name: str, change: Change) -> None:
    @operation(name, writes=True)
    def switch(call: Call, tx: Tx) -> Result:
        """Switches, and answers with what is on by then."""
        organization = organization_of(call, tx)
        features = change(organization.root_features)
        if features != organization.root_features:
            organization = tx.put(replace(organization, root_features=features))
        return _shown(organization)


@operation("iam:ListOrganizationsFeatures")
def list_organizations_features(call: Call, tx: Tx) -> Result:
    """Answers with what is on."""
    return _shown(organization_of(call, tx))


def _shown(organization: Organization) -> Result:
    return {"OrganizationId": organization.id, "EnabledFeatures": list(organization.root_features)}


for _name, _change in SWITCHES:
    _declare(_name, _change)
