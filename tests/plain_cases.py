"""The case format, read a second time: short scenarios in, canonical scenarios out, for the plain evaluator.

Law: it says what a suite of policy cases means and decides nothing. It was written from the description of the format
alone, shares no code with `locum.policy.cases` and imports nothing of Locum, so that the two readings can be compared.
A suite that breaks the format raises `CaseError`.

A canonical scenario is a dict: `id name source principal action resource context expect`, and where given
`decided_by identity boundary session endpoint resource_policy resource_policy_kind scps rcps`, all policies as
whole documents.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from tests.plain_values import instant

Scenario = dict[str, Any]

ACCOUNT = "111122223333"
NOON = "2026-01-15T12:00:00Z"
KNOWN = {"id", "name", "source", "note", "tags", "expect", "decided_by", "cases"}  # about the scenario
KNOWN |= {"account", "principal", "action", "resource", "resource_account", "resource_tags", "context", "now", "derive"}
KNOWN |= {"identity", "boundary", "session", "scps", "rcps", "endpoint", "resource_policy", "trust", "key_policy"}
STATEMENT_WORDS = {"allow", "deny", "allow-except", "deny-except", "on", "on-except", "to", "to-except", "if", "sid"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class CaseError(ValueError):
    """This suite is not in the format."""


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# ------------------------------------------------------------------ suites


def expanded(suite: Any) -> list[Scenario]:
    """The canonical scenarios of one suite, in order."""
    return [canonical(scenario) for scenario in scenarios(suite)]


def scenarios(suite: Any) -> Iterator[Scenario]:
    """Every scenario with the suite's defaults and its parent's fields under its own; contexts join key by key."""
    if isinstance(suite, list):
        suite = {"scenarios": suite}
    defaults = {**({"source": suite["source"]} if "source" in suite else {}), **suite.get("defaults", {})}
    for written in suite["scenarios"]:
        parent = over(defaults, written)
        cases = parent.pop("cases", None)
        if cases is None:
            yield {"id": identifier(suite, parent["name"]), **parent}
            continue
        for number, case in enumerate(cases, start=1):
            child = over(parent, case)
            child["name"] = f"{parent['name']} / {case.get('name', number)}"
            yield {**child, "id": identifier(suite, child["name"])}


def over(below: Scenario, above: Scenario) -> Scenario:
    joined = {**below, **above}
    if isinstance(below.get("context"), dict) and isinstance(above.get("context"), dict):
        joined["context"] = {**below["context"], **above["context"]}
    return joined


def identifier(suite: Scenario, name: str) -> str:
    return f"{suite.get('suite', 'scenarios')}/{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}"


# ------------------------------------------------------------------ one scenario


def canonical(scenario: Scenario) -> Scenario:
    strange = set(scenario) - KNOWN
    if strange:
        raise CaseError(f"{scenario.get('name')}: unknown fields {sorted(strange)}")
    if scenario["expect"] not in ("allowed", "explicitDeny", "implicitDeny"):
        raise CaseError(f"{scenario['name']}: bad expect `{scenario['expect']}`")
    account = scenario.get("account", ACCOUNT)
    who = caller(scenario["principal"], account)
    resources = [
        {"arn": arn, "account": str(scenario.get("resource_account") or account_in(arn) or account)}
        for arn in listed(scenario.get("resource", "*"))
    ]
    return {
        "id": scenario["id"],
        "name": scenario["name"],
        "source": scenario.get("source"),
        "principal": who,
        "action": listed(scenario["action"]),
        "resource": resources,
        "context": context(scenario, who, resources),
        "expect": scenario["expect"],
        **({"decided_by": listed(scenario["decided_by"])} if "decided_by" in scenario else {}),
        **policies(scenario, account),
    }


def account_in(arn: str) -> str | None:
    fields = arn.split(":")
    return fields[4] if len(fields) > 5 and re.fullmatch(r"\d{12}", fields[4], re.ASCII) else None


def policies(scenario: Scenario, account: str) -> Scenario:
    """The policy fields as documents; at most one of resource policy, trust policy and key policy."""
    found: Scenario = {
        field: documents(scenario[field], account, field)
        for field in ("identity", "boundary", "session", "endpoint")
        if scenario.get(field) is not None
    }
    own = [field for field in ("resource_policy", "trust", "key_policy") if scenario.get(field) is not None]
    if len(own) > 1:
        raise CaseError(f"{scenario['name']}: give only one of resource_policy, trust, key_policy")
    if own:
        # a key policy is written like any other resource policy
        found["resource_policy"] = documents(
            scenario[own[0]], account, "trust" if own[0] == "trust" else "resource_policy"
        )
        found["resource_policy_kind"] = {"resource_policy": "resource", "trust": "trust", "key_policy": "key"}[own[0]]
    if scenario.get("scps") is not None:
        found["scps"] = [documents(level, account, "scps") for level in scenario["scps"]]
    if scenario.get("rcps") is not None:
        full = document([{**EVERYTHING, "Principal": "*"}])  # RCPFullAWSAccess is part of every level
        found["rcps"] = [[full, *documents(level, account, "rcps")] for level in scenario["rcps"]]
    return found


# ------------------------------------------------------------------ context


def context(scenario: Scenario, who: Scenario, resources: list[Scenario]) -> dict[str, str | list[str]]:
    """The derived keys, over which the scenario's own go whatever their case; null takes a key away."""
    keys: dict[str, Any] = {}
    if scenario.get("derive", True):
        keys = derived(scenario, who)
        owners = {resource["account"] for resource in resources}
        if len(owners) == 1 and [resource["arn"] for resource in resources] != ["*"]:
            keys["aws:ResourceAccount"] = owners.pop()
    for key, value in scenario.get("context", {}).items():
        keys = {name: other for name, other in keys.items() if name.lower() != key.lower()}
        if value is not None:
            keys[key] = [text_of(one) for one in value] if isinstance(value, list) else text_of(value)
    return keys


def derived(scenario: Scenario, who: Scenario) -> dict[str, Any]:
    now = scenario.get("now", NOON)
    keys: dict[str, Any] = {
        "aws:CurrentTime": now,
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        "aws:RequestedRegion": "us-east-1",
        **epoch(now),
        **principal_keys(who),
    }
    if who["mfa"] is not None:
        keys["aws:MultiFactorAuthPresent"] = text_of(bool(who["mfa"]))
        keys |= {"aws:MultiFactorAuthAge": "600"} if who["mfa"] else {}
    keys |= {f"aws:PrincipalTag/{key}": text_of(value) for key, value in who["tags"].items()}
    keys |= {f"aws:ResourceTag/{key}": text_of(value) for key, value in scenario.get("resource_tags", {}).items()}
    return keys


def epoch(now: str) -> dict[str, str]:
    since_year_one, year_1970 = instant(now), instant("1970")
    if since_year_one is None or year_1970 is None:
        return {}
    return {"aws:EpochTime": str(math.floor(since_year_one - year_1970))}


def principal_keys(who: Scenario) -> dict[str, Any]:
    """Semantics 2.1: what each caller shows of itself."""
    kind, arn, account = who["type"], who["arn"], who["account"]
    if kind == "Anonymous":
        return {
            f"aws:{key}": value
            for key, value in (
                ("PrincipalAccount", "anonymous"),
                ("PrincipalType", "Anonymous"),
                ("userid", "anonymous"),
            )
        }
    if kind == "Service":
        return {
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": arn,
            "aws:PrincipalServiceNamesList": [arn],
        }
    if kind in ("Federated", "CanonicalUser"):
        return {}
    keys = {"aws:PrincipalIsAWSService": "false", "aws:PrincipalAccount": account, "aws:PrincipalArn": arn}
    if kind == "Root":
        return {**keys, "aws:PrincipalType": "Account", "aws:userid": account}
    if kind == "User":
        unique = who["id"] or f"AIDAEXAMPLE{who['username'].upper()}"
        return {**keys, "aws:PrincipalType": "User", "aws:username": who["username"], "aws:userid": unique}
    keys["aws:TokenIssueTime"] = "2026-01-15T11:50:00Z"
    if kind == "RoleSession":
        unique = f"{who['id'] or 'AROAEXAMPLE'}:{who['session']}"
        return {**keys, "aws:PrincipalArn": who["role"], "aws:PrincipalType": "AssumedRole", "aws:userid": unique}
    return {**keys, "aws:PrincipalType": "FederatedUser", "aws:userid": f"{account}:{arn.split('/')[-1]}"}


# ------------------------------------------------------------------ principals


def caller(written: Any, account: str) -> Scenario:
    """Who calls: a name, or an object with a name under `is` (or `arn`) and what is particular to the caller."""
    spec = dict(written) if isinstance(written, dict) else {"is": written}
    name = spec.pop("is", None) or spec.pop("arn")
    behind = spec.pop("role", None)
    who: Scenario = {
        "tags": spec.pop("tags", {}),
        "id": spec.pop("id", None),
        "mfa": spec.pop("mfa", None),
        "management_account": spec.pop("management_account", False),
    }
    if spec:
        raise CaseError(f"unknown principal fields {sorted(spec)}")
    if name == "anonymous":
        return {**who, "type": "Anonymous", "arn": None, "account": None, "ids": []}
    kind, arn = named(name, account)
    if kind in ("Service", "Federated", "CanonicalUser"):
        return {**who, "type": kind, "arn": arn, "account": None, "ids": [arn]}
    home, resource = arn.split(":", 5)[4:]
    sort, _, rest = resource.partition("/")
    who |= {"arn": arn, "account": home}
    if resource == "root":
        return {**who, "type": "Root", "ids": [arn]}
    if sort == "user":
        return {**who, "type": "User", "ids": [arn], "username": rest.rpartition("/")[2]}
    if sort == "assumed-role":
        role, _, session = rest.partition("/")
        role = long_arn(behind, home) if behind else f"arn:aws:iam::{home}:role/{role}"
        return {**who, "type": "RoleSession", "role": role, "ids": [arn, role], "session": session}
    if sort == "federated-user":
        user = long_arn(behind, home) if behind else f"arn:aws:iam::{home}:user/{rest}"
        return {**who, "type": "FederatedUser", "issuer": user, "ids": [arn, user]}
    if sort == "role":
        raise CaseError("a role never makes a request itself: use session/ROLE/NAME")
    raise CaseError(f"unknown caller `{arn}`")


def named(text: str, account: str) -> tuple[str, str]:
    """One name in `to:` -> its kind in the Principal map and the text there."""
    if text == "*":
        return "*", "*"
    for prefix, kind, before in (
        ("service:", "Service", ""),
        ("saml:", "Federated", f"arn:aws:iam::{account}:saml-provider/"),
        ("oidc:", "Federated", f"arn:aws:iam::{account}:oidc-provider/"),
        ("federated:", "Federated", ""),
        ("canonical:", "CanonicalUser", ""),
    ):
        if text.startswith(prefix):
            return kind, before + text.removeprefix(prefix)
    if text.endswith(".amazonaws.com") and not set(":/") & set(text):
        return "Service", text
    if re.fullmatch(r"(AIDA|AROA)[A-Z0-9]+", text, re.ASCII):
        return "AWS", text
    return "AWS", long_arn(text, account)


def long_arn(text: str, account: str) -> str:
    """A short name of an account's principal -> its ARN; what is long already stays."""
    if text.startswith("arn:") or text == "*" or re.fullmatch(r"\d{12}", text, re.ASCII):
        return text
    found = re.fullmatch(r"(?:(\d{12}):)?(?:(root)|(user|role|session|federated)/(.+))", text, re.ASCII)
    if not found or (found[3] == "session" and not re.fullmatch(r"[^/]+/.+", found[4])):
        raise CaseError(f"unknown principal `{text}`")
    home, kind, rest = found[1] or account, found[2] or found[3], found[4]
    service = {"session": "sts", "federated": "sts"}.get(kind, "iam")
    sort = {"session": "assumed-role", "federated": "federated-user"}.get(kind, kind)
    return f"arn:aws:{service}::{home}:{sort}" + (f"/{rest}" if rest else "")


def principal_element(written: Any, account: str) -> Any:
    """`to` -> a Principal element; a map is one already."""
    if isinstance(written, dict):
        return written
    entries = [named(text, account) for text in listed(written)]
    if ("*", "*") in entries:
        return "*"
    texts = {kind: [text for other, text in entries if other == kind] for kind, _ in entries}
    return {kind: found[0] if len(found) == 1 else found for kind, found in texts.items()}


# ------------------------------------------------------------------ policies


def document(statements: list[Any]) -> Scenario:
    return {"Version": "2012-10-17", "Statement": statements}


def documents(written: Any, account: str, field: str) -> list[Scenario]:
    """A policy field: one policy or a list of them. A short statement is a policy of its own."""
    found = []
    for policy in listed(written):
        if policy in ("FullAWSAccess", "AdministratorAccess"):
            found.append(document([EVERYTHING]))
        elif isinstance(policy, dict) and "Statement" in policy:
            found.append(policy)
        else:
            found.append(document([statement(one, account, field) for one in listed(policy)]))
    return found


SENTENCE = re.compile(r"\s*(allow|deny)\s+(.+?)(?:\s+on\s+(.+?))?(?:\s+to\s+(.+?))?\s*", re.IGNORECASE | re.DOTALL)


def statement(written: Any, account: str, field: str) -> Scenario:
    """A sentence or a short statement -> a statement; one with `Effect` is taken as it is."""
    if isinstance(written, str):
        found = SENTENCE.fullmatch(written)
        if not found:
            raise CaseError(f"cannot read statement `{written}`")
        parts = zip((found[1].lower(), "on", "to"), found.groups()[1:], strict=True)
        written = {word: split_at_commas(part) for word, part in parts if part}
    if "Effect" in written:
        return dict(written)
    if set(written) - STATEMENT_WORDS:
        raise CaseError(f"unknown statement fields {sorted(set(written) - STATEMENT_WORDS)}")
    verbs = [word for word in written if word.split("-")[0] in ("allow", "deny")]
    if len(verbs) != 1:
        raise CaseError(f"a statement needs exactly one of allow, deny, allow-except, deny-except: {written}")
    (verb,) = verbs
    made: Scenario = {"Sid": written["sid"]} if "sid" in written else {}
    made["Effect"] = "Allow" if verb.startswith("allow") else "Deny"
    if "to" in written:
        made["Principal"] = principal_element(written["to"], account)
    elif "to-except" in written:
        made["NotPrincipal"] = principal_element(written["to-except"], account)
    elif field in ("rcps", "endpoint"):
        made["Principal"] = "*"
    elif field in ("resource_policy", "trust"):
        raise CaseError(f"a statement of a {field} needs `to`: {written}")
    made["NotAction" if verb.endswith("-except") else "Action"] = written[verb]
    if "on-except" in written:
        made["NotResource"] = written["on-except"]
    elif "on" in written or field != "trust":
        made["Resource"] = written.get("on", "*")
    if "if" in written:
        made["Condition"] = written["if"]
    return made


def split_at_commas(text: str) -> Any:
    parts = [part.strip() for part in text.split(",")]
    return parts[0] if len(parts) == 1 else parts
