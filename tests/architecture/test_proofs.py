"""The page of proofs names tests that exist, and has a line for every experiment.

Law: reads `docs/developing/proofs.md`, the syntax trees of the tests it names, and what `make fuzz` sets; runs none of
them. A line without a test, its control or a figure is no proof. A control is a test whose name says so.
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
MAKEFILE = ROOT / "Makefile"
#: the experiments that must have a line
ROWS = [
    *(f"xS{number}" for number in range(1, 14)),
    *(f"xT{number}" for number in (1, 2, 3, 5, 6, 7, 8, 9)),
    *(f"xK{number}" for number in range(1, 7)),
    *(f"xE{number}" for number in range(1, 4)),
    *(f"xA{number}" for number in range(1, 3)),
    *(f"xR{number}" for number in (1, 2, 3, 11, 13)),
    *(f"xD{number}" for number in (1, 2, 3, 4, 5, 7, 8, 9)),
    *(f"xF{number}" for number in range(1, 8)),
    *(f"xZ{number}" for number in range(1, 4)),
]
#: how a line names the variable of its full count
VARIABLE = re.compile(r"(?<!more )by `(LOCUM_\w+)`", re.ASCII)
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
    def variables(self) -> list[str]:
        return VARIABLE.findall(self.cells[4])

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
    if unnamed:
        return f"{line.id}: {unnamed} do not say that they are controls"
    return "" if re.search(r"[0-9]", line.cells[5], re.ASCII) else f"{line.id}: no figure"


def without_a_line(lines: list[Line]) -> list[str]:
    """The experiments that must have a line and have none."""
    return [row for row in ROWS if row not in {line.id for line in lines}]


def uncounted(lines: list[Line], makefile: str) -> list[str]:
    """The variables of full counts that `make fuzz` does not set."""
    made = set(re.findall(r"^fuzz: export (\w+) \?=", makefile, flags=re.MULTILINE | re.ASCII))
    return [variable for line in lines for variable in line.variables if variable not in made]


TEXT = PAGE.read_text(encoding="utf-8")
LINES = lines_of(TEXT)


def test_every_experiment_has_its_line_once() -> None:
    ids = [line.id for line in LINES]
    assert len(set(ids)) == len(ids)
    assert without_a_line(LINES) == []


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.id)
def test_a_line_has_what_makes_it_a_proof(line: Line) -> None:
    assert unproven(line) == ""


def test_every_test_that_is_named_exists() -> None:
    assert absent(TEXT) == []


def test_every_full_count_is_set_by_make_fuzz() -> None:
    assert uncounted(LINES, MAKEFILE.read_text(encoding="utf-8")) == []


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


def test_control_a_missing_line_figure_and_count_are_found() -> None:
    shorter = "".join(line for line in TEXT.splitlines(keepends=True) if not line.startswith("| xK4 "))
    assert without_a_line(lines_of(shorter)) == ["xK4"]
    here = "tests/architecture/test_proofs.py"
    control = f"`{here}::test_control_a_missing_line_figure_and_count_are_found`"
    (unmeasured,) = lines_of(f"| xS1 | a | `{here}::absent` | {control} | 1; 9 by `LOCUM_NOWHERE` | soon |")
    assert unproven(unmeasured) == "xS1: no figure"
    assert uncounted([unmeasured], "fuzz: export LOCUM_FUZZ ?= 1\n") == ["LOCUM_NOWHERE"]
