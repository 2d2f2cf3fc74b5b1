"""The rooms import only what docs/developing/map.md allows; the page is the contract and this file reads it.

Each rule is a function from one source to the lines that break it, and is tried on a planted source as well.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from tests.architecture.source import PACKAGE, ROOT, Source, sources

MAP = (ROOT / "docs" / "developing" / "map.md").read_text(encoding="utf-8")


def table(name: str) -> dict[str, tuple[str, ...]]:
    """The fenced block of that name in the map, as its lines `key: words`."""
    found = re.findall(rf"^```{name}\n(.*?)^```$", MAP, flags=re.M | re.S | re.ASCII)
    assert len(found) == 1, f"docs/developing/map.md has {len(found)} blocks named `{name}`, not one"
    lines = [line.partition(":") for line in found[0].splitlines() if line.strip()]
    return {key.strip(): tuple(words.split()) for key, _, words in lines}


ARROWS = table("arrows")
PURE = table("pure")


def forbidden_arrows(source: Source) -> list[str]:
    """Imports of rooms that the source's room may not know."""
    allowed = ARROWS.get(source.room, ())
    if allowed == ("any",):
        return []
    targets = [(each, each.module.split(".")) for each in source.imports if each.top == "locum"]
    return [
        f"{source.path}:{each.line}: `{source.room}` may not import `{each.module}`"
        for each, parts in targets
        if len(parts) > 1 and parts[1] in ARROWS and parts[1] not in (source.room, *allowed)
    ]


def impurities(source: Source) -> list[str]:
    """Imports of clock, chance, disk or net in a pure room."""
    if source.room not in PURE["rooms"]:
        return []
    return [
        f"{source.path}:{each.line}: the pure room `{source.room}` may not import `{each.top}`"
        for each in source.imports
        if each.top in PURE["without"]
    ]


def hidden_imports(source: Source) -> list[str]:
    """Imports inside a function (except in cli) and relative imports."""
    return [
        f"{source.path}:{each.line}: `{each.module}` is imported relatively or inside a function"
        for each in source.imports
        if each.level or (each.inside_function and source.room != "cli")
    ]


def strays_to_botocore(source: Source) -> list[str]:
    """Imports of botocore outside the one file that reads AWS's models, and demo and explain, whose client it is."""
    if source.path in ("aws/shapes.py", "cli/gather.py", "cli/stage.py", "cli/story.py"):
        return []
    return [f"{source.path}:{each.line}: imports `{each.module}`" for each in source.imports if each.top == "botocore"]


RULES = (forbidden_arrows, impurities, hidden_imports, strays_to_botocore)

PLANTED = [
    (forbidden_arrows, "policy/planted.py", "from locum.store import tx\n"),
    (forbidden_arrows, "iam/planted.py", "import locum.wire.query\n"),
    (forbidden_arrows, "wire/planted.py", "from locum import server\n"),
    (forbidden_arrows, "store/planted.py", "def late():\n    from locum.iam import roles\n"),
    (impurities, "policy/planted.py", "import time\n"),
    (impurities, "sigv4/planted.py", "from os import environ\n"),
    (impurities, "http.py", "import os.path\n"),
    (hidden_imports, "iam/planted.py", "def late():\n    import json\n"),
    (hidden_imports, "iam/planted.py", "from . import roles\n"),
    (hidden_imports, "iam/planted.py", "class Role:\n    def late(self):\n        if self:\n            import json\n"),
    (strays_to_botocore, "wire/planted.py", "from botocore.loaders import Loader\n"),
    (strays_to_botocore, "cli/planted.py", "def late():\n    import botocore\n"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_file_breaks(rule):
    assert [line for source in sources() for line in rule(source)] == []


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=lambda value: getattr(value, "__name__", None))
def test_a_planted_line_is_found_by(rule, path, text):
    assert len(rule(Source(path, text))) == 1


def test_an_arrow_of_the_map_is_no_finding():
    assert (
        forbidden_arrows(Source("iam/planted.py", "from locum.store.tx import Tx\nfrom locum.aws import ids\n")) == []
    )


def test_every_room_is_on_the_map_and_every_room_of_the_map_exists():
    rooms = {source.room for source in sources()}
    assert rooms == set(ARROWS)


def test_arrows_point_only_to_rooms_of_earlier_lines():
    order = list(ARROWS)
    upwards = [
        f"{room} -> {target}"
        for room, targets in ARROWS.items()
        for target in targets
        if target != "any" and (target not in order or order.index(target) >= order.index(room))
    ]
    assert upwards == []


def test_the_pure_rooms_know_only_pure_rooms():
    assert {target for room in PURE["rooms"] for target in ARROWS[room]} <= set(PURE["rooms"])


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """One cycle of the graph, as its nodes in order; empty where there is none."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if found := walk(target, [*path, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := walk(node, []))), [])


def module_graph() -> dict[str, set[str]]:
    """Which module of the package imports which, by name."""
    names = {source.module for source in sources()}
    graph: dict[str, set[str]] = {}
    for source in sources():
        targets = {each.module for each in source.imports if not each.inside_function}
        reached = {target if target in names else target.rpartition(".")[0] for target in targets}
        graph[source.module] = (reached & names) - {source.module}
    return graph


def test_no_modules_import_each_other_in_a_circle():
    assert cycle(module_graph()) == []


def test_a_planted_circle_is_found():
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_the_room_of_facts_imports_nothing_by_itself():
    tree = Source("aws/__init__.py", (PACKAGE / "aws" / "__init__.py").read_text(encoding="utf-8"))
    assert [each.module for each in tree.imports if each.top != "__future__"] == []


def test_the_policy_language_can_be_used_without_a_server_or_a_database():
    script = "import json, sys, locum.policy; print(json.dumps(sorted(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in json.loads(printed.stdout)}
    assert loaded & {"botocore", "sqlalchemy", "sqlite3", "uvicorn", "asyncio", "socket"} == set()
    assert "locum" in loaded
