"""Quotas are numbers that a server may change."""

from __future__ import annotations

import pytest
from tests.architecture.source import ROOT

from locum.aws.limits import RAISABLE, Limits, quotas


def test_a_quota_is_awss_default() -> None:
    assert Limits()["AccessKeysPerUser"] == 2
    assert Limits()["PolicySize"] == 6144


def test_a_setting_takes_its_place_and_leaves_the_others() -> None:
    changed = Limits.of({"AccessKeysPerUser": 0})
    assert (changed["AccessKeysPerUser"], changed["GroupsPerUser"]) == (0, 10)


def test_an_unknown_quota_raises() -> None:
    with pytest.raises(KeyError):
        Limits()["UnicornsPerUser"]
    with pytest.raises(ValueError, match="UnicornsPerUser"):
        Limits.of({"UnicornsPerUser": 1})


def test_a_negative_quota_is_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        Limits.of({"AccessKeysPerUser": -1})


def test_the_account_summary_follows_the_settings() -> None:
    summary = Limits.of({"UsersPerAccount": 7}).summary()
    assert summary["UsersQuota"] == 7
    assert summary["PolicySizeQuota"] == 6144


def test_every_number_says_where_it_comes_from() -> None:
    assert len(quotas()) >= 75  # none was lost
    assert all(quota.source for quota in quotas().values())
    assert all(quota.key == quota.error_name for quota in quotas().values() if quota.error_name)


def test_every_quota_that_aws_raises_and_every_number_of_an_account_can_be_set() -> None:
    counted = ("count", "characters without white space")
    raised = {key for key, one in quotas().items() if one.unit in counted and (one.maximum or 0) > one.default}
    of_accounts = {key for key, one in quotas().items() if one.scope == "account" and one.unit == "count"}
    never = {"AccountAliasesPerAccount", "PolicyVersionsInUse", "RootAccessKeys"}
    assert (raised | of_accounts) - never <= set(RAISABLE) <= set(quotas())


def test_every_quota_that_can_be_set_is_asked_by_an_operation() -> None:
    read = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "locum" / "iam").glob("*.py"))
    assert [key for key in RAISABLE if f'"{key}"' not in read] == []
