"""What a running IAM says about a caller: the policies that bind it, its tags and ids, and the trust of a role.

Law: reads by IAM's own operations with the caller's own credentials, as any AWS client finds them; works with every
server that speaks IAM. It gathers all of it or raises GatherError: a policy that may deny is never left out. It decides
nothing. Session policies cannot be asked for; SCPs, RCPs and the policies of other resources are not IAM's.
"""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import botocore.session
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import json_decode_policies

from locum.policy import Attached, PolicyError, PolicyKind, parse
from locum.policy.shorthand import Caller, CaseError

PATIENCE = 10  # seconds
MAX_ANSWER = 4 * 1024 * 1024

# What IAM calls a holder of policies -> the parameter that names it.
_NAME = {"user": "UserName", "role": "RoleName", "group": "GroupName"}


class GatherError(Exception):
    """Something that is needed could not be had: what was asked, and what was answered."""


class Source:
    """IAM and STS at an endpoint."""

    def __init__(self, endpoint: str) -> None:
        session = botocore.session.get_session()
        session.unregister("after-call.iam", json_decode_policies)  # the text, for lines and repeated keys
        region = session.get_config_variable("region") or "us-east-1"
        config = Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"total_max_attempts": 1})
        try:
            self._iam, self._sts = (
                session.create_client(name, region_name=region, endpoint_url=endpoint, config=config)
                for name in ("iam", "sts")
            )
        except (BotoCoreError, ValueError) as error:
            raise GatherError(f"{endpoint}: {error}") from error

    def account(self) -> str:
        """The account of the credentials in the environment."""
        return str(self._ask(self._sts, "get_caller_identity")["Account"])

    def scenario(self, principal: str, account: str, resources: tuple[str, ...]) -> dict[str, Any]:
        """The fields of a policy test that say what IAM knows: `principal`, `identity`, `boundary`, and `trust` when
        the one resource is a role of this account. Raises GatherError."""
        try:
            caller = Caller(principal, account)
        except CaseError as error:
            raise GatherError(str(error)) from error
        found: dict[str, Any] = {"account": account, "principal": {"is": principal}}
        fields = (caller.behind or caller.principal.arn).split(":", 5)
        kind, _, path = fields[-1].partition("/")
        if caller.principal.account == account and kind in ("user", "role"):
            found.update(self._of_entity(kind, path.rpartition("/")[2], principal))
        elif fields[-1] != "root" or caller.principal.account != account:
            raise GatherError(f"`{principal}` is no user, role session or root user of account {account}")
        for resource in resources:
            role = resource.split(":", 5)
            if len(role) == 6 and role[2] == "iam" and role[4] == account and role[5].startswith("role/"):
                found["trust"] = [self._trust(role[5].rpartition("/")[2])]
        return found

    def _of_entity(self, kind: str, name: str, principal: str) -> dict[str, Any]:
        entity = self._ask(self._iam, f"get_{kind}", **{_NAME[kind]: name})[kind.title()]
        spec: dict[str, Any] = {
            "is": principal,
            "id": entity[f"{kind.title()}Id"],
            "tags": {tag["Key"]: tag["Value"] for tag in entity.get("Tags", ())},
        }
        if kind == "role":
            spec["role"] = entity["Arn"]
        found: dict[str, Any] = {"principal": spec, "identity": list(self._policies(kind, name))}
        if kind == "user":
            for group in self._pages("list_groups_for_user", "Groups", UserName=name):
                found["identity"] += self._policies("group", group["GroupName"])
        boundary = entity.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if boundary:
            found["boundary"] = [self._managed(boundary, PolicyKind.BOUNDARY)]
        return found

    def _policies(self, kind: str, name: str) -> Iterator[Attached]:
        """The inline and attached policies of one user, group or role."""
        holder = {_NAME[kind]: name}
        for policy in self._pages(f"list_{kind}_policies", "PolicyNames", **holder):
            answer = self._ask(self._iam, f"get_{kind}_policy", PolicyName=policy, **holder)
            yield _attached(f"inline policy {policy} of {kind}/{name}", answer["PolicyDocument"], PolicyKind.IDENTITY)
        for attached in self._pages(f"list_attached_{kind}_policies", "AttachedPolicies", **holder):
            yield self._managed(attached["PolicyArn"], PolicyKind.IDENTITY)

    def _managed(self, arn: str, kind: PolicyKind) -> Attached:
        version = self._ask(self._iam, "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        answer = self._ask(self._iam, "get_policy_version", PolicyArn=arn, VersionId=version)
        return _attached(arn, answer["PolicyVersion"]["Document"], kind)

    def _trust(self, name: str) -> Attached:
        role = self._ask(self._iam, "get_role", RoleName=name)["Role"]
        return _attached(f"trust policy of {role['Arn']}", role["AssumeRolePolicyDocument"], PolicyKind.TRUST)

    def _pages(self, operation: str, member: str, **inputs: str) -> list[Any]:
        try:
            pages = self._iam.get_paginator(operation).paginate(**inputs)
            return [one for page in pages for one in page[member]]
        except (BotoCoreError, ClientError) as error:
            raise GatherError(f"{operation}: {error}") from error

    def _ask(self, client: Any, operation: str, **inputs: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(client, operation)(**inputs)
        except (BotoCoreError, ClientError) as error:
            raise GatherError(f"{operation}: {error}") from error
        return answer


def _attached(source: str, encoded: str, kind: PolicyKind) -> Attached:
    """A policy as IAM answers it, percent-encoded."""
    try:
        return Attached(source, parse(urllib.parse.unquote(encoded), kind))
    except PolicyError as error:
        raise GatherError(f"{source} cannot be read: {'; '.join(map(str, error.findings))}") from error


def denial(endpoint: str, request_id: str) -> dict[str, Any]:
    """What `locum dev` remembers of a request that it denied, or of the `latest`. Raises GatherError."""
    if urllib.parse.urlsplit(endpoint).scheme not in ("http", "https"):
        raise GatherError(f"`{endpoint}` is no address; http://HOST:PORT would be right")
    url = f"{endpoint.rstrip('/')}/_locum/denials/{urllib.parse.quote(request_id, safe='')}"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - the scheme was looked at
            found = msgspec.json.decode(answer.read(MAX_ANSWER), type=dict[str, Any])
    except urllib.error.HTTPError as error:
        with error:
            raise GatherError(f"{url}: {_said(error)}") from error
    except (OSError, ValueError) as error:
        raise GatherError(f"{url}: {error}") from error
    if not {"request_id", "text"} <= found.keys():
        raise GatherError(f"{url}: no explanation; the address of a `locum dev` would be right")
    return found


def _said(error: urllib.error.HTTPError) -> str:
    try:
        return str(msgspec.json.decode(error.read(MAX_ANSWER), type=dict[str, Any])["error"])
    except (ValueError, KeyError):
        return f"{error.code} {error.reason}"
