"""Every store that the suite runs against: in a file and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.nouns import MASTER_KEY

from locum.store.engine import SqlStore, open_store


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    path = tmp_path / "locum.db" if request.param == "file" else None
    opened = open_store(path, MASTER_KEY, mode="dev")
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store's file may be."""
    return tmp_path / "locum.db"
