"""Before every acknowledgement the disk was told to keep what is acknowledged (rule R1), seen at the disk itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.durability.disk import UNREACHABLE, Entry, library
from tests.durability.test_power_cut import recorded

pytestmark = pytest.mark.skipif(library() is None, reason=UNREACHABLE)

LOG = "locum.db-wal"
DOOR = re.compile(rb'"name":"([0-9]{1,3}-[0-9]{1,6})"', re.ASCII)


def unsynced(entries: list[Entry]) -> list[str]:
    """The pairs that were acknowledged before a sync had covered the pages that they stand on."""
    early: list[str] = []
    written: set[bytes] = set()
    synced: set[bytes] = set()
    for entry in entries:
        if (entry.verb, entry.file) == ("write", LOG):
            written.update(DOOR.findall(entry.octets))
        elif (entry.verb, entry.file) == ("sync", LOG):
            synced |= written
            written = set()
        elif entry.verb == "acknowledged" and entry.file.encode() not in synced:
            early.append(entry.file)
    return early


def test_a_sync_comes_before_every_acknowledgement(tmp_path: Path) -> None:
    entries = recorded(tmp_path / "full", "full", pairs=96)
    assert sum(entry.verb == "acknowledged" for entry in entries) == 96
    assert unsynced(entries) == []


def test_control_with_a_laxer_setting_it_does_not(tmp_path: Path) -> None:
    assert unsynced(recorded(tmp_path / "normal", "normal", pairs=96)) != []
