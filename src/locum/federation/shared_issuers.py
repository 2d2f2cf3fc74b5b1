"""Issuers that sign for everybody: trust in one of them must say whose tokens are meant (rule F9).

Law: about any workflow of GitHub has a token of GitHub's issuer. A role whose trust policy lets in such an issuer
without a condition on `sub`, or on a claim that is bound to an organization, would be everybody's, and is refused when
the policy comes in, in AWS's words. Patterns that take everything say nothing; so do those that take whatever follows
what all subjects of the issuer begin with. Facts: the issuers' own documentation of their tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from locum.policy.document import DocumentError, Node, parse_document
from locum.policy.match import fold, glob, matches

ACTION = "sts:assumerolewithwebidentity"
# The operators that AWS names for it; with IfExists or a set operator an absent key would be let in.
OPERATORS = frozenset({"stringequals", "stringlike", "stringequalsignorecase"})


class Shared(NamedTuple):
    """An issuer that many share: its host or URL without scheme, what all its subjects may begin with, and the claims
    besides `sub` that are bound to one organization."""

    provider: re.Pattern[str]
    begins: tuple[str, ...]
    bound: frozenset[str] = frozenset()


def _provider(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern + r"(?:/.*)?", re.ASCII)


_REPOSITORY = frozenset({"repository", "repository_id", "repository_owner_id", "enterprise_id"})
SHARED = (
    Shared(_provider(r"token\.actions\.githubusercontent\.com"), ("repo:", "repository_owner:"), _REPOSITORY),
    Shared(_provider(r"gitlab\.com"), ("project_path:",), frozenset({"namespace_id", "project_id"})),
    Shared(_provider(r"oidc\.circleci\.com"), ("org/",)),
    Shared(_provider(r"app\.terraform\.io"), ("organization:",)),
    Shared(
        _provider(r"agent\.buildkite\.com"), ("organization:",), frozenset({"organization_id", "organization_slug"})
    ),
    Shared(_provider(r"accounts\.google\.com"), (), frozenset({"google/organization_number"})),
    Shared(_provider(r"oidc\.vercel\.com"), ("owner:",)),
    Shared(_provider(r"api\.bitbucket\.org"), ()),
    Shared(_provider(r"api\.pulumi\.com/oidc"), ("pulumi:",)),
    Shared(_provider(r"oidc\.codefresh\.io"), ("account:",)),
    Shared(_provider(r"app\.harness\.io"), ("account/",)),
    Shared(_provider(r"vstoken\.dev\.azure\.com"), ("sc://",)),
)


def open_to_everybody(document: str) -> str | None:
    """AWS's sentence about a trust policy that lets in everybody of a shared issuer, or None. Empty for a text that is
    no policy: the parser says what is wrong with it."""
    try:
        root = parse_document(document).root
    except DocumentError:
        return None
    statements = root.find("Statement")
    for statement in statements.one_or_many() if statements is not None else ():
        effect = statement.find("Effect")
        if effect is None or effect.text != "Allow" or not _assumes(statement):
            continue
        for arn, provider in _providers(statement):
            shared = next((one for one in SHARED if one.provider.fullmatch(provider.lower())), None)
            if shared is not None and not _says_whose(statement, provider, shared):
                return (
                    f"Trust policy with trusted principal {arn} must evaluate, using StringEquals, StringLike or"
                    f" StringEqualsIgnoreCase, {provider}:sub which is not scoped to all."
                )
    return None


def _assumes(statement: Node) -> bool:
    """Whether the statement is about becoming the role by a token, whatever its action is written like."""
    member = statement.find("Action")
    if member is None:
        return statement.find("NotAction") is not None
    return any(matches(glob(fold(one.text)), ACTION) for one in member.one_or_many())


def _providers(statement: Node) -> Iterator[tuple[str, str]]:
    """The OpenID Connect providers that the statement trusts: as written, and without what stands before the name."""
    principal = statement.find("Principal")
    named = principal.find("Federated") if principal is not None else None
    for one in named.one_or_many() if named is not None else ():
        _, found, name = one.text.partition(":oidc-provider/")
        yield one.text, name if found else one.text


def _says_whose(statement: Node, provider: str, shared: Shared) -> bool:
    """Whether a condition on `sub`, or on a claim bound to an organization, leaves out most of the issuer's users."""
    keys = {fold(f"{provider}:{claim}") for claim in ("sub", *shared.bound)}
    for operator, key, values in _conditions(statement):
        if operator in OPERATORS and key in keys:
            begins = shared.begins if key.endswith(":sub") else ()
            if values and all(_is_narrow(value, operator == "stringlike", begins) for value in values):
                return True
    return False


def _conditions(statement: Node) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every condition: operator and key folded, and its values."""
    conditions = statement.find("Condition")
    for operator in conditions.members if conditions is not None else ():
        for key in operator.value.members:
            yield fold(operator.key), fold(key.key), tuple(one.text for one in key.value.one_or_many())


def _is_narrow(value: str, pattern: bool, begins: tuple[str, ...]) -> bool:
    """Whether a value takes not every subject of the issuer."""
    if not pattern:
        return bool(value)
    fixed = re.split(r"[*?]|\$\{", value, maxsplit=1, flags=re.ASCII)[0]
    return bool(fixed) and not any(one.startswith(fixed) for one in begins)
