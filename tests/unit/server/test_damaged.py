"""Once a store is known to be damaged, nothing is written into it, and health says so."""

from __future__ import annotations

import msgspec
import pytest
from tests.served import ACCOUNT, ServedHouse

from locum.http import Request
from locum.store.errors import DamagedError


@pytest.fixture
def damaged(served: ServedHouse) -> ServedHouse:
    """A server that was told of a fault when its store was read as a whole."""
    served.house.store.faults = ("row 3 missing from index entity_name",)
    return served


def health(served: ServedHouse) -> tuple[int, object]:
    answer = served.own.answer(Request("GET", "/_locum/health", "", (("host", "iam.example"),)))
    return answer.status, msgspec.json.decode(answer.body)


def test_health_says_that_the_store_is_damaged(damaged: ServedHouse) -> None:
    assert health(damaged) == (503, {"status": "damaged"})


def test_a_store_that_was_read_and_is_sound_is_healthy(served: ServedHouse) -> None:
    served.house.store.faults = ()
    assert health(served) == (200, {"status": "ok"})


def test_a_change_is_refused_and_says_to_restore_a_backup(damaged: ServedHouse) -> None:
    answer = damaged.admin.ask("iam:CreateUser", UserName="alice")
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert "restore a backup" in answer.message
    assert [user["UserName"] for user in damaged.admin("iam:ListUsers")["Users"]] == ["admin"]


def test_the_sentence_holds_nothing_of_what_is_damaged(damaged: ServedHouse) -> None:
    assert "entity_name" not in damaged.admin.ask("iam:CreateUser", UserName="alice").message


def test_reads_go_on(damaged: ServedHouse) -> None:
    assert damaged.admin("sts:GetCallerIdentity")["Account"] == ACCOUNT


def test_the_house_itself_writes_nothing_either(damaged: ServedHouse) -> None:
    with pytest.raises(DamagedError):
        damaged.house.store.write(lambda tx: None)
