"""Commands are run here as on a machine where no setting stands in the environment, whatever this run was given."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LOCUM_")]:
        monkeypatch.delenv(name)
