"""The comparison is able to fail: engines with one rule wrong are found, and what they get wrong is made small."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.differential.compare import compared
from tests.differential.coverage import Cell, cells, layer_cells, operator_cells, table
from tests.differential.generate import written
from tests.differential.shrink import shrunk
from tests.differential.vocabulary import CALLERS
from tests.plain import decide
from tests.plain_cases import expanded

AT_MOST = 10_000  # groups
Rewrite = Callable[[dict[str, Any]], dict[str, Any]]


def without(field: str) -> Rewrite:
    return lambda scenario: {key: value for key, value in scenario.items() if key != field}


def replacing(old: str, new: str) -> Rewrite:
    """The scenario as an engine sees it that takes one word of the language for another."""
    return lambda scenario: json.loads(json.dumps(scenario).replace(old, new))


WRONG_ENGINES: dict[str, Rewrite] = {
    "forgets session policies": without("session"),
    "forgets boundaries": without("boundary"),
    "forgets SCPs": without("scps"),
    "forgets RCPs": without("rcps"),
    "forgets endpoint policies": without("endpoint"),
    "takes trust for a resource policy": replacing(
        '"resource_policy_kind": "trust"', '"resource_policy_kind": "resource"'
    ),
    "takes a key policy for a resource policy": replacing(
        '"resource_policy_kind": "key"', '"resource_policy_kind": "resource"'
    ),
    "has one negated operator flipped": replacing('"StringNotLike', '"StringLike'),
    "takes NotAction for Action": replacing('"NotAction"', '"Action"'),
    "takes NotResource for Resource": replacing('"NotResource"', '"Resource"'),
    "takes NotPrincipal for Principal": replacing('"NotPrincipal"', '"Principal"'),
    "takes ForAnyValue for ForAllValues": replacing('"ForAnyValue:', '"ForAllValues:'),
    "overlooks IfExists": replacing('IfExists"', '"'),
    "has variables in every version": replacing("2008-10-17", "2012-10-17"),
    "has variables in no version": replacing("2012-10-17", "2008-10-17"),
    "ignores the case of values": replacing('"StringEquals"', '"StringEqualsIgnoreCase"'),
    "takes StringEquals for StringLike": replacing('"StringEquals"', '"StringLike"'),
    "counts numbers with their equals": replacing('"NumericLessThan"', '"NumericLessThanEquals"'),
    "counts dates with their equals": replacing('"DateGreaterThan"', '"DateGreaterThanEquals"'),
    "takes an empty set for a present key": lambda scenario: {
        **scenario,
        "context": {key: [""] if value == [] else value for key, value in scenario["context"].items()},
    },
}


@pytest.mark.parametrize("mistake", WRONG_ENGINES)
def test_an_engine_with_one_rule_wrong_is_found(mistake: str) -> None:
    def wrong(scenario: dict[str, Any]) -> str:
        (canonical,) = expanded([scenario])
        verdict, kinds = decide(WRONG_ENGINES[mistake](canonical))
        return f"{verdict} by {' '.join(sorted(kinds))}"

    found = next(filter(None, (compared([group], wrong).disagreements for group in range(AT_MOST))), [])
    assert found
    assert min(len(json.dumps(one.scenario)) for one in found) < 700


def test_shrinking_leaves_nothing_that_can_be_left_out() -> None:
    scenario = {"keep": [1, {"also": 2, "not": 3}], "drop": {"a": [4]}}
    assert shrunk(scenario, lambda one: "keep" in one and "2" in json.dumps(one["keep"])) == {"keep": {"also": 2}}


def test_a_seed_gives_the_same_scenarios_for_ever() -> None:
    assert [written(seed) for seed in range(50)] == [written(seed) for seed in range(50)]


@pytest.fixture(scope="module")
def seen() -> Counter[Cell]:
    return cells(range(8_000), requests=2)


def test_every_operator_meets_every_form_and_every_presence(seen: Counter[Cell]) -> None:
    """Security xP3: operators x {missing, single, multi} x {plain, IfExists, ForAllValues, ForAnyValue}, and Null."""
    assert [cell for cell in operator_cells() if not seen[cell]] == []


def test_every_combination_of_layers_comes_up_in_both_accounts(seen: Counter[Cell]) -> None:
    assert [cell for cell in layer_cells() if not seen[cell]] == []


def test_an_empty_cell_is_seen_and_shown() -> None:
    few = cells(range(20))
    assert [cell for cell in (*operator_cells(), *layer_cells()) if not few[cell]]
    assert "EMPTY" in table(few)


def test_every_layer_meets_every_kind_of_caller_in_both_accounts() -> None:
    layers = ("identity", "boundary", "session", "scps", "rcps", "endpoint", "resource_policy")
    seen: set[tuple[str, str, bool]] = set()
    for group in range(4_000):
        for scenario in expanded(written(group)[:1]):
            who = scenario["principal"]
            same = who["account"] == scenario["resource"][0]["account"]
            seen |= {(who["type"], layer, same) for layer in layers if layer in scenario}
    limited = {"User": {"session"}, "Root": {"identity", "boundary", "session"}}
    for kind in ("User", "RoleSession", "FederatedUser", "Root"):
        for layer in set(layers) - limited.get(kind, set()):
            assert {(kind, layer, True), (kind, layer, False)} <= seen
    for kind in ("Anonymous", "Service", "Federated"):
        for layer in ("rcps", "endpoint", "resource_policy"):
            assert (kind, layer, False) in seen
    assert len({str(caller[1]) for caller in CALLERS}) == len(CALLERS)
