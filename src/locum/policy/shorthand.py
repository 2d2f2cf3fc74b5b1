"""The short forms of policy tests: `user/alice`, `allow s3:Get* on arn:… to role/app`.

Law: short text in, ordinary policy text and ARNs out, as docs/reference/policy-tests.md defines them. Nothing is
decided or checked here beyond the short form itself: `parse` judges the policies.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from locum.policy.principals import Principal, PrincipalType


class CaseError(ValueError):
    """A policy test that cannot be read: says what was seen and what would be right."""


_SHORT_PRINCIPAL = re.compile(
    r"(?:([0-9]{12}):)?(root|user/.+|role/.+|session/[^/]+/.+|federated/.+)", re.ASCII | re.DOTALL
)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_UNIQUE_ID = re.compile(r"(?:AIDA|AROA)[A-Z0-9]+", re.ASCII)
_SENTENCE = re.compile(
    r"\s*(allow|deny)\s+(.+?)(?:\s+on\s+(.+?))?(?:\s+to\s+(.+?))?\s*", re.ASCII | re.IGNORECASE | re.DOTALL
)
_VERBS = ("allow", "deny", "allow-except", "deny-except")
_STATEMENT = (*_VERBS, "on", "on-except", "to", "to-except", "if", "sid")
_PREFIXES = {"service:": "Service", "federated:": "Federated", "canonical:": "CanonicalUser"}
_PROVIDERS = {"saml:": "saml-provider", "oidc:": "oidc-provider"}
_ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NAMED = {"FullAWSAccess": [_ALLOW_ALL], "AdministratorAccess": [_ALLOW_ALL]}

_CALLER = ("is", "arn", "tags", "id", "mfa", "role", "management_account")
SERVICE_LINKED = ":role/aws-service-role/"


def many(value: Any) -> list[Any]:
    """This list, or the value as a list of one."""
    return value if isinstance(value, list) else [value]


def mapping(value: Any, name: str) -> dict[str, Any]:
    """This map, an empty one when it is not given. Raises CaseError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CaseError(f"`{name}` is no map; keys with values would be right")
    return value


def nearest(word: str, known: Iterable[str]) -> str:
    """What to say about an unknown word: the nearest right one, or all of them."""
    names = tuple(known)
    found = closest(word, names)
    return f"did you mean `{found}`?" if found else f"one of {', '.join(names)} would be right"


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is nearest to this one, or None when none is near."""
    found = difflib.get_close_matches(word, sorted(known), n=1)
    return found[0] if found else None


def principal_arn(text: str, account: str) -> str:
    """The ARN that a short principal name stands for; long names, accounts and `*` stay. Raises CaseError."""
    if text.startswith("arn:") or text == "*" or _ACCOUNT.fullmatch(text):
        return text
    found = _SHORT_PRINCIPAL.fullmatch(text)
    if not found:
        raise CaseError(f"principal `{text}` is unknown; `user/NAME`, `session/ROLE/NAME` or an ARN would be right")
    owner, rest = found[1] or account, found[2]
    kind, _, name = rest.partition("/")
    if kind == "session":
        return f"arn:aws:sts::{owner}:assumed-role/{name}"
    if kind == "federated":
        return f"arn:aws:sts::{owner}:federated-user/{name}"
    return f"arn:aws:iam::{owner}:{rest}"


def principal_entry(text: str, account: str) -> tuple[str, str]:
    """The key and the value of a principal map that one short name stands for."""
    if text == "*":
        return "AWS", "*"
    for prefix, key in _PREFIXES.items():
        if text.startswith(prefix):
            return key, text.removeprefix(prefix)
    for prefix, provider in _PROVIDERS.items():
        if text.startswith(prefix):
            return "Federated", f"arn:aws:iam::{account}:{provider}/{text.removeprefix(prefix)}"
    if text.endswith(".amazonaws.com") and ":" not in text and "/" not in text:
        return "Service", text
    if _UNIQUE_ID.fullmatch(text):
        return "AWS", text
    return "AWS", principal_arn(text, account)


def _principal_map(value: Any, account: str) -> Any:
    if isinstance(value, dict):
        return value
    block: dict[str, list[str]] = {}
    for item in many(value):
        key, name = principal_entry(str(item), account)
        if name == "*" and key == "AWS":
            return "*"
        block.setdefault(key, []).append(name)
    return block


def statement(value: Any, account: str, field: str) -> dict[str, Any]:
    """The statement that a sentence or a short statement stands for. Raises CaseError."""
    if isinstance(value, str):
        value = _sentence(value)
    if not isinstance(value, dict):
        raise CaseError(f"`{value}` is no statement; a sentence such as `allow s3:* on *` would be right")
    if "Effect" in value:
        return value
    for key in value:
        if key not in _STATEMENT:
            raise CaseError(f"statement field `{key}` is unknown; {nearest(str(key), _STATEMENT)}")
    verbs = [key for key in value if key in _VERBS]
    if len(verbs) != 1:
        raise CaseError(f"a statement has {len(verbs)} of allow, deny, allow-except, deny-except; one would be right")
    verb = verbs[0]
    result: dict[str, Any] = {"Sid": value["sid"]} if "sid" in value else {}
    result["Effect"] = verb.partition("-")[0].capitalize()
    if "to" in value:
        result["Principal"] = _principal_map(value["to"], account)
    elif "to-except" in value:
        result["NotPrincipal"] = _principal_map(value["to-except"], account)
    elif field in ("rcps", "endpoint"):
        result["Principal"] = "*"
    elif field in ("resource_policy", "trust", "key_policy"):
        raise CaseError(f"a statement of `{field}` names nobody; `to PRINCIPAL` would be right")
    result["NotAction" if verb.endswith("-except") else "Action"] = value[verb]
    if "on-except" in value:
        result["NotResource"] = value["on-except"]
    elif "on" in value:
        result["Resource"] = value["on"]
    elif field != "trust":
        result["Resource"] = "*"
    if "if" in value:
        result["Condition"] = value["if"]
    return result


def _sentence(text: str) -> dict[str, Any]:
    found = _SENTENCE.fullmatch(text)
    if not found:
        right = "`allow ACTION, … [on RESOURCE, …] [to PRINCIPAL, …]` would be right"
        raise CaseError(f"sentence `{text}` cannot be read; {right}")
    verb, actions, resources, principals = found.groups()
    result: dict[str, Any] = {verb.lower(): _list(actions)}
    if resources:
        result["on"] = _list(resources)
    if principals:
        result["to"] = _list(principals)
    return result


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def policy(value: Any, account: str, field: str) -> dict[str, Any]:
    """The policy document that one entry of a policy field stands for. Raises CaseError."""
    if isinstance(value, str) and value in NAMED:
        everybody = {"Principal": "*"} if field == "endpoint" else {}
        return {"Version": "2012-10-17", "Statement": [{**everybody, **one} for one in NAMED[value]]}
    if isinstance(value, dict) and "Statement" in value:
        return value
    return {"Version": "2012-10-17", "Statement": [statement(one, account, field) for one in many(value)]}


class Caller:
    """The caller of a test: the Principal, and what its context keys are derived from."""

    __slots__ = ("behind", "id", "mfa", "principal", "tags")

    def __init__(self, value: Any, account: str) -> None:
        spec = value if isinstance(value, dict) else {"is": value}
        for key in spec:
            if key not in _CALLER:
                raise CaseError(f"principal field `{key}` is unknown; {nearest(str(key), _CALLER)}")
        name = spec.get("is") or spec.get("arn")
        if not isinstance(name, str):
            raise CaseError("a principal has no name; `is: user/NAME` would be right")
        for key in ("id", "role"):
            if not isinstance(spec.get(key), str | None):
                raise CaseError(f"principal `{key}` is no text; a name would be right")
        for key in ("mfa", "management_account"):
            if not isinstance(spec.get(key), bool | None):
                raise CaseError(f"principal `{key}` is no boolean; true or false would be right")
        self.id: str | None = spec.get("id")
        self.mfa: bool | None = spec.get("mfa")
        self.tags = mapping(spec.get("tags"), "tags")
        self.behind = ""
        self.principal = self._principal(name, account, spec.get("role"), bool(spec.get("management_account")))

    def _principal(self, name: str, account: str, role: str | None, management: bool) -> Principal:
        if name == "anonymous":
            return Principal(PrincipalType.ANONYMOUS)
        key, arn = principal_entry(name, account)
        if key != "AWS":
            kind = {"Service": PrincipalType.SERVICE, "Federated": PrincipalType.FEDERATED}.get(
                key, PrincipalType.CANONICAL_USER
            )
            return Principal(kind, arn, None, (arn,))
        fields = arn.split(":", 5)
        if len(fields) != 6:
            raise CaseError(f"`{name}` is nobody who calls; `user/NAME` or `session/ROLE/NAME` would be right")
        owner, rest = fields[4], fields[5]
        if not _ACCOUNT.fullmatch(owner):
            raise CaseError(f"principal `{name}` has the account `{owner}`; twelve digits would be right")
        kinds = {
            "root": PrincipalType.ROOT,
            "user": PrincipalType.USER,
            "assumed-role": PrincipalType.ROLE_SESSION,
            "federated-user": PrincipalType.FEDERATED_USER,
        }
        first, _, last = rest.partition("/")
        if first == "role":
            raise CaseError(f"a role never calls by itself: `{name}`; `session/ROLE/NAME` would be right")
        if first not in kinds:
            raise CaseError(f"`{name}` is nobody who calls; `user/NAME` or `session/ROLE/NAME` would be right")
        names = [arn]
        if first in ("assumed-role", "federated-user"):
            plain = f"role/{last.partition('/')[0]}" if first == "assumed-role" else f"user/{last}"
            self.behind = principal_arn(role or plain, owner)
            names.append(self.behind)
        if self.id:
            names.append(self.id)
        return Principal(
            kinds[first],
            arn,
            owner,
            tuple(names),
            management_account=management,
            service_linked=SERVICE_LINKED in self.behind,
        )
