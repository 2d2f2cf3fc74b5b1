"""The source tree as the architecture tests see it: files, their syntax trees, what they import.

Law: reads, judges nothing; every test here works on a `Source`, so that a planted one can stand for a real one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "locum"


class Import:
    """One import statement's target: which module, on which line, inside a function or not."""

    def __init__(self, module: str, *, line: int, level: int, inside_function: bool) -> None:
        self.module = module
        self.line = line
        self.level = level
        self.inside_function = inside_function

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.split(".", 1)[0]


class Source:
    """One file of the package: its path below `src/locum` (with forward slashes) and its text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    def __repr__(self) -> str:
        return f"Source({self.path})"

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @property
    def room(self) -> str:
        """The room that the file belongs to: the first folder, or the file itself."""
        return self.path.split("/", 1)[0].removesuffix(".py")

    @property
    def module(self) -> str:
        """The dotted name that Python imports the file by."""
        return "locum." + self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import of the file. `from locum.aws import ids` counts as `locum.aws.ids`."""
        return tuple(_imports(self.tree, inside_function=False))


def _imports(node: ast.AST, *, inside_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, line=child.lineno, level=0, inside_function=inside_function)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                module = f"{child.module}.{alias.name}" if child.module else alias.name
                yield Import(module, line=child.lineno, level=child.level, inside_function=inside_function)
        deeper = inside_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _imports(child, inside_function=deeper)


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the package except its own `__init__`."""
    files = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
    return tuple(Source(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")) for path in files)
