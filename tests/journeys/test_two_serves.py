"""Two `locum serve` on one data directory, on one machine, are one Locum with two doors."""

from __future__ import annotations

import json

from tests.journeys.clients import Key, boto
from tests.journeys.served import Served
from tests.journeys.test_killed_trail import serve, verified


def test_two_servers_share_a_directory_and_each_writes_a_chain_of_its_own(tmp_path):
    with serve(tmp_path) as one, serve(tmp_path) as other:
        key = Key.of(json.loads((tmp_path / "root-key.json").read_text()))
        doors: list[Served] = [one, other]
        for number in range(6):
            boto("iam", doors[number % 2].url, key).create_user(UserName=f"user-{number}")
            seen = boto("iam", doors[1 - number % 2].url, key).list_users()["Users"]
            assert len(seen) == number + 1
        assert one.stop() == 0
        boto("iam", other.url, key).create_user(UserName="last")
        assert other.stop() == 0
    status, said = verified(tmp_path)
    assert (status, said.split(":")[0]) == (0, "the audit trail is whole")
    assert said.endswith(" in 2 chains")
