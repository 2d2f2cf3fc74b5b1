"""The plain evaluator: AWS's policy language decided in the slowest and most obvious way.

Law: one canonical scenario in, one verdict out. It is written from the rules ("semantics" and "rule" numbers below),
shares no code with `locum.policy` and imports nothing of Locum, so that the two can be held against each other. It
interprets the policy documents as they stand: nothing is compiled, kept or ordered for speed, and each function says
which section it restates. It expects documents that were accepted on writing and does not check their grammar.

`decide(scenario)` takes the canonical form that `tests/plain_cases.py` makes.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.plain_values import all_conditions_hold, folded, listed, matches, resource_matches, wildcards

Document = dict[str, Any]

# ------------------------------------------------------------------ the verdict


class Verdict(NamedTuple):
    """What was decided (`allowed`, `explicitDeny`, `implicitDeny`) and the kinds of policy that decided it."""

    verdict: str
    decided_by: list[str]


class Asked(NamedTuple):
    """One action on one resource by one caller; the scenario holds the policies."""

    scenario: dict[str, Any]
    caller: dict[str, Any]
    action: str
    resource: str
    owner: str
    context: dict[str, str | list[str]]


def decide(scenario: dict[str, Any]) -> Verdict:
    """Semantics 7: several actions or resources are allowed only if each pair is; nothing to check is a denial."""
    pairs = [
        decide_pair(
            Asked(scenario, scenario["principal"], action, resource["arn"], resource["account"], scenario["context"])
        )
        for action in scenario["action"]
        for resource in scenario["resource"]
    ]
    for verdict in ("explicitDeny", "implicitDeny", "allowed"):
        for pair in pairs:
            if pair.verdict == verdict:
                return pair
    return Verdict("implicitDeny", ["identity"])


def decide_pair(asked: Asked) -> Verdict:
    """Semantics 7: the order of the steps."""
    if folded(asked.action) == "sts:getcalleridentity" and asked.caller["account"]:  # "not even a Deny stops it"
        return Verdict("allowed", ["service"])
    denying = [kind for kind, document in binding(asked) if any(applies(asked, document, "Deny"))]
    if denying:
        return Verdict("explicitDeny", sorted(set(denying), key=denying.index))
    if folded(asked.action) == "sts:getsessiontoken" and asked.caller["account"]:  # "no permission needed", by anyone
        return Verdict("allowed", ["service"])
    if owned_by_aws(asked):
        return Verdict("implicitDeny", ["service"])
    silent = []
    if held_by_scps(asked) and not all(any_allows(asked, level) for level in asked.scenario.get("scps", [])):
        silent.append("scp")
    if "endpoint" in asked.scenario and not any_allows(asked, asked.scenario["endpoint"]):
        silent.append("endpoint")
    return Verdict("implicitDeny", silent) if silent else grant(asked)


def binding(asked: Asked) -> Iterator[tuple[str, Document]]:
    """Semantics 7.1 to 7.4: the policies whose Deny reaches this caller, each with its kind."""
    scenario = asked.scenario
    for level in scenario.get("rcps", []) if held_by_rcps(asked) else []:
        yield from (("rcp", document) for document in level)
    for level in scenario.get("scps", []) if held_by_scps(asked) else []:
        yield from (("scp", document) for document in level)
    yield from (("endpoint", document) for document in scenario.get("endpoint", []))
    if not owner_repairs_bucket_policy(asked):
        yield from (("resource", document) for document in scenario.get("resource_policy", []))
    for kind in ("identity", "boundary", "session"):
        yield from ((kind, document) for document in scenario.get(kind, []))


RCP_SERVICES = ("s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss")


def held_by_rcps(asked: Asked) -> bool:
    """Semantics 7.2. RCPFullAWSAccess is attached everywhere, so that only a Deny matters."""
    in_management_account = asked.caller["management_account"] and asked.owner == asked.caller["account"]
    service = folded(asked.action).split(":")[0]
    return service in RCP_SERVICES and not service_linked(asked.caller) and not in_management_account


def held_by_scps(asked: Asked) -> bool:
    """Semantics 7.3: users, roles and root of member accounts."""
    return asked.caller["account"] is not None and not (
        asked.caller["management_account"] or service_linked(asked.caller)
    )


def service_linked(caller: dict[str, Any]) -> bool:
    return ":role/aws-service-role/" in caller.get("role", "")


def owner_repairs_bucket_policy(asked: Asked) -> bool:
    """Semantics 7, S3 bucket policies: a Deny in the bucket policy does not stop root of the owner account."""
    return (
        folded(asked.action) in ("s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy")
        and asked.caller["type"] == "Root"
        and asked.caller["account"] == asked.owner
    )


def owned_by_aws(asked: Asked) -> bool:
    """Semantics 7, owned by AWS: nobody changes these. Reading them, or passing such a role, is no change."""
    service, _, name = folded(asked.action).partition(":")
    owned = {
        "iam": r"arn:[^:]*:iam::aws:policy/.*|arn:[^:]*:iam::[^:]*:role/aws-reserved/.*",
        "kms": r"arn:[^:]*:kms:[^:]*:[^:]*:alias/aws/.*",
    }
    changes = not name.startswith(("get", "list", "describe", "generate", "simulate", "passrole"))
    return changes and re.fullmatch(owned.get(service, ""), asked.resource, re.ASCII | re.DOTALL) is not None


# ------------------------------------------------------------------ the grant (semantics 7.5)

DIRECTLY = {"everyone", "user", "session", "service", "federated", "canonical"}  # the ways of naming that are enough
THROUGH_LIMITS = {"role", "issuer"}  # enough if boundary and session policy allow as well


def grant(asked: Asked) -> Verdict:
    """Semantics 7.5: who grants, by caller and account. A denial names all who would have had to allow."""
    caller, action = asked.caller, folded(asked.action)
    kind = asked.scenario.get("resource_policy_kind", "resource")
    if caller["type"] == "Root" and (kind == "trust" or action == "sts:assumerole"):
        return Verdict("implicitDeny", ["service"])  # "root users cannot call AssumeRole"
    if not of_its_protocol(asked):
        return Verdict("implicitDeny", ["service"])
    ways = {way for document in asked.scenario.get("resource_policy", []) for way in applies(asked, document, "Allow")}
    if caller["account"] is None:
        return unless_silent([] if ways else ["resource"], ["resource"])
    if caller["account"] != asked.owner:
        own_side = [] if caller["type"] == "Root" else silent_of(asked, ("identity", "boundary", "session"))
        granting = ["resource"] if caller["type"] == "Root" else ["resource", "identity"]
        return unless_silent(own_side if ways else ["resource", *own_side], granting)
    needed = kind in ("trust", "key") or action.startswith("sts:assumerole")  # the resource's policy must always allow
    if caller["type"] == "Root":
        return unless_silent(["resource"] if needed and not ways else [], ["resource"] if needed else ["root"])
    if ways & DIRECTLY:
        return Verdict("allowed", ["resource"])
    if ways & THROUGH_LIMITS:
        return unless_silent(silent_of(asked, ("boundary", "session")), ["resource"])
    if needed and "account" not in ways:
        return Verdict("implicitDeny", ["resource"])
    own_side = silent_of(asked, ("identity", "boundary", "session"))
    return unless_silent(own_side, ["resource", "identity"] if needed else ["identity"])


def unless_silent(silent: list[str], granting: list[str]) -> Verdict:
    return Verdict("implicitDeny", silent) if silent else Verdict("allowed", granting)


def silent_of(asked: Asked, kinds: tuple[str, ...]) -> list[str]:
    """Those of the caller's policies that do not allow. An absent boundary or session policy limits nothing, except
    that a federated user without a session policy may do nothing (semantics 7.5)."""
    return [
        kind
        for kind in kinds
        if (
            kind == "identity" or kind in asked.scenario or (kind, asked.caller["type"]) == ("session", "FederatedUser")
        )
        and not any_allows(asked, asked.scenario.get(kind, []))
    ]


def of_its_protocol(asked: Asked) -> bool:
    """Semantics 7, role trust: web identity and SAML come with the action of their protocol (tags and source identity
    beside it), and nobody else comes with those actions."""
    provider = asked.caller["type"] == "Federated"
    saml = provider and ":saml-provider/" in asked.caller["arn"]
    if folded(asked.action) in ("sts:assumerolewithsaml", "sts:assumerolewithwebidentity"):
        return provider and folded(asked.action).endswith("saml") == saml
    if asked.scenario.get("resource_policy_kind") != "trust":
        return True
    return not provider or folded(asked.action) in ("sts:tagsession", "sts:setsourceidentity")


# ------------------------------------------------------------------ statements


def any_allows(asked: Asked, documents: list[Document]) -> bool:
    return any(way for document in documents for way in applies(asked, document, "Allow"))


def applies(asked: Asked, document: Document, effect: str) -> Iterator[str]:
    """The ways in which statements of this effect reach the caller: empty when none applies (semantics 1.1)."""
    variables = document.get("Version") == "2012-10-17"
    for statement in listed(document["Statement"]):
        if (
            statement["Effect"] == effect
            and covers_action(asked, statement)
            and covers_resource(asked, statement, variables)
            and all_conditions_hold(asked.context, statement.get("Condition", {}), variables)
        ):
            yield from covers_caller(asked, statement)


def covers_action(asked: Asked, statement: Document) -> bool:
    """Semantics 3: ignoring case; NotAction covers every action that is not matched."""
    patterns = listed(statement["Action" if "Action" in statement else "NotAction"])
    matched = any(matches(wildcards(folded(pattern)), folded(asked.action)) for pattern in patterns)
    return matched == ("Action" in statement)


def covers_resource(asked: Asked, statement: Document, variables: bool) -> bool:
    """Semantics 3 and 4. A trust policy has no Resource; what cannot be resolved matches nothing."""
    if "Resource" not in statement and "NotResource" not in statement:
        return True
    patterns = listed(statement["Resource" if "Resource" in statement else "NotResource"])
    matched = any(resource_matches(pattern, asked.resource, asked.context, variables) for pattern in patterns)
    return matched == ("Resource" in statement)


# ------------------------------------------------------------------ principals (semantics 2)


def identities(caller: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Semantics 2.2: way of naming -> entries (kind of principal, text) of a Principal element that mean it."""
    arn, account, unique = caller["arn"], caller["account"], caller["id"]
    found: dict[str, list[str]] = {}
    if account:
        found["account"] = [account]
    if caller["type"] == "User":
        found["user"] = [arn, unique]
    elif caller["type"] == "RoleSession":
        found |= {"role": [caller["role"], unique], "session": [arn]}
    elif caller["type"] == "FederatedUser":
        found |= {"issuer": [caller["issuer"]], "session": [arn]}
    named = {way: [("AWS", text) for text in texts if text] for way, texts in found.items()}
    for kind, way in (("Service", "service"), ("Federated", "federated"), ("CanonicalUser", "canonical")):
        if caller["type"] == kind:
            named[way] = [(kind, arn)]
    return named


def covers_caller(asked: Asked, statement: Document) -> list[str]:
    """Semantics 2.2 and 2.3: the ways in which the statement names the caller; `itself` without a Principal."""
    named = identities(asked.caller)
    if "NotPrincipal" in statement:
        entries = principals(statement["NotPrincipal"])
        everyone = ("AWS", "*") in entries
        spared = [way for way, texts in named.items() if everyone or set(texts) & set(entries)]
        if statement["Effect"] == "Allow":
            return [] if spared or everyone else ["everyone"]
        all_listed = everyone or (bool(named) and len(spared) == len(named))
        return ["everyone"] if "boundary" in asked.scenario or not all_listed else []
    if "Principal" in statement:
        entries = principals(statement["Principal"])
        ways = [way for way, texts in named.items() if set(texts) & set(entries)]
        return [*ways, "everyone"] if ("AWS", "*") in entries else ways
    return ["itself"]


def principals(element: str | dict[str, Any]) -> list[tuple[str, str]]:
    """Semantics 2.2: `"*"` and `{"AWS": "*"}` are the same, and so are an account and its root ARN."""
    if element == "*":
        return [("AWS", "*")]
    assert isinstance(element, dict)
    entries = [(kind, text) for kind, texts in element.items() for text in listed(texts)]
    root = re.compile(r"arn:[^:]*:iam::([0-9]{12}):root", re.ASCII)
    return [(kind, found[1] if kind == "AWS" and (found := root.fullmatch(text)) else text) for kind, text in entries]
