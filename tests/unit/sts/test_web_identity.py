"""sts:AssumeRoleWithWebIdentity: a token of a registered provider becomes a session of a role that trusts it."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from tests.oidc import CLIENT, SUBJECT, Issuer, jwk, token
from tests.served import ACCOUNT, NOW, OTHER, Answer, Client, CountingMint, Credentials, ServedHouse, allow, document
from tests.served import request as asking
from tests.unit.server.asgi import call, scope_of

from locum.server.app import App
from locum.server.issuer_keys import IssuerKeys
from locum.server.outbound import OutboundError

ASSUME, WHO = "sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity"
NAME = "idp.example.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{NAME}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci"
GITHUB = "token.actions.githubusercontent.com"
TAGS = "https://aws.amazon.com/tags"


def trusts(condition: Any = None, *actions: str, provider: str = PROVIDER) -> dict[str, Any]:
    """A statement that lets in a provider's users."""
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": [ASSUME, *actions]}
    return statement | ({"Condition": condition} if condition else {})


class Outside:
    """A served house and the issuers around it."""

    def __init__(self, served: ServedHouse) -> None:
        self.served = served
        self.issuers = {f"https://{NAME}": Issuer(f"https://{NAME}")}
        self.down = False
        self.keys = served.house.issuers = IssuerKeys(self.get, CountingMint())

    def get(self, url: str) -> bytes:
        for issuer in self.issuers.values():
            if not self.down and url in issuer.documents:
                return issuer.get(url)
        raise OutboundError(f"`{url}` does not answer")

    @property
    def issuer(self) -> Issuer:
        return self.issuers[f"https://{NAME}"]

    def ask(self, text: str | None = None, **inputs: Any) -> Answer:
        """The answer to an unsigned call with this token."""
        given = {"RoleArn": ROLE, "RoleSessionName": "run", "WebIdentityToken": text or self.issuer.token()}
        return self.served.answer(asking(ASSUME, given | inputs), ASSUME)

    def __call__(self, text: str | None = None, **inputs: Any) -> Answer:
        answer = self.ask(text, **inputs)
        assert not answer.code, (answer.code, answer.message)
        return answer

    def provider(self, name: str, **inputs: Any) -> Issuer:
        """One more provider that is registered."""
        self.served.admin("iam:CreateOpenIDConnectProvider", Url=f"https://{name}", ClientIDList=[CLIENT], **inputs)
        return self.issuers.setdefault(f"https://{name}", Issuer(f"https://{name}"))


@pytest.fixture
def outside(served: ServedHouse) -> Any:
    made = Outside(served)
    made.provider(NAME)
    served.role("ci", allow("iam:ListUsers"), trust=[trusts()])
    yield made
    made.keys.close()


def trust(outside: Outside, *statements: Any) -> None:
    """The role's trust policy from here on."""
    outside.served.admin("iam:UpdateAssumeRolePolicy", RoleName="ci", PolicyDocument=document(*statements))


def test_a_token_becomes_a_session_of_the_role(outside: Outside) -> None:
    answer = outside()
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/run"
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=1)
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert (answer["Audience"], answer["Provider"]) == (CLIENT, PROVIDER)
    assert "PackedPolicySize" not in answer.result
    session = Client(outside.served, Credentials.of(answer["Credentials"]))
    assert session(WHO)["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert session.ask("iam:ListUsers").status == 200
    assert session.ask("iam:ListRoles").code == "AccessDenied"


def test_an_issuer_is_asked_once(outside: Outside) -> None:
    for _ in range(3):
        outside()
    assert len(outside.issuer.asked) == 2


def test_the_session_knows_its_provider(outside: Outside) -> None:
    key = {"StringEquals": {"aws:FederatedProvider": PROVIDER}}
    outside.served.admin(
        "iam:PutRolePolicy",
        RoleName="ci",
        PolicyName="own",
        PolicyDocument=document(allow("iam:ListUsers", Condition=key)),
    )
    session = Client(outside.served, Credentials.of(outside()["Credentials"]))
    assert session.ask("iam:ListUsers").status == 200


@pytest.mark.parametrize(
    ("seconds", "maximum", "code"), [(900, 3600, ""), (7200, 7200, ""), (3601, 3600, "ValidationError")]
)
def test_a_session_is_as_long_as_asked_within_the_role_s_maximum(
    outside: Outside, seconds: int, maximum: int, code: str
) -> None:
    outside.served.admin("iam:UpdateRole", RoleName="ci", MaxSessionDuration=maximum)
    answer = outside.ask(DurationSeconds=seconds)
    assert answer.code == code
    if not code:
        assert answer["Credentials"]["Expiration"] == NOW + timedelta(seconds=seconds)


def test_a_session_policy_narrows_it(outside: Outside) -> None:
    answer = outside(Policy=document(allow("iam:ListRoles")))
    session = Client(outside.served, Credentials.of(answer["Credentials"]))
    assert session.ask("iam:ListUsers").code == "AccessDenied"
    assert answer["PackedPolicySize"] > 0


# ---- what the token is about decides


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"StringEquals": {f"{NAME}:sub": SUBJECT, f"{NAME}:aud": CLIENT}}, ""),
        ({"StringLike": {f"{NAME}:sub": "repo:acme/*"}}, ""),
        ({"StringEquals": {f"{NAME}:sub": "repo:acme/other"}}, "AccessDenied"),
        ({"StringEquals": {f"{NAME}:aud": "other"}}, "AccessDenied"),
        ({"ForAnyValue:StringEquals": {f"{NAME}:amr": "mfa"}}, ""),
        ({"ForAnyValue:StringEquals": {f"{NAME}:amr": "face"}}, "AccessDenied"),
        ({"StringEquals": {f"{NAME}:email": "a@example.com"}}, "AccessDenied"),
        ({"StringEquals": {"sts:RoleSessionName": "run"}}, ""),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, "AccessDenied"),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, ""),
    ],
)
def test_claims_are_condition_keys(outside: Outside, condition: Any, code: str) -> None:
    trust(outside, trusts(condition))
    answer = outside.ask(outside.issuer.token(amr=["pwd", "mfa"], email="a@example.com"))
    assert answer.code == code
    if code:
        assert answer.message == f"Not authorized to perform {ASSUME}"


def test_claims_of_github_are_keys_that_aws_takes(outside: Outside) -> None:
    github = outside.provider(GITHUB)
    arn = PROVIDER.replace(NAME, GITHUB)
    keys = {f"{GITHUB}:sub": "repo:acme/*"}, {f"{GITHUB}:repository_owner_id": "42", f"{GITHUB}:ref": "refs/heads/main"}
    trust(outside, trusts({"StringLike": keys[0], "StringEquals": keys[1]}, provider=arn))
    good = {"repository_owner_id": "42", "ref": "refs/heads/main"}
    assert outside.ask(github.token(**good)).code == ""
    assert outside.ask(github.token(**good | {"ref": "refs/heads/x"})).code == "AccessDenied"
    assert outside.ask(github.token()).code == "AccessDenied"


def test_trust_in_github_must_say_whose_tokens(outside: Outside) -> None:
    arn = PROVIDER.replace(NAME, GITHUB)
    answer = outside.served.admin.ask(
        "iam:CreateRole", RoleName="open", AssumeRolePolicyDocument=document(trusts(provider=arn))
    )
    assert (answer.status, answer.code) == (400, "MalformedPolicyDocument")
    assert answer.message.startswith(f"Trust policy with trusted principal {arn} must evaluate, using StringEquals")
    trust_of_ci = {"RoleName": "ci", "PolicyDocument": document(trusts(provider=arn))}
    assert outside.served.admin.ask("iam:UpdateAssumeRolePolicy", **trust_of_ci).code == "MalformedPolicyDocument"


def test_two_providers_with_one_subject_are_two_identities(outside: Outside) -> None:
    second = outside.provider("second.example.com")
    trust(outside, trusts({"StringEquals": {f"{NAME}:sub": SUBJECT}}))
    assert outside.ask().code == ""
    assert outside.ask(second.token()).code == "AccessDenied"
    trust(
        outside,
        trusts({"StringEquals": {f"{NAME}:sub": SUBJECT}}, provider=PROVIDER.replace(NAME, "second.example.com")),
    )
    assert outside.ask(second.token()).code == "AccessDenied"


def test_a_token_of_one_issuer_under_the_key_of_another_is_nobody_s(outside: Outside) -> None:
    second = outside.provider("second.example.com")
    second.jwks = {"keys": [jwk("rsa/other")]}
    assert outside.ask(second.token()).code == "InvalidIdentityToken"


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ASSUME},
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithSAML"},
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER + "/x"}, "Action": ASSUME},
    ],
)
def test_whom_the_trust_policy_does_not_name_is_denied(outside: Outside, statement: Any) -> None:
    trust(outside, statement)
    answer = outside.ask()
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message == f"Not authorized to perform {ASSUME}"


def test_a_deny_in_the_trust_policy_wins(outside: Outside) -> None:
    deny = trusts({"StringLike": {f"{NAME}:sub": "repo:acme/*"}}) | {"Effect": "Deny"}
    trust(outside, trusts(), deny)
    assert outside.ask().code == "AccessDenied"


def test_a_role_that_is_not_there_is_denied_like_any_other(outside: Outside) -> None:
    answer = outside.ask(RoleArn=ROLE + "x")
    assert (answer.code, answer.message) == ("AccessDenied", f"Not authorized to perform {ASSUME}")


# ---- refusals before anybody is known


@pytest.mark.parametrize(
    ("role", "code", "sentence"),
    [
        (
            ROLE.replace(ACCOUNT, OTHER),
            "InvalidIdentityToken",
            f"No OpenIDConnect provider found in your account for https://{NAME}",
        ),
        ("arn:aws:iam::role/with-no-account", "ValidationError", "arn:aws:iam::role/with-no-account is invalid"),
        ("twenty characters of no arn", "ValidationError", "twenty characters of no arn is invalid"),
    ],
)
def test_the_provider_must_be_one_of_the_role_s_account(outside: Outside, role: str, code: str, sentence: str) -> None:
    answer = outside.ask(RoleArn=role)
    assert (answer.status, answer.code, answer.message) == (400, code, sentence)


def test_an_audience_that_was_taken_away_no_longer_counts(outside: Outside) -> None:
    named = {"OpenIDConnectProviderArn": PROVIDER, "ClientID": CLIENT}
    outside.served.admin("iam:RemoveClientIDFromOpenIDConnectProvider", **named)
    answer = outside.ask()
    assert (answer.code, answer.message) == ("InvalidIdentityToken", "Incorrect token audience")


def test_a_deleted_provider_vouches_for_nobody(outside: Outside) -> None:
    outside()
    outside.served.admin("iam:DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER)
    assert outside.ask().code == "InvalidIdentityToken"


def test_an_issuer_that_does_not_answer_is_told(outside: Outside) -> None:
    outside.down = True
    answer = outside.ask()
    assert (answer.status, answer.code) == (400, "IDPCommunicationError")


def test_an_expired_token_is_told(outside: Outside) -> None:
    answer = outside.ask(outside.issuer.token(NOW - timedelta(hours=1)))
    assert (answer.status, answer.code) == (400, "ExpiredTokenException")


def test_what_is_no_token_is_told_in_the_words_of_aws(outside: Outside) -> None:
    answer = outside.ask("an access token")
    assert (answer.status, answer.code) == (400, "InvalidIdentityToken")
    assert answer.message == (
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    )


def test_the_token_s_time_is_real_time_whatever_the_clock_of_sessions_says(outside: Outside) -> None:
    outside.served.sessions_age(hours=5)
    assert outside.ask().code == ""


def test_a_token_of_another_service_is_refused_by_name(outside: Outside) -> None:
    assert outside.ask(ProviderId="www.amazon.com").code == "NotImplemented"


# ---- tags and source identity


def tagged(outside: Outside, tags: Any, **more: Any) -> str:
    return outside.issuer.token(**{TAGS: tags}, **more)


GOOD_TAGS = {"principal_tags": {"team": ["build"], "cost": ["4711"]}, "transitive_tag_keys": ["team"]}


def test_tags_in_the_token_need_to_be_trusted_too(outside: Outside) -> None:
    assert outside.ask(tagged(outside, GOOD_TAGS)).code == "AccessDenied"
    trust(outside, trusts({"StringEquals": {"aws:RequestTag/team": "build"}}, "sts:TagSession"))
    answer = outside(tagged(outside, GOOD_TAGS))
    assert answer["PackedPolicySize"] > 0
    assert outside.ask(tagged(outside, {"principal_tags": {"team": ["other"]}})).code == "AccessDenied"


def test_tags_of_the_token_are_tags_of_the_session(outside: Outside) -> None:
    trust(outside, trusts(None, "sts:TagSession"))
    key = {"StringEquals": {"aws:PrincipalTag/team": "build"}}
    outside.served.admin(
        "iam:PutRolePolicy",
        RoleName="ci",
        PolicyName="own",
        PolicyDocument=document(allow("iam:ListUsers", Condition=key)),
    )
    with_tags = Client(outside.served, Credentials.of(outside(tagged(outside, GOOD_TAGS))["Credentials"]))
    assert with_tags.ask("iam:ListUsers").status == 200
    assert Client(outside.served, Credentials.of(outside()["Credentials"])).ask("iam:ListUsers").code == "AccessDenied"


@pytest.mark.parametrize(
    "tags",
    [
        "team",
        {"principal_tags": ["team"]},
        {"principal_tags": {"team": ["a", "b"]}},
        {"principal_tags": {"team": [1]}},
        {"principal_tags": {"team": ["x" * 257]}},
        {"principal_tags": {"": ["x"]}},
        {"principal_tags": {"te*m": ["x"]}},
        {"principal_tags": {f"k{number}": ["x"] for number in range(51)}},
        {"principal_tags": {}, "transitive_tag_keys": "team"},
    ],
)
def test_tags_that_are_none_are_refused(outside: Outside, tags: Any) -> None:
    assert outside.ask(tagged(outside, tags)).code == "InvalidIdentityToken"


def test_a_source_identity_in_the_token_needs_to_be_trusted_too(outside: Outside) -> None:
    text = outside.issuer.token(**{"https://aws.amazon.com/source_identity": "ann@example.com"})
    assert outside.ask(text).code == "AccessDenied"
    trust(outside, trusts(None, "sts:SetSourceIdentity"))
    assert outside(text)["SourceIdentity"] == "ann@example.com"
    bad = outside.issuer.token(**{"https://aws.amazon.com/source_identity": "ann smith"})
    assert outside.ask(bad).code == "InvalidIdentityToken"


# ---- the record, and the event loop


def test_the_record_names_the_provider_and_holds_no_token(outside: Outside) -> None:
    outside()
    record = json.loads(list(outside.served.house.trail.records())[-1])  # type: ignore[attr-defined]
    assert record["caller"] == PROVIDER
    assert record["caller_id"] == f"{PROVIDER}:{CLIENT}:{SUBJECT}"
    assert "eyJ" not in json.dumps(record)


def test_a_server_that_waits_for_an_issuer_answers_others_meanwhile(outside: Outside) -> None:
    """The issuer answers only when another request was answered: a server that waits in between would wait for ever."""
    asked, may_answer = threading.Event(), threading.Event()
    had = outside.get

    def get(url: str) -> bytes:
        asked.set()
        assert may_answer.wait(10)
        return had(url)

    keys = outside.served.house.issuers = IssuerKeys(get, CountingMint())
    app = App(outside.served.house, outside.served.own)

    async def both() -> tuple[int, int]:
        given = {"RoleArn": ROLE, "RoleSessionName": "run", "WebIdentityToken": outside.issuer.token()}
        plain = asking(ASSUME, given)
        waiting = asyncio.create_task(call(app, scope_of(plain), [plain.body]))
        while not asked.is_set():
            await asyncio.sleep(0)
        signed = outside.served.admin.signed(asking("iam:ListUsers"), "iam")
        other = await call(app, scope_of(signed), [signed.body])
        may_answer.set()
        return other.status, (await waiting).status

    assert asyncio.run(both()) == (200, 200)
    keys.close()


def test_a_bearer_of_a_key_is_still_whom_the_token_says(outside: Outside) -> None:
    given = {"RoleArn": ROLE, "RoleSessionName": "run", "WebIdentityToken": outside.issuer.token()}
    signed = outside.served.admin.signed(asking(ASSUME, given), "sts")
    assert outside.served.answer(signed, ASSUME)["Provider"] == PROVIDER
    given["WebIdentityToken"] = token(outside.issuer.header(), {"iss": f"https://{NAME}"}, "rsa/other")
    signed = outside.served.admin.signed(asking(ASSUME, given), "sts")
    assert outside.served.answer(signed, ASSUME).code == "InvalidIdentityToken"
