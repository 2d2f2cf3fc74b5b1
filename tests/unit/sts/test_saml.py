"""sts:AssumeRoleWithSAML: the signed response of a registered provider becomes a session of a role, once."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.saml import ENTITY, PROVIDER, ROLE, SIGN_IN, at, attributes, metadata, response
from tests.served import ACCOUNT, NOW, OTHER, Answer, Client, Credentials, ServedHouse, allow, document
from tests.served import request as asking

from locum.federation.saml_keys import name_qualifier
from locum.sts.saml import UsedAssertion

ASSUME, WHO = "sts:AssumeRoleWithSAML", "sts:GetCallerIdentity"
QUALIFIER = name_qualifier(ENTITY, ACCOUNT, "Corp")


def trusts(condition: Any = None, *actions: str, provider: str = PROVIDER) -> dict[str, Any]:
    """A statement that lets in a provider's users."""
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": [ASSUME, *actions]}
    return statement | ({"Condition": condition} if condition else {})


@pytest.fixture
def corp(served: ServedHouse) -> ServedHouse:
    """A house with the provider `Corp` and the role `sso` that trusts it."""
    served.admin("iam:CreateSAMLProvider", Name="Corp", SAMLMetadataDocument=metadata(ENTITY, "idp", "next"))
    served.role("sso", allow("iam:ListUsers"), trust=[trusts({"StringEquals": {"saml:aud": SIGN_IN}})])
    return served


def ask(house: ServedHouse, text: str | None = None, **inputs: Any) -> Answer:
    """The answer to an unsigned call with this response."""
    given = {"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": text or response()}
    return house.answer(asking(ASSUME, given | inputs), ASSUME)


def trust(house: ServedHouse, *statements: Any) -> None:
    """The role's trust policy from here on."""
    house.admin("iam:UpdateAssumeRolePolicy", RoleName="sso", PolicyDocument=document(*statements))


def test_a_response_becomes_a_session_of_the_role(corp: ServedHouse) -> None:
    answer = ask(corp)
    assert answer.code == "", answer.message
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/sso/ann@example.com"
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=1)
    assert {name: answer[name] for name in ("Subject", "SubjectType", "Issuer", "Audience", "NameQualifier")} == {
        "Subject": "ann",
        "SubjectType": "persistent",
        "Issuer": ENTITY,
        "Audience": SIGN_IN,
        "NameQualifier": QUALIFIER,
    }
    session = Client(corp, Credentials.of(answer["Credentials"]))
    assert session(WHO)["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert session.ask("iam:ListUsers").status == 200


def test_the_name_qualifier_is_a_hash_of_issuer_account_and_provider() -> None:
    octets = hashlib.sha1(b"https://example.com/saml" + b"123456789012" + b"/MySAMLIdP").digest()
    assert name_qualifier("https://example.com/saml", "123456789012", "MySAMLIdP") == base64.b64encode(octets).decode()


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        (f"{PROVIDER},{ROLE}", ""),
        (f"{ROLE} , {PROVIDER}", ""),
        ([f"{ROLE}x,{PROVIDER}", f"{ROLE},{PROVIDER}"], ""),
        (ROLE, "AccessDenied"),
        (f"{ROLE},{PROVIDER}x", "AccessDenied"),
        (f"{ROLE}x,{PROVIDER}", "AccessDenied"),
        (f"{ROLE},{PROVIDER},{ROLE}", "AccessDenied"),
        ([ROLE, PROVIDER], "AccessDenied"),
        (None, "AccessDenied"),
    ],
)
def test_role_and_provider_must_be_a_pair_of_the_assertion(corp: ServedHouse, pair: Any, code: str) -> None:
    answer = ask(corp, response(given=attributes(Role=pair)))
    assert answer.code == code
    if code:
        assert answer.message == f"Not authorized to perform {ASSUME}"


@pytest.mark.parametrize("name", [None, "a", "ann smith", "x" * 65, ["a1", "b1"], "änn"])
def test_the_session_s_name_must_be_one(corp: ServedHouse, name: Any) -> None:
    answer = ask(corp, response(given=attributes(RoleSessionName=name)))
    assert (answer.status, answer.code) == (400, "InvalidIdentityToken")


# ---- how long


@pytest.mark.parametrize(
    ("asked", "said", "seconds"),
    [(None, "7200", 7200), (900, "7200", 900), (7200, "1800", 1800), (7200, None, 7200), (None, None, 3600)],
)
def test_the_shorter_of_what_is_asked_and_what_the_provider_says(
    corp: ServedHouse, asked: int | None, said: str | None, seconds: int
) -> None:
    corp.admin("iam:UpdateRole", RoleName="sso", MaxSessionDuration=7200)
    inputs = {} if asked is None else {"DurationSeconds": asked}
    answer = ask(corp, response(given=attributes(SessionDuration=said)), **inputs)
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("said", ["899", "43201", "1e3", "+900", "٩٠٠", "", ["900", "900"]])
def test_what_is_no_duration_is_refused(corp: ServedHouse, said: Any) -> None:
    assert ask(corp, response(given=attributes(SessionDuration=said))).code == "InvalidIdentityToken"


def test_beyond_the_role_s_maximum_it_is_refused(corp: ServedHouse) -> None:
    answer = ask(corp, response(given=attributes(SessionDuration="3601")))
    assert (answer.code, answer.message) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )


def test_the_session_ends_with_the_provider_s(corp: ServedHouse) -> None:
    answer = ask(corp, response(session=f' SessionNotOnOrAfter="{at(1200)}"'))
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(seconds=1200)


# ---- what the assertion is about decides


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"StringEquals": {"saml:aud": SIGN_IN, "saml:iss": ENTITY, "saml:sub": "ann"}}, ""),
        ({"StringEquals": {"saml:sub_type": "persistent", "saml:doc": f"{ACCOUNT}/Corp"}}, ""),
        ({"StringEquals": {"saml:namequalifier": QUALIFIER}}, ""),
        ({"StringEquals": {"saml:sub": "bob"}}, "AccessDenied"),
        ({"StringEquals": {"saml:doc": f"{ACCOUNT}/Other"}}, "AccessDenied"),
        ({"ForAllValues:StringLike": {"saml:edupersonaffiliation": ["staff", "faculty"]}}, ""),
        ({"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "student"}}, "AccessDenied"),
        ({"StringEquals": {"saml:mail": "ann@example.com"}}, ""),
        ({"StringEquals": {"sts:RoleSessionName": "ann@example.com"}}, ""),
    ],
)
def test_what_was_signed_is_a_condition_key(corp: ServedHouse, condition: Any, code: str) -> None:
    trust(corp, trusts(condition))
    given = attributes() | {
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["staff", "faculty"],
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": "ann@example.com",
    }
    assert ask(corp, response(given=given)).code == code


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ASSUME},
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity"},
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER + "2"}, "Action": ASSUME},
    ],
)
def test_whom_the_trust_policy_does_not_name_is_denied(corp: ServedHouse, statement: Any) -> None:
    trust(corp, statement)
    answer = ask(corp)
    assert (answer.status, answer.code, answer.message) == (403, "AccessDenied", f"Not authorized to perform {ASSUME}")


def test_tags_and_a_source_identity_need_to_be_trusted_too(corp: ServedHouse) -> None:
    given = attributes(**{"PrincipalTag:team": "build", "TransitiveTagKeys": "team", "SourceIdentity": "ann"})
    assert ask(corp, response(given=given)).code == "AccessDenied"
    trust(corp, trusts({"StringEquals": {"aws:RequestTag/team": "build"}}, "sts:TagSession", "sts:SetSourceIdentity"))
    answer = ask(corp, response(given=given))
    assert answer["SourceIdentity"] == "ann"
    assert answer["PackedPolicySize"] > 0
    other = attributes(**{"PrincipalTag:team": "ops"})
    assert ask(corp, response(given=other)).code == "AccessDenied"


# ---- the provider


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"PrincipalArn": PROVIDER + "2"}, "InvalidIdentityToken"),
        ({"PrincipalArn": PROVIDER.replace(ACCOUNT, OTHER)}, "InvalidIdentityToken"),
        ({"PrincipalArn": PROVIDER.replace("saml-provider", "oidc-provider")}, "InvalidIdentityToken"),
        ({"RoleArn": ROLE.replace(ACCOUNT, OTHER)}, "InvalidIdentityToken"),
        ({"PrincipalArn": "twenty characters of no arn"}, "ValidationError"),
        ({"RoleArn": ROLE + "x"}, "AccessDenied"),
    ],
)
def test_the_provider_must_be_one_of_the_role_s_account(corp: ServedHouse, inputs: Any, code: str) -> None:
    assert ask(corp, **inputs).code == code


def test_a_certificate_that_was_taken_away_no_longer_counts(corp: ServedHouse) -> None:
    assert ask(corp, response(by="idp")).code == ""
    inputs = {"SAMLProviderArn": PROVIDER, "SAMLMetadataDocument": metadata(ENTITY, "next", "third")}
    corp.admin("iam:UpdateSAMLProvider", **inputs)
    answer = ask(corp, response(by="idp"))
    assert (answer.code, answer.message) == ("InvalidIdentityToken", "Response signature invalid")
    assert ask(corp, response(by="next")).code == ""


def test_metadata_that_has_ended_vouches_for_nobody(served: ServedHouse) -> None:
    text = metadata(ENTITY, "idp", "next", attributes=f' validUntil="{at(60)}"')
    served.admin("iam:CreateSAMLProvider", Name="Corp", SAMLMetadataDocument=text)
    served.role("sso", trust=[trusts()])
    assert ask(served).code == ""
    served.real_time_passes(seconds=60)
    assert ask(served, response(now=served.real.now)).code == "InvalidIdentityToken"


# ---- once (rule F19)


def test_a_response_works_once(corp: ServedHouse) -> None:
    text = response()
    assert ask(corp, text).code == ""
    for _ in range(2):
        answer = ask(corp, text)
        assert (answer.code, answer.message) == ("InvalidIdentityToken", "The SAML Assertion was used before")


def test_of_many_at_once_one_is_taken(corp: ServedHouse) -> None:
    text = response()
    with ThreadPoolExecutor(8) as threads:
        codes = [answer.code for answer in threads.map(lambda _: ask(corp, text), range(8))]
    assert sorted(codes) == ["", *["InvalidIdentityToken"] * 7]


def test_a_response_that_was_refused_may_come_again(corp: ServedHouse) -> None:
    text = response()
    trust(corp, trusts({"StringEquals": {"saml:sub": "bob"}}))
    assert ask(corp, text).code == "AccessDenied"
    trust(corp, trusts())
    assert ask(corp, text).code == ""


def test_what_is_over_is_forgotten(corp: ServedHouse) -> None:
    for _ in range(3):
        ask(corp)
    corp.real_time_passes(minutes=7)
    assert ask(corp, response(now=corp.real.now)).code == ""
    assert corp.house.store.read(lambda tx: tx.count(UsedAssertion, ACCOUNT)) == 1


def test_the_record_names_the_provider_and_holds_no_assertion(corp: ServedHouse) -> None:
    text = response()
    ask(corp, text)
    record = json.loads(list(corp.house.trail.records())[-1])  # type: ignore[attr-defined]
    assert (record["caller"], record["caller_id"]) == (PROVIDER, f"{QUALIFIER}:ann")
    assert text[:40] not in json.dumps(record)
