"""OpenID Connect providers: registered by URL, with their audiences."""

from __future__ import annotations

from typing import Any

import pytest
from tests.iam_house import ACCOUNT, NOW, OTHER, IamHouse

from locum.call import Place

URL = "https://token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
CREATE, GET = "iam:CreateOpenIDConnectProvider", "iam:GetOpenIDConnectProvider"
TAGS = [{"Key": "team", "Value": "build"}]


@pytest.fixture
def github(house: IamHouse) -> IamHouse:
    """A house with GitHub as a provider."""
    house.perform(CREATE, Url=URL, ClientIDList=["sts.amazonaws.com"], Tags=TAGS)
    return house


def get(house: IamHouse) -> dict[str, Any]:
    return dict(house.perform(GET, OpenIDConnectProviderArn=ARN))


def test_a_new_provider_is_answered_by_its_arn(house: IamHouse) -> None:
    assert house.perform(CREATE, Url=URL) == {"OpenIDConnectProviderArn": ARN}
    assert house.perform(CREATE, Url=URL + "/org", Tags=TAGS)["Tags"] == TAGS


def test_a_provider_is_shown_with_its_url_without_the_scheme(github: IamHouse) -> None:
    assert get(github) == {
        "Url": "token.actions.githubusercontent.com",
        "ClientIDList": ["sts.amazonaws.com"],
        "ThumbprintList": [],
        "CreateDate": NOW,
        "Tags": TAGS,
    }


@pytest.mark.parametrize("url", [URL, URL.upper().replace("HTTPS", "https")])
def test_a_url_is_registered_once_in_any_case(github: IamHouse, url: str) -> None:
    refusal = github.refused(CREATE, Url=url)
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", f"Provider with url {url} already exists.")


def test_a_slash_at_the_end_makes_another_provider(house: IamHouse) -> None:
    house.perform(CREATE, Url="https://example.com")
    made = house.perform(CREATE, Url="https://example.com/")
    assert made["OpenIDConnectProviderArn"] == f"arn:aws:iam::{ACCOUNT}:oidc-provider/example.com/"


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "http://example.com",
        "ftp://example.com",
        "https://",
        "https://example.com?tenant=a",
        "https://example.com#a",
        "https://user@example.com",
        "https://example.com//realm",
        "https://exa mple.com",
        "https://example.com\n",
        "https://exämple.com",
        "http://127.0.0.1:3000",
        "http://localhost",
    ],
)
def test_what_can_be_no_issuer_is_refused(house: IamHouse, url: str) -> None:
    refusal = house.refused(CREATE, Url=url)
    assert (refusal.code, refusal.message) == ("ValidationError", "Invalid Open ID Connect Provider URL")


@pytest.mark.parametrize("url", ["http://127.0.0.1:3000", "http://localhost/a", "http://[::1]:3000/realms/x"])
def test_a_setting_allows_http_on_this_machine(house: IamHouse, url: str) -> None:
    house.place = Place(local_issuers=True)
    assert house.perform(CREATE, Url=url)
    assert house.refused(CREATE, Url=url).message == f"Provider with url {url} already exists."


@pytest.mark.parametrize("url", ["http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1"])
def test_and_nowhere_else(house: IamHouse, url: str) -> None:
    house.place = Place(local_issuers=True)
    assert house.refused(CREATE, Url=url).code == "ValidationError"


def test_providers_are_listed_by_arn(github: IamHouse) -> None:
    github.perform(CREATE, Url="https://example.com")
    listed = github.perform("iam:ListOpenIDConnectProviders")["OpenIDConnectProviderList"]
    assert listed == [{"Arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/example.com"}, {"Arn": ARN}]


def test_an_audience_comes_and_goes_as_often_as_one_likes(github: IamHouse) -> None:
    for _ in range(2):
        github.perform("iam:AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID="b")
    assert get(github)["ClientIDList"] == ["sts.amazonaws.com", "b"]
    for _ in range(2):
        github.perform("iam:RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID="b")
    assert get(github)["ClientIDList"] == ["sts.amazonaws.com"]


def test_a_provider_has_at_most_a_hundred_audiences(github: IamHouse) -> None:
    sentence = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
    ids = [f"c{number}" for number in range(101)]
    assert github.refused(CREATE, Url="https://example.com", ClientIDList=ids).message == sentence
    for one in ids[:99]:
        github.perform("iam:AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID=one)
    refusal = github.refused("iam:AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, ClientID="x")
    assert (refusal.code, refusal.message) == ("LimitExceeded", sentence)


def test_thumbprints_are_replaced(github: IamHouse) -> None:
    prints = ["6938fd4d98bab03faadb97b34396831e3780aea1", "a" * 40]
    github.perform("iam:UpdateOpenIDConnectProviderThumbprint", OpenIDConnectProviderArn=ARN, ThumbprintList=prints)
    assert get(github)["ThumbprintList"] == prints


@pytest.mark.parametrize(
    ("prints", "code"), [(["g" * 40], "InvalidInput"), ([f"{n:040x}" for n in range(6)], "LimitExceeded")]
)
def test_what_is_no_thumbprint_and_a_sixth_one_are_refused(house: IamHouse, prints: list[str], code: str) -> None:
    assert house.refused(CREATE, Url=URL, ThumbprintList=prints).code == code


def test_an_account_has_so_many_providers() -> None:
    house = IamHouse(OpenIdConnectProvidersPerAccount=1)
    house.perform(CREATE, Url=URL)
    refusal = house.refused(CREATE, Url="https://example.com")
    assert refusal.message == "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 1"
    house.close()


@pytest.mark.parametrize("arn", [ARN + "/x", ARN.replace(ACCOUNT, OTHER), ARN.upper(), "arn:aws:iam::1:user/x1234"])
def test_an_unknown_provider_is_told_in_the_words_of_aws(github: IamHouse, arn: str) -> None:
    refusal = github.refused(GET, OpenIDConnectProviderArn=arn)
    assert (refusal.code, refusal.message) == ("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")


def test_a_deleted_provider_is_gone_and_deleting_it_again_is_no_error(github: IamHouse) -> None:
    for _ in range(2):
        github.perform("iam:DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)
    assert github.refused(GET, OpenIDConnectProviderArn=ARN).code == "NoSuchEntity"
    other = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert github.refused("iam:DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=other).code == "InvalidInput"


def test_tags_come_and_go(github: IamHouse) -> None:
    github.perform("iam:TagOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, Tags=[{"Key": "a", "Value": "b"}])
    github.perform("iam:UntagOpenIDConnectProvider", OpenIDConnectProviderArn=ARN, TagKeys=["team"])
    listed = github.perform("iam:ListOpenIDConnectProviderTags", OpenIDConnectProviderArn=ARN)
    assert listed == {"Tags": [{"Key": "a", "Value": "b"}], "IsTruncated": False}


def test_the_summary_counts_providers(github: IamHouse) -> None:
    assert github.perform("iam:GetAccountSummary")["SummaryMap"]["Providers"] == 1
