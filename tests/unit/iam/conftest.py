"""The house of these tests, made anew for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.iam_house import IamHouse


@pytest.fixture
def house() -> Iterator[IamHouse]:
    house = IamHouse()
    yield house
    house.close()
