"""Quotas that a setting changes: refused at the number that was set, in AWS's words, and shown by the summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import ADMIN, Key, boto
from tests.journeys.served import Served


def full(url: str, key: Key, groups: int) -> str:
    """What the server says to one group more than `groups`."""
    iam = boto("iam", url, key)
    for number in range(groups):
        iam.create_group(GroupName=f"g{number}")
    with pytest.raises(ClientError) as refused:
        iam.create_group(GroupName="more")
    assert refused.value.response["Error"]["Code"] == "LimitExceeded"
    assert iam.get_account_summary()["SummaryMap"]["GroupsQuota"] == groups
    return refused.value.response["Error"]["Message"]


def test_dev_takes_the_variable() -> None:
    with Served("dev", "--port", "0", environment={"LOCUM_QUOTAS": "GroupsPerAccount=2"}) as served:
        assert full(served.url, ADMIN, 2) == "Cannot exceed quota for GroupsPerAccount: 2"


def test_serve_takes_the_option(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Served("serve", "--data-dir", str(data), "--port", "0", "--quotas", "GroupsPerAccount=301") as served:
        root = Key.of(json.loads((data / "root-key.json").read_text()))
        assert full(served.url, root, 301) == "Cannot exceed quota for GroupsPerAccount: 301"
