"""Quotas are numbers that a server may change."""

from __future__ import annotations

import pytest

from locum.aws.limits import Limits, quotas


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
