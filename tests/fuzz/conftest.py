"""The served house of these tests, made anew for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.served import ServedHouse


@pytest.fixture
def served() -> Iterator[ServedHouse]:
    house = ServedHouse()
    yield house
    house.close()
