"""`python -m tests.mutation [FILE …]`: do the fast tests notice when the engine is wrong?

Law: one small change at a time, in a scratch copy of the sources, never in the checkout; a change counts as noticed
when the unit tests and cases of the engine fail or do not end. Prints what nobody noticed; exit status 1 when less than
nine in ten were. docs/developing/mutation.md explains those that remain.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FILES = ("decide.py", "conditions.py", "match.py")
UNITS = ("cases", "engine", "recall", "principals", "instants", "trust", "sentence", "grammar", "format", "explain")
TESTS = (*(f"tests/unit/policy/test_{name}.py" for name in UNITS), "tests/properties/test_globs.py")
PATIENCE = 60  # seconds of CPU until a changed engine counts as one that does not end, whatever else the machine does
ENOUGH = 0.9

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


class Mutant(NamedTuple):
    """A changed file: where the change is, and what it did."""

    file: str
    line: int
    change: str
    source: str


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Every mutant of this source."""
    tree = ast.parse(source)
    places = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
    skipped = {id(inner) for node in places for inner in _not_code(node)}
    for at, node in enumerate(places):
        if id(node) in skipped:
            continue
        for number, (change, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            twin = [one for one in ast.walk(changed) if not isinstance(one, ast.expr_context)][at]
            _put(changed, twin, list(_changes(twin))[number][1])
            line = getattr(node, "lineno", 0)
            yield Mutant(file, line, change, ast.unparse(ast.fix_missing_locations(changed)))


def _not_code(node: ast.AST) -> Iterator[ast.AST]:
    """What means nothing when it runs: annotations, types that are given a name, texts that stand alone."""
    parts: list[ast.AST | None] = []
    if isinstance(node, ast.arg | ast.AnnAssign):
        parts.append(node.annotation)
        if isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
            parts.append(node.value)
    if isinstance(node, ast.FunctionDef):
        parts.append(node.returns)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        parts.append(node.value)
    for part in parts:
        if part is not None:
            yield from ast.walk(part)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may stand in a node's place, and how to say it."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            other = copy.deepcopy(node)
            other.ops[place] = _swapped(op)
            yield f"`{ast.unparse(node)}` became `{ast.unparse(other)}`", other
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _SWAPPED:
        swapped = copy.deepcopy(node)
        swapped.op = _swapped(node.op)
        yield f"`{ast.unparse(node)}` became `{ast.unparse(swapped)}`", swapped
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"`{ast.unparse(node)}` lost its not", node.operand
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        negated = copy.deepcopy(node)
        negated.test = ast.UnaryOp(ast.Not(), node.test)
        yield f"`if {ast.unparse(node.test)}` was turned round", negated
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int):
        value = (not node.value) if isinstance(node.value, bool) else node.value + 1
        yield f"`{node.value}` became `{value}`", ast.Constant(value)
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield f"`{ast.unparse(node)}` became `return None`", ast.Return(ast.Constant(None))


def _swapped(op: ast.AST) -> ast.AST:
    return _SWAPPED[type(op)]()


def _put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(one is old for one in value):
                value[:] = [new if one is old else one for one in value]


def noticed(mutant: Mutant | None, scratch: Path) -> bool:
    """Whether the tests fail with this change in the sources at `scratch`; None is no change."""
    place = scratch / "locum" / "policy" / mutant.file if mutant is not None else None
    original = place.read_text() if place is not None else ""
    if place is not None and mutant is not None:
        place.write_text(mutant.source)
    limited = ("sh", "-c", f'ulimit -t {PATIENCE}; exec "$@"', "sh")
    command = [*limited, sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cov", *TESTS]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(scratch), str(ROOT)))}
    try:
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    finally:
        if place is not None:
            place.write_text(original)
    return ended.returncode != 0


def main() -> int:
    """Tries every mutant and reports."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("file", nargs="*", default=FILES, help="files of locum.policy [default: the deciding ones]")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=1, help="try one in so many")
    asked = parser.parse_args()
    found = [
        one for file in asked.file for one in mutants(file, (ROOT / "src" / "locum" / "policy" / file).read_text())
    ][:: asked.every]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(asked.processes) as pool:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(asked.processes):
            scratch = Path(folder) / str(number)
            shutil.copytree(ROOT / "src", scratch, ignore=shutil.ignore_patterns("__pycache__"))
            free.put(scratch)

        def tried(mutant: Mutant | None) -> bool:
            scratch = free.get()
            try:
                return noticed(mutant, scratch)
            finally:
                free.put(scratch)

        if tried(None):
            sys.exit("the tests fail without any change; tests that pass would be right")
        results = list(zip(found, pool.map(tried, found), strict=True))
    survivors = [mutant for mutant, killed in results if not killed]
    for mutant in survivors:
        print(f"{mutant.file}:{mutant.line}: {mutant.change}")
    for file in asked.file:
        of_file = [killed for mutant, killed in results if mutant.file == file]
        print(f"{file}: {sum(of_file)} of {len(of_file)} changes noticed")
    share = 1 - len(survivors) / max(1, len(results))
    print(f"{share:.1%} of {len(results)} changes noticed")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
