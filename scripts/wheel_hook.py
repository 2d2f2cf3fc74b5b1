"""Puts the bill of materials into the wheel's `.dist-info/sboms` (PEP 770), where `scripts/dist.py` wrote one.

An installation from a checkout has none: the bill belongs to a release.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BILL = "locum.cdx.json"


class Hook(BuildHookInterface[Any]):
    """hatchling finds it by its base class."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the bill to what the wheel holds, if there is one."""
        if (Path(self.root) / BILL).is_file():
            build_data["sbom_files"].append(BILL)
