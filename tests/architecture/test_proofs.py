"""The page of proofs names tests that exist, and has a line for every experiment.

Law: reads `docs/developing/proofs.md` and the syntax trees of the tests it names; runs none of them. A line without a
test or without its control is no proof. A control is a test whose name says so.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest
from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "developing" / "proofs.md"
ROWS = ["xS1", "xZ1", "xZ2", "xZ3"]
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`", re.ASCII)
CELLS = 6


class Line(msgspec.Struct, frozen=True):
    """One line of the table: what it is about, and the tests and controls that it names."""

    id: str
    cells: tuple[str, ...]

    @property
    def tests(self) -> list[tuple[str, str]]:
        return REFERENCE.findall(self.cells[2])

    @property
    def controls(self) -> list[tuple[str, str]]:
        return REFERENCE.findall(self.cells[3])


def lines_of(text: str) -> list[Line]:
    """The lines of every table of the page whose first cell is an id."""
    found = []
    for line in text.splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
        if re.fullmatch(r"x[A-Z][0-9]+", cells[0], re.ASCII):
            found.append(Line(cells[0], cells))
    return found


@cache
def names_in(path: Path) -> frozenset[str]:
    """The functions at the top of a file; none when there is no such file."""
    if not path.exists():
        return frozenset()
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def absent(text: str) -> list[str]:
    """What the page names that is not there: `path::name`."""
    return [f"{path}::{name}" for path, name in REFERENCE.findall(text) if name not in names_in(ROOT / path)]


def unproven(line: Line) -> str:
    """What a line lacks, or nothing."""
    if len(line.cells) != CELLS or not all(line.cells):
        return f"{line.id}: not six filled cells"
    if not line.tests:
        return f"{line.id}: no test"
    if not line.controls:
        return f"{line.id}: no control"
    unnamed = [name for _, name in line.controls if "control" not in name]
    return f"{line.id}: {unnamed} do not say that they are controls" if unnamed else ""


TEXT = PAGE.read_text(encoding="utf-8")
LINES = lines_of(TEXT)


def test_every_experiment_has_its_line_once() -> None:
    ids = [line.id for line in LINES]
    assert len(set(ids)) == len(ids)
    assert [row for row in ROWS if row not in ids] == []


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.id)
def test_a_line_has_what_makes_it_a_proof(line: Line) -> None:
    assert unproven(line) == ""


def test_every_test_that_is_named_exists() -> None:
    assert absent(TEXT) == []


def test_control_a_name_that_does_not_exist_and_a_line_without_control_are_found() -> None:
    here = "tests/architecture/test_proofs.py"
    assert absent(f"`{here}::test_nowhere` `{here}::absent` `tests/nowhere.py::x`") == [
        f"{here}::test_nowhere",
        "tests/nowhere.py::x",
    ]
    (bare,) = lines_of(f"| xS1 | a | `{here}::absent` | none | 1 | 1 |")
    assert unproven(bare) == "xS1: no control"
    (misnamed,) = lines_of(f"| xS1 | a | `{here}::absent` | `{here}::absent` | 1 | 1 |")
    assert "do not say" in unproven(misnamed)
    assert "six" in unproven(lines_of("| xS1 | a | b |")[0])
