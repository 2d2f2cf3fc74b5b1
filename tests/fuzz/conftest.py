"""The served houses of these tests, made anew for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.served import ACCOUNT, ServedHouse
from tests.unit.sigv4 import signed as s

from locum.aws.secret import Secret
from locum.iam.access_keys import SECRET, AccessKey
from locum.iam.entities import User
from locum.store.entity import Author
from locum.store.tx import Tx


@pytest.fixture
def served() -> Iterator[ServedHouse]:
    house = ServedHouse()
    yield house
    house.close()


@pytest.fixture
def house() -> Iterator[ServedHouse]:
    """A house at the time of the tables, in which alice holds the key that signed them."""
    served = ServedHouse(now=s.NOW)
    served.admin("iam:CreateUser", UserName="alice")

    def step(tx: Tx) -> None:
        tx.written_by(Author(arn=f"arn:aws:iam::{ACCOUNT}:root", at=s.NOW, request_id="test"))
        alice = tx.get(User, ACCOUNT, "alice")
        key = AccessKey(id=s.KEY_ID, name=s.KEY_ID, account=ACCOUNT, owner=alice.id, created=s.NOW)
        tx.put_secret(tx.add(key), SECRET, Secret(s.SECRET))

    served.house.store.write(step)
    yield served
    served.close()
