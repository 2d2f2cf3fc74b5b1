"""A benchmark's table: rows of figures, as text for people and as JSON for machines.

Law: knows nothing of what is measured. Each row of time stands beside the calibration loop, so that two machines can be
compared by the last column.
"""

from __future__ import annotations

import os
import platform
import sysconfig
from typing import Any

import msgspec

from benchmarks.stopwatch import calibration


class Row(msgspec.Struct, frozen=True):
    """One figure. `note` says what belongs to it: wrong answers, a peer's version, why it is missing (`value` None)."""

    what: str
    value: float | None
    unit: str
    note: str = ""

    @property
    def microseconds(self) -> float | None:
        """The figure as microseconds of CPU, where it is a time or a rate."""
        if self.value is None or not self.value:
            return None
        scale = {"µs": 1.0, "ms": 1e3, "s": 1e6}.get(self.unit)
        if scale is not None:
            return self.value * scale
        return 1e6 / self.value if self.unit == "/CPU-s" else None


class Table(msgspec.Struct, frozen=True):
    """What one benchmark found."""

    name: str
    question: str
    rows: tuple[Row, ...]

    def text(self) -> str:
        """The table for people."""
        loop = calibration()
        lines = [f"{self.name}: {self.question}", f"  one calibration loop: {loop:.2f} µs CPU; {machine()}", ""]
        width = max([len(row.what) for row in self.rows], default=0)
        lines.append(f"  {'':{width}}  {'figure':>12} {'':7} {'loops':>9}")
        for row in self.rows:
            figure = "-" if row.value is None else _figure(row.value)
            loops = "" if row.microseconds is None else _figure(row.microseconds / loop)
            line = f"  {row.what:{width}}  {figure:>12} {row.unit:7} {loops:>9}  {row.note}"
            lines.append(line.rstrip())
        return "\n".join(lines)

    def shown(self) -> dict[str, Any]:
        """The table for machines."""
        found = {"benchmark": self.name, "calibration_us": round(calibration(), 3), "machine": machine()}
        return found | {"rows": list(self.rows)}


def machine() -> str:
    """What the figures were taken on: Python and how it was built, cores, and how many processes wanted them."""
    built = str(sysconfig.get_config_var("CONFIG_ARGS"))
    optimized = "" if "--enable-optimizations" in built else ", built without --enable-optimizations"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"Python {platform.python_version()}{optimized}, {os.cpu_count()} cores{load}"


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
