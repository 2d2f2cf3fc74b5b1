"""Outbound web identity federation: an account's issuer, its tokens, and the key set that verifies them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.oidc import CLIENT
from tests.served import ACCOUNT, NOW, Answer, Client, CountingMint, Credentials, ServedHouse, allow, deny, document
from tests.served import request as asking

from locum.http import Request
from locum.server.issuer_keys import IssuerKeys

ENABLE, DISABLE, INFO = (
    "iam:EnableOutboundWebIdentityFederation",
    "iam:DisableOutboundWebIdentityFederation",
    "iam:GetOutboundWebIdentityFederationInfo",
)
TOKEN = "sts:GetWebIdentityToken"
ASK = {"Audience": ["https://service.example.com"], "SigningAlgorithm": "RS256"}
AWS = "https://sts.amazonaws.com/"


@pytest.fixture
def enabled(served: ServedHouse) -> ServedHouse:
    """A house whose account is an issuer."""
    served.admin(ENABLE)
    return served


def document_at(house: ServedHouse, url: str) -> Any:
    """What everybody gets at an address of this server."""
    path = url.removeprefix(house.house.place.address)
    answer = house.own.answer(Request("GET", path, "", (("host", "locum.example.com"),), peer="203.0.113.9"))
    assert answer.status == 200, answer
    return json.loads(answer.body)


def claims(house: ServedHouse, answer: Answer) -> dict[str, Any]:
    """What a token says, verified as a service outside would: from its issuer's documents alone."""
    issuer = house.admin(INFO)["IssuerIdentifier"]
    found = document_at(house, f"{issuer}/.well-known/openid-configuration")
    assert found["issuer"] == issuer
    keys = KeySet.import_key_set(document_at(house, found["jwks_uri"]))
    said: dict[str, Any] = jwt.decode(answer["WebIdentityToken"], keys, algorithms=["RS256", "ES384"]).claims
    return said


def test_an_account_has_one_issuer_from_then_on(served: ServedHouse) -> None:
    issuer = served.admin(ENABLE)["IssuerIdentifier"]
    assert served.admin(INFO).result == {"IssuerIdentifier": issuer, "JwtVendingEnabled": True}
    served.admin(DISABLE)
    assert served.admin(ENABLE)["IssuerIdentifier"] == issuer
    assert served.other_admin(ENABLE)["IssuerIdentifier"] != issuer


def test_what_is_on_or_off_already_is_told(served: ServedHouse) -> None:
    for action in (INFO, DISABLE):
        answer = served.admin.ask(action)
        assert (answer.status, answer.code) == (404, "FeatureDisabled")
        assert answer.message == f"Outbound identity federation is disabled for account {ACCOUNT}"
    served.admin(ENABLE)
    answer = served.admin.ask(ENABLE)
    assert (answer.status, answer.code) == (409, "FeatureEnabled")


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_token_is_verified_by_the_key_set_of_its_issuer(enabled: ServedHouse, algorithm: str) -> None:
    answer = enabled.admin(TOKEN, **ASK | {"SigningAlgorithm": algorithm})
    said = claims(enabled, answer)
    seconds = int(NOW.timestamp())
    assert said.pop("jti")
    assert said == {
        "iss": enabled.admin(INFO)["IssuerIdentifier"],
        "sub": f"arn:aws:iam::{ACCOUNT}:user/admin",
        "aud": "https://service.example.com",
        "iat": seconds,
        "exp": seconds + 300,
        AWS: {
            "aws_account": ACCOUNT,
            "source_region": "us-east-1",
            "principal_id": f"arn:aws:iam::{ACCOUNT}:user/admin",
        },
    }
    assert answer["Expiration"] == NOW + timedelta(seconds=300)


def test_the_key_set_holds_no_private_part(enabled: ServedHouse) -> None:
    issuer = enabled.admin(INFO)["IssuerIdentifier"]
    keys = document_at(enabled, f"{issuer}/.well-known/jwks.json")["keys"]
    assert [set(key) for key in keys] == [
        {"kty", "n", "e", "kid", "use", "alg"},
        {"kty", "crv", "x", "y", "kid", "use", "alg"},
    ]


def test_tokens_that_were_given_can_be_verified_when_the_feature_is_off(enabled: ServedHouse) -> None:
    answer, issuer = enabled.admin(TOKEN, **ASK), enabled.admin(INFO)["IssuerIdentifier"]
    enabled.admin(DISABLE)
    keys = KeySet.import_key_set(document_at(enabled, f"{issuer}/.well-known/jwks.json"))
    assert jwt.decode(answer["WebIdentityToken"], keys, algorithms=["RS256"]).claims["iss"] == issuer
    refused = enabled.admin.ask(TOKEN, **ASK)
    assert (refused.status, refused.code) == (403, "OutboundWebIdentityFederationDisabledException")
    assert refused.message == "OutboundWebIdentityFederation is disabled."


def test_a_role_s_session_speaks_as_the_role_with_its_tags(enabled: ServedHouse) -> None:
    role = enabled.role("job", allow(TOKEN, "sts:TagGetWebIdentityToken"), Tags=[{"Key": "team", "Value": "build"}])
    session = enabled.admin.assume(role)
    said = claims(enabled, session(TOKEN, **ASK | {"Audience": ["a", "b"]}, Tags=[{"Key": "run", "Value": "7"}]))
    assert (said["sub"], said["aud"]) == (role, ["a", "b"])
    assert (said[AWS]["principal_tags"], said[AWS]["request_tags"]) == ({"team": "build"}, {"run": "7"})


def test_no_token_outlives_the_session_that_asks(enabled: ServedHouse) -> None:
    session = enabled.admin.assume(enabled.role("job", allow(TOKEN)), DurationSeconds=900)
    assert session.ask(TOKEN, **ASK, DurationSeconds=900).code == ""
    answer = session.ask(TOKEN, **ASK, DurationSeconds=901)
    assert (answer.status, answer.code) == (403, "SessionDurationEscalationException")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SigningAlgorithm": "HS256"}, "Requested SigningAlgorithm is not supported."),
        ({"SigningAlgorithm": "RS2"}, "Member must have length greater than or equal to 5"),
        ({"Audience": []}, "Value null at 'audience'"),
        ({"DurationSeconds": 59}, "greater than or equal to 60"),
        ({"DurationSeconds": 3601}, "less than or equal to 3600"),
    ],
)
def test_what_is_asked_wrongly_is_told(enabled: ServedHouse, changed: Any, sentence: str) -> None:
    answer = enabled.admin.ask(TOKEN, **ASK | changed)
    assert (answer.status, answer.code) == (400, "ValidationError")
    assert sentence in answer.message


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (allow(TOKEN), ""),
        (allow(TOKEN, Condition={"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": ASK["Audience"]}}), ""),
        (allow(TOKEN, Condition={"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": "x"}}), "AccessDenied"),
        (allow(TOKEN, Condition={"NumericLessThanEquals": {"sts:DurationSeconds": "300"}}), ""),
        (allow(TOKEN, Condition={"NumericLessThan": {"sts:DurationSeconds": "300"}}), "AccessDenied"),
        (allow(TOKEN, Condition={"StringEquals": {"sts:SigningAlgorithm": "ES384"}}), "AccessDenied"),
        (allow(TOKEN, on=f"arn:aws:sts::{ACCOUNT}:self"), ""),
        (deny(TOKEN), "AccessDenied"),
    ],
)
def test_the_right_to_have_tokens_is_needed(enabled: ServedHouse, statement: Any, code: str) -> None:
    assert enabled.user("alice", statement).ask(TOKEN, **ASK).code == code


def test_a_federated_user_has_none(enabled: ServedHouse) -> None:
    made = enabled.admin("sts:GetFederationToken", Name="bob", Policy=document(allow("*")))
    assert Client(enabled, Credentials.of(made["Credentials"])).ask(TOKEN, **ASK).code == "AccessDenied"


def test_a_server_takes_tokens_of_an_account_that_it_serves(enabled: ServedHouse) -> None:
    """Inbound what is outbound: the other account trusts this one's issuer, over the documents that everybody reads."""
    issuer = enabled.admin(INFO)["IssuerIdentifier"]
    keys = enabled.house.issuers = IssuerKeys(
        lambda url: json.dumps(document_at(enabled, url)).encode(), CountingMint()
    )
    made = enabled.other_admin("iam:CreateOpenIDConnectProvider", Url=issuer, ClientIDList=[CLIENT])
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": made["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    role = enabled.role("guest", trust=[trust], admin=enabled.other_admin)
    token = enabled.admin(TOKEN, **ASK | {"Audience": [CLIENT]})["WebIdentityToken"]
    given = {"RoleArn": role, "RoleSessionName": "run", "WebIdentityToken": token}
    answer = enabled.answer(asking("sts:AssumeRoleWithWebIdentity", given), "sts:AssumeRoleWithWebIdentity")
    assert answer["SubjectFromWebIdentityToken"] == f"arn:aws:iam::{ACCOUNT}:user/admin"
    keys.close()


@pytest.mark.parametrize("path", ["oidc/", f"oidc/{'0' * 32}/.well-known/jwks.json", "oidc/x/.well-known/jwks.json"])
def test_nothing_else_is_there(enabled: ServedHouse, path: str) -> None:
    asked = Request("GET", f"/_locum/{path}", "", (("host", "127.0.0.1"),))
    assert enabled.own.answer(asked).status == 404
