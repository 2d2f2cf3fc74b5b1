"""Every operation of AWS's models, by everybody who may or may not: the committed table is what a served house says.

A new operation fails here until its inputs stand in `tests/cases/access/inputs.json` and its line in the table has been
read by somebody: `python -m tests.access_matrix` writes the table again.
"""

from __future__ import annotations

from collections import Counter

import pytest
from tests import access_matrix
from tests.access_matrix import CALLERS, OK

from locum.aws import shapes
from locum.call import OPERATIONS

TABLE = access_matrix.committed()
MODELLED = access_matrix.modelled()
UNSIGNED = {"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}
# What is asked of nobody: no permission is needed (semantics 7).
FREE = {"sts:GetCallerIdentity", "sts:GetSessionToken"}
# What is about policies that are given and nothing that is stored.
OF_GIVEN_POLICIES = {"iam:SimulateCustomPolicy", "iam:GetContextKeysForCustomPolicy"}
# What is about the account of who asks, whichever that is.
OF_THE_OWN_ACCOUNT = {
    "iam:GetAccountProperties",
    "iam:PutAccountProperties",
    "iam:EnableOutboundWebIdentityFederation",
    "iam:GenerateCredentialReport",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccountSummary",
    "iam:SetSecurityTokenServicePreferences",
    "iam:UpdateAccountPasswordPolicy",
}


# What the JSON protocol calls these.
IN_JSON = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}


def said(action: str, code: str) -> str:
    """An error code as the clients of that operation's service know it."""
    return IN_JSON.get(code, code) if action.startswith("organizations:") else code


def test_every_operation_of_aws_has_a_line() -> None:
    assert sorted(TABLE) == sorted(MODELLED)


def test_every_performed_operation_has_inputs() -> None:
    assert sorted(access_matrix.inputs()) == sorted(OPERATIONS)


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, str]]:
    return dict(access_matrix.rows())


@pytest.mark.parametrize("action", MODELLED)
def test_the_table_is_what_a_served_house_says(action: str, found: dict[str, dict[str, str]]) -> None:
    assert found[action] == TABLE[action], "run `python -m tests.access_matrix` and read the difference"


# ---- what must hold of the table, whoever wrote it


@pytest.mark.parametrize("action", MODELLED)
def test_nobody_gets_past_authentication_without_it(action: str) -> None:
    line = TABLE[action]
    assert line["wrong secret"] == said(action, "SignatureDoesNotMatch")
    assert line["expired session"] == said(action, "ExpiredToken")
    if action not in UNSIGNED:
        assert line["no signature"] == said(action, "MissingAuthenticationToken")


def test_two_calls_are_unsigned_by_design_and_need_what_an_identity_provider_signed() -> None:
    unsigned = {one for one in MODELLED if shapes.operation(one).unsigned}
    assert unsigned == UNSIGNED
    for action in UNSIGNED & set(OPERATIONS):
        line = {
            caller: TABLE[action][caller] for caller in CALLERS if caller not in ("wrong secret", "expired session")
        }
        assert set(line.values()) == {"InvalidIdentityToken"}, line


@pytest.mark.parametrize("action", sorted(set(OPERATIONS) - UNSIGNED))
def test_a_user_without_rights_is_denied(action: str) -> None:
    assert TABLE[action]["user without rights"] == (OK if action in FREE else said(action, "AccessDenied"))


@pytest.mark.parametrize("action", sorted(set(MODELLED) - set(OPERATIONS)))
def test_what_is_not_performed_says_so_to_those_who_are_known(action: str) -> None:
    known = {"other account's administrator", "user without rights", "administrator"}
    assert {TABLE[action][caller] for caller in known} == {"NotImplemented"}


def test_an_administrator_is_never_denied_in_the_own_account() -> None:
    codes = Counter(TABLE[action]["administrator"] for action in OPERATIONS)
    assert codes["AccessDenied"] + codes["AccessDeniedException"] == 0
    assert codes[OK] > 80


def test_another_account_s_administrator_reaches_nothing_here() -> None:
    """Where the answer is a success, it is about the other account: lists, and what is made there."""
    reached = {one for one in OPERATIONS if TABLE[one]["other account's administrator"] == OK}
    OWN = ("iam:List", "iam:Create", "iam:Upload", "organizations:CreateOrganization")
    apart = FREE | {"sts:GetAccessKeyInfo", "sts:GetFederationToken", *OF_THE_OWN_ACCOUNT, *OF_GIVEN_POLICIES}
    assert {one for one in reached - apart if not one.startswith(OWN)} == set()
    assert all(list(TABLE[action]) == list(CALLERS) for action in TABLE)
