"""Verified claims as condition keys: under their issuer's name, and only those that AWS takes (rule F8, xF2)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from tests.planted import planted

from locum.federation import provider_keys
from locum.federation.id_token import Claims
from locum.federation.values import Number

GITHUB = "token.actions.githubusercontent.com"


def claims(**all: Any) -> Claims:
    return Claims("https://idp.example.com", "ann", "client", {"aud": "client", "sub": "ann", **all})


def keys(provider: str, **all: Any) -> provider_keys.Keys:
    return provider_keys.keys_of(claims(**all), provider)


def test_audience_subject_and_methods_are_keys_of_any_provider() -> None:
    assert keys("idp.example.com", amr=["pwd", "otp"], email="a@example.com") == {
        "idp.example.com:aud": "client",
        "idp.example.com:sub": "ann",
        "idp.example.com:amr": ("pwd", "otp"),
    }


@pytest.mark.parametrize(
    ("provider", "all", "key", "value"),
    [
        (GITHUB, {"repository": "acme/shop"}, f"{GITHUB}:repository", "acme/shop"),
        (f"{GITHUB}/acme", {"actor": "ann"}, f"{GITHUB}/acme:actor", "ann"),
        ("gitlab.com", {"project_id": Number("42")}, "gitlab.com:project_id", "42"),
        ("gitlab.com", {"ref_protected": True}, "gitlab.com:ref_protected", "true"),
        ("accounts.google.com", {}, "accounts.google.com:oaud", "client"),
        (
            "accounts.google.com",
            {"google": {"organization_number": Number("7")}},
            "accounts.google.com:google/organization_number",
            "7",
        ),
        (
            "oidc.circleci.com/org/0b1c",
            {"oidc.circleci.com/project-id": "p"},
            "oidc.circleci.com/org/0b1c:oidc.circleci.com/project-id",
            "p",
        ),
    ],
)
def test_a_claim_that_aws_takes_of_this_provider_is_a_key(provider: str, all: Any, key: str, value: str) -> None:
    assert keys(provider, **all)[key] == value


@pytest.mark.parametrize(
    ("provider", "all"),
    [
        ("idp.example.com", {"repository": "acme/shop"}),
        (f"evil-{GITHUB}", {"repository": "acme/shop"}),
        (f"{GITHUB}.evil.example", {"repository": "acme/shop"}),
        (GITHUB, {"run_id": "1", "email": "a@example.com", "repository": {"name": "acme/shop"}, "ref": None}),
    ],
)
def test_no_other_claim_is(provider: str, all: Any) -> None:
    assert keys(provider, **all).keys() == {f"{provider}:aud", f"{provider}:sub"}


def test_a_claim_takes_no_key_that_is_the_server_s_own() -> None:
    assert not [key for key in keys(GITHUB, **{"aws:PrincipalArn": "x", "sub": "ann"}) if key.startswith("aws:")]


def shared_names(of: ModuleType) -> set[str]:
    """The keys that two providers with one subject have in common."""
    return set(of.keys_of(claims(), "a.example.com")) & set(of.keys_of(claims(), "b.example.com"))


def test_two_providers_have_no_key_in_common() -> None:
    assert shared_names(provider_keys) == set()


def test_control_keys_without_their_issuer_are_found() -> None:
    fault = ('f"{provider}:sub": claims.subject', '"oidc:sub": claims.subject')
    assert shared_names(planted("locum.federation.provider_keys", fault)) != set()
