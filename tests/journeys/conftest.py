"""Every journey starts at a fresh `locum dev` of account 111111111111: one server a file, reset before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.journeys.served import Served

ACCOUNT = "111111111111"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what stands below this folder, so that `-m 'not journey'` leaves it out."""
    for item in items:
        if "tests/journeys/" in item.path.as_posix():
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="module")
def dev_server() -> Iterator[Served]:
    """One `locum dev` for the tests of a file."""
    with Served("dev", "--port", "0", "--account-id", ACCOUNT) as served:
        yield served


@pytest.fixture
def locum(dev_server: Served) -> Served:
    """The file's server, as it was when it started."""
    dev_server.own("reset")
    return dev_server
