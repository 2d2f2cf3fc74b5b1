"""A store and a directory for trails, for each test."""

import pytest
from tests.unit.audit.chained import Kept


@pytest.fixture
def kept(tmp_path):
    found = Kept(tmp_path)
    yield found
    found.store.close()
