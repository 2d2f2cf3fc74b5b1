"""The condition keys that a policy test has without saying so, and those it gives.

Law: keys follow from the caller, the resource and the scenario's `now`; nothing about networks and organisations is
derived. docs/reference/policy-tests.md lists them.
"""

from __future__ import annotations

from typing import Any

from locum.policy.asked import require_instant
from locum.policy.context import Context, Value
from locum.policy.match import fold
from locum.policy.principals import IN_ACCOUNT, PrincipalType
from locum.policy.shorthand import Caller, CaseError, mapping

NOW = "2026-01-15T12:00:00Z"
ISSUED = "2026-01-15T11:50:00Z"


def context_of(raw: dict[str, Any], caller: Caller, resources: list[str], owners: list[str]) -> Context:
    """The condition keys of a scenario: those derived, then those it gives. Raises CaseError."""
    keys: dict[str, Value] = {}
    derive = raw.get("derive", True)
    if not isinstance(derive, bool):
        raise CaseError("`derive` is no boolean; true or false would be right")
    now = str(raw.get("now", NOW))
    nanoseconds = require_instant(now)
    if derive:
        keys = {"aws:CurrentTime": now, "aws:EpochTime": str(nanoseconds // 10**9), **_derived(raw, caller)}
        if len(set(owners)) == 1 and resources != ["*"]:
            keys["aws:ResourceAccount"] = owners[0]
    given = mapping(raw.get("context"), "context")
    for key, value in given.items():
        keys = {other: kept for other, kept in keys.items() if fold(other) != fold(key)}
        if isinstance(value, list):
            keys[key] = tuple(_text(one) for one in value)
        elif value is not None:
            keys[key] = _text(value)
    return Context(keys)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list) or value is None:
        raise CaseError(f"context value `{value}`; a text, a number or a boolean would be right")
    return str(value)


def _derived(raw: dict[str, Any], caller: Caller) -> dict[str, Value]:
    keys: dict[str, Value] = {
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        "aws:RequestedRegion": "us-east-1",
    }
    keys.update(_of_caller(caller))
    if caller.mfa is not None:
        keys["aws:MultiFactorAuthPresent"] = _text(bool(caller.mfa))
        if caller.mfa:
            keys["aws:MultiFactorAuthAge"] = "600"
    for name, value in caller.tags.items():
        keys[f"aws:PrincipalTag/{name}"] = _text(value)
    for name, value in mapping(raw.get("resource_tags"), "resource_tags").items():
        keys[f"aws:ResourceTag/{name}"] = _text(value)
    return keys


def _of_caller(caller: Caller) -> dict[str, Value]:
    principal = caller.principal
    kind, arn, account = principal.type, principal.arn, principal.account or ""
    if kind is PrincipalType.ANONYMOUS:
        return {"aws:PrincipalAccount": "anonymous", "aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}
    if kind is PrincipalType.SERVICE:
        return {
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": arn,
            "aws:PrincipalServiceNamesList": (arn,),
        }
    if kind not in IN_ACCOUNT:
        return {}
    last = arn.rpartition("/")[2]
    keys: dict[str, Value] = {"aws:PrincipalIsAWSService": "false", "aws:PrincipalAccount": account}
    if kind is PrincipalType.ROOT:
        own: dict[str, Value] = {
            "aws:PrincipalArn": arn,
            "aws:PrincipalType": "Account",
            "aws:userid": account,
        }
    elif kind is PrincipalType.USER:
        own = {
            "aws:PrincipalArn": arn,
            "aws:PrincipalType": "User",
            "aws:username": last,
            "aws:userid": caller.id or f"AIDAEXAMPLE{last.upper()}",
        }
    elif kind is PrincipalType.ROLE_SESSION:
        session = arn.split(":", 5)[5].split("/", 2)[2]
        own = {
            "aws:PrincipalArn": caller.behind,
            "aws:PrincipalType": "AssumedRole",
            "aws:TokenIssueTime": ISSUED,
            "aws:userid": f"{caller.id or 'AROAEXAMPLE'}:{session}",
        }
    else:
        own = {
            "aws:PrincipalArn": arn,
            "aws:PrincipalType": "FederatedUser",
            "aws:TokenIssueTime": ISSUED,
            "aws:userid": f"{account}:{last}",
        }
    return keys | own
