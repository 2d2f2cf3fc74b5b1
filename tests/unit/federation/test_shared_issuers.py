"""Trust in an issuer that everybody uses must say whose tokens are meant (rule F9, xF3)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from tests.planted import planted
from tests.served import document

from locum.federation.shared_issuers import open_to_everybody

GITHUB = "token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::111122223333:oidc-provider/{GITHUB}"
ASSUME = "sts:AssumeRoleWithWebIdentity"
AUDIENCE = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
Open = Callable[[str], str | None]


def trust(condition: Any = None, provider: Any = ARN, action: Any = ASSUME, effect: str = "Allow") -> str:
    statement: dict[str, Any] = {"Effect": effect, "Principal": {"Federated": provider}, "Action": action}
    return document(statement | ({"Condition": condition} if condition is not None else {}))


def sub(operator: str, *values: str, provider: str = GITHUB, claim: str = "sub") -> dict[str, Any]:
    return {operator: {f"{provider}:{claim}": list(values) if len(values) != 1 else values[0]}}


SHARED = {
    GITHUB: "repo:acme/*",
    f"{GITHUB}/acme": "repo:acme/*",
    "gitlab.com": "project_path:acme/*",
    "oidc.circleci.com/org/0b1c": "org/0b1c/*",
    "app.terraform.io": "organization:acme:*",
    "agent.buildkite.com": "organization:acme:*",
    "accounts.google.com": "1234567890",
    "oidc.vercel.com/acme": "owner:acme:*",
}
OPEN_SUBS = [
    ("StringLike", "*"),
    ("StringLike", "?*"),
    ("StringLike", "**"),
    ("StringLike", "*:*"),
    ("StringEquals",),
    ("StringLike", "repo:acme/*", "*"),
    ("StringEqualsIfExists", "repo:acme/shop:ref:refs/heads/main"),
    ("ForAllValues:StringEquals", "repo:acme/shop:ref:refs/heads/main"),
    ("ForAllValues:StringLike", "repo:acme/*"),
    ("StringNotEquals", "repo:evil/shop"),
    ("StringNotLike", "repo:evil/*"),
    ("Null", "false"),
    ("StringLikeIfExists", "repo:acme/*"),
    ("StringEquals", ""),
]
WIDE = {GITHUB: ["repo:*", "re*", "repo:?*", "repo*", "repo:${aws:username}"], "gitlab.com": ["project_path:*"]}


def everybody_s() -> list[str]:
    """Trust policies that let in everybody of an issuer: more than two hundred."""
    found = [trust(), trust(AUDIENCE), trust(action="sts:*"), trust(action=["sts:TagSession", "sts:Assume*"])]
    for provider, (operator, *values) in itertools.product(SHARED, OPEN_SUBS):
        arn = f"arn:aws:iam::111122223333:oidc-provider/{provider}"
        found.append(trust(sub(operator, *values, provider=provider), arn))
        found.append(trust({**sub(operator, *values, provider=provider), "StringEquals ": {}}, arn, [ASSUME]))
    found += [trust(sub("StringLike", one, provider=of), ARN.replace(GITHUB, of)) for of in WIDE for one in WIDE[of]]
    found += [
        trust(sub("StringEquals", "repo:acme/x", provider="gitlab.com")),
        trust(sub("StringEquals", "acme", claim="actor")),
        trust(sub("StringEquals", "main", claim="ref")),
        trust(sub("StringLike", "*", claim="repository")),
        trust(provider=[ARN, "arn:aws:iam::111122223333:oidc-provider/idp.example.com"]),
        trust(provider="accounts.google.com"),
        trust(provider=ARN.replace("token", "TOKEN")),
    ]
    return found


def somebody_s() -> list[str]:
    """Trust policies that say whose tokens are meant."""
    found = [
        trust(sub("StringLike", value, provider=of), f"arn:aws:iam::111122223333:oidc-provider/{of}")
        for of, value in SHARED.items()
    ]
    found += [
        trust(AUDIENCE | sub("StringLike", "repo:acme/*", "repo:umbrella/shop:*")),
        trust(sub("stringequals", "repo:acme/shop:ref:refs/heads/main")),
        trust(sub("StringEqualsIgnoreCase", "repo:Acme/shop:ref:refs/heads/main")),
        trust(sub("StringLike", "repo:acme*")),
        trust(sub("StringEquals", "*")),
        trust(sub("StringEquals", "1234", claim="repository_owner_id")),
        trust(sub("StringLike", "acme/*", claim="repository")),
        trust({"StringEquals": {f"{GITHUB.upper()}:SUB": "repo:acme/shop:pull_request"}}),
        trust(effect="Deny"),
        trust(action="sts:TagSession"),
        trust(provider="arn:aws:iam::111122223333:oidc-provider/idp.example.com"),
        trust(provider=f"arn:aws:iam::111122223333:oidc-provider/evil.{GITHUB}.example"),
        trust(provider="arn:aws:iam::111122223333:saml-provider/Corp", action="sts:AssumeRoleWithSAML"),
        document({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}),
        "no policy",
    ]
    return found


def missed(of: Open = open_to_everybody) -> list[str]:
    """The policies that are everybody's and that nobody refuses."""
    return [one for one in everybody_s() if of(one) is None]


def test_no_trust_policy_lets_in_everybody_of_a_shared_issuer() -> None:
    assert len(everybody_s()) >= 200
    assert missed() == []


@pytest.mark.parametrize("policy", somebody_s())
def test_who_is_meant_may_be_said_in_many_ways(policy: str) -> None:
    assert open_to_everybody(policy) is None


def test_the_sentence_is_that_of_aws() -> None:
    assert open_to_everybody(trust(AUDIENCE)) == (
        f"Trust policy with trusted principal {ARN} must evaluate, using StringEquals, StringLike or"
        f" StringEqualsIgnoreCase, {GITHUB}:sub which is not scoped to all."
    )


@pytest.mark.parametrize(
    "fault",
    [
        ("return bool(fixed) and not any(one.startswith(fixed) for one in begins)", "return True"),
        ("if operator in OPERATORS and key in keys:", "if operator.startswith(tuple(OPERATORS)) and key in keys:"),
        ("if values and all(", "if values and any("),
        ('("sub", *shared.bound)', '("sub", "aud", *shared.bound)'),
        ("one.provider.fullmatch(provider.lower())", "one.provider.fullmatch(provider)"),
    ],
    ids=["a pattern of everything counts", "IfExists counts", "one good value is enough", "aud counts", "case counts"],
)
def test_control_a_check_that_looks_less_closely_is_found(fault: tuple[str, str]) -> None:
    assert missed(planted("locum.federation.shared_issuers", fault).open_to_everybody) != []
