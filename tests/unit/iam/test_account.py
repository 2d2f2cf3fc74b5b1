"""The account's alias and its summary."""

from __future__ import annotations

from tests.iam_house import OTHER, IamHouse

from locum.aws import shapes

ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def aliases(house: IamHouse) -> list[str]:
    names: list[str] = house.perform("iam:ListAccountAliases")["AccountAliases"]
    return names


def summary(house: IamHouse) -> dict[str, int]:
    counts: dict[str, int] = house.perform("iam:GetAccountSummary")["SummaryMap"]
    return counts


def test_a_new_account_has_no_alias(house: IamHouse) -> None:
    assert house.perform("iam:ListAccountAliases") == {"AccountAliases": [], "IsTruncated": False}


def test_an_alias_is_listed(house: IamHouse) -> None:
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    assert aliases(house) == ["acme"]


def test_a_new_alias_takes_the_place_of_the_old(house: IamHouse) -> None:
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    house.perform("iam:CreateAccountAlias", AccountAlias="umbrella")
    assert aliases(house) == ["umbrella"]


def test_an_alias_is_taken_for_every_account(house: IamHouse) -> None:
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    house.act_as_root(OTHER)
    refusal = house.refused("iam:CreateAccountAlias", AccountAlias="acme")
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "The account alias acme already exists.")


def test_an_alias_given_up_is_free(house: IamHouse) -> None:
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    house.perform("iam:DeleteAccountAlias", AccountAlias="acme")
    house.act_as_root(OTHER)
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    assert aliases(house) == ["acme"]


def test_an_alias_replaced_is_free(house: IamHouse) -> None:
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    house.perform("iam:CreateAccountAlias", AccountAlias="umbrella")
    house.act_as_root(OTHER)
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    assert aliases(house) == ["acme"]


def test_only_the_account_itself_deletes_its_alias(house: IamHouse) -> None:
    house.perform("iam:CreateAccountAlias", AccountAlias="acme")
    house.act_as_root(OTHER)
    assert house.refused("iam:DeleteAccountAlias", AccountAlias="acme").code == "NoSuchEntity"


def test_the_summary_has_every_key_of_the_model(house: IamHouse) -> None:
    assert summary(house).keys() == set(shapes.service("iam").shapes["summaryKeyType"].enum)


def test_the_version_of_tokens_is_kept_and_shown(house: IamHouse) -> None:
    assert summary(house)["GlobalEndpointTokenVersion"] == 1
    for word, version in (("v2Token", 2), ("v1Token", 1)):
        house.perform("iam:SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion=word)
        assert summary(house)["GlobalEndpointTokenVersion"] == version
    house.perform("iam:SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v2Token")
    house.act_as_root(OTHER)
    assert summary(house)["GlobalEndpointTokenVersion"] == 1


def test_the_summary_counts_what_is_there(house: IamHouse) -> None:
    before = summary(house)
    house.perform("iam:CreateUser", UserName="a")
    house.perform("iam:CreateUser", UserName="b")
    house.perform("iam:CreateGroup", GroupName="g")
    house.perform("iam:CreateInstanceProfile", InstanceProfileName="p")
    house.perform("iam:CreatePolicy", PolicyName="p", PolicyDocument=ALLOW_ALL)
    house.perform("iam:CreateVirtualMFADevice", VirtualMFADeviceName="phone")
    after = summary(house)
    assert {key: after[key] - before[key] for key in after if after[key] != before[key]} == {
        "Users": 2,
        "Groups": 1,
        "InstanceProfiles": 1,
        "Policies": 1,
        "PolicyVersionsInUse": 1,
        "MFADevices": 1,
    }


def test_the_summary_counts_the_own_account_only(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="a")
    house.act_as_root(OTHER)
    assert summary(house)["Users"] == 0


def test_the_summary_shows_the_quotas_as_set() -> None:
    house = IamHouse(UsersPerAccount=7)
    shown = summary(house)
    house.close()
    assert (shown["UsersQuota"], shown["AttachedPoliciesPerRoleQuota"]) == (7, 10)


def test_the_summary_says_whether_root_has_a_key(house: IamHouse) -> None:
    before = summary(house)["AccountAccessKeysPresent"]
    house.perform("iam:CreateAccessKey")
    assert (before, summary(house)["AccountAccessKeysPresent"]) == (0, 1)
