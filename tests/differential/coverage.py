"""`python -m tests.differential.coverage`: what the random scenarios hold, counted cell by cell.

Law: it counts what the generator writes and judges nothing else. Two kinds of cells: an operator in a form (plain,
IfExists, a set operator, both) before a key that is missing, has one value or several; and which layers a caller has
beside its identity policies, in the account of the resource or in another. Exit status 1 when a cell is empty.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any, TypeAlias

from tests.differential.generate import REQUESTS, written
from tests.differential.vocabulary import FAMILIES
from tests.plain_cases import expanded

FORMS = ("{}", "{}IfExists", "ForAllValues:{}", "ForAllValues:{}IfExists", "ForAnyValue:{}", "ForAnyValue:{}IfExists")
PRESENCES = ("missing", "single", "multi")
LAYERS = ("boundary", "session", "scps", "rcps", "endpoint", "resource_policy")
ACCOUNTS = ("own account", "other account")
# Callers with policies of their own, and the layers that they cannot have.
USERS, SESSIONS = "users", "role sessions, federated users"
CALLERS: dict[str, frozenset[str]] = {USERS: frozenset({"session"}), SESSIONS: frozenset()}
KINDS = {"User": USERS, "RoleSession": SESSIONS, "FederatedUser": SESSIONS}
Cell: TypeAlias = tuple[str, ...]


def operator_cells() -> list[Cell]:
    """(operator in its form, presence of the key), all that there can be."""
    names = dict.fromkeys(name for family in FAMILIES for name in family.operators)
    return [(form.format(name), one) for name in names for form in FORMS for one in PRESENCES] + [
        ("Null", one) for one in PRESENCES
    ]


def layer_cells() -> list[Cell]:
    """(caller, account, layers …), all that there can be."""
    return [
        (caller, account, *layers)
        for caller, without in CALLERS.items()
        for account in ACCOUNTS
        for layers in _subsets([layer for layer in LAYERS if layer not in without])
    ]


def cells(groups: Iterable[int], requests: int = REQUESTS) -> Counter[Cell]:
    """How often each cell comes up in these groups."""
    seen: Counter[Cell] = Counter()
    for group in groups:
        for scenario in expanded(written(group, requests)):
            held = {key.lower(): value for key, value in scenario["context"].items()}
            seen.update((operator, _presence(held.get(key.lower()))) for operator, key in conditions(scenario))
            who = scenario["principal"]
            own = who["account"] == scenario["resource"][0]["account"]
            seen[KINDS.get(who["type"], ""), ACCOUNTS[not own], *(layer for layer in LAYERS if layer in scenario)] += 1
    return seen


def conditions(value: Any) -> Iterator[tuple[str, str]]:
    """The (operator, key) pairs of all conditions anywhere in a scenario."""
    if isinstance(value, list):
        for member in value:
            yield from conditions(member)
    if not isinstance(value, dict):
        return
    yield from ((operator, key) for operator, keys in value.get("Condition", {}).items() for key in keys)
    for key, member in value.items():
        if key != "Condition":
            yield from conditions(member)


def table(seen: Counter[Cell]) -> str:
    """The counts, for people: operators down, forms and presences across; then combinations of layers."""
    short = [form.replace("{}", "").replace("Values:", ":") or "plain" for form in FORMS]
    lines = [
        "operators: times that a key was missing / single / multi",
        f"{'':26}" + "".join(f"{one:>21}" for one in short),
    ]
    for name in dict.fromkeys(cell[0].rpartition(":")[2].removesuffix("IfExists") for cell in operator_cells()):
        forms = FORMS if name != "Null" else FORMS[:1]
        lines.append(f"{name:26}" + "".join(f"{_counts(seen, form.format(name)):>21}" for form in forms))
    lines += ["", "layers beside identity policies: scenarios in the own / another account"]
    lines.append(f"{'':54}" + "".join(f"{caller:>33}" for caller in CALLERS))
    for layers in _subsets(LAYERS):
        counts = [
            " / ".join(_count(seen[caller, account, *layers]) for account in ACCOUNTS)
            if not without.intersection(layers)
            else ""
            for caller, without in CALLERS.items()
        ]
        lines.append(f"{' '.join(layers) or 'none':54}" + "".join(f"{one:>33}" for one in counts).rstrip())
    return "\n".join(lines)


def _presence(value: Any) -> str:
    if not value and value != "":
        return "missing"
    return "single" if isinstance(value, str) else "multi"


def _subsets(layers: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for taken in product((False, True), repeat=len(layers)):
        yield tuple(layer for layer, one in zip(layers, taken, strict=True) if one)


def _counts(seen: Counter[Cell], operator: str) -> str:
    return " / ".join(_count(seen[operator, one]) for one in PRESENCES)


def _count(number: int) -> str:
    return str(number) if number else "EMPTY"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.coverage")
    parser.add_argument("--count", type=int, default=20_000, help="scenarios")
    asked = parser.parse_args()
    seen = cells(range(-(-asked.count // REQUESTS)))
    sys.stdout.write(table(seen) + "\n")
    empty = sum(not seen[cell] for cell in (*operator_cells(), *layer_cells()))
    sys.stdout.write(f"\n{empty} of {len(operator_cells()) + len(layer_cells())} cells are empty\n")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
