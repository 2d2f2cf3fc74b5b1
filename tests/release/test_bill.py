"""The bill of materials says what the pinned list says, in a form that CycloneDX's own schema takes (rule Z1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version

import pytest
from scripts import sbom

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
LIST = (sbom.ROOT / "requirements.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text() -> str:
    return sbom.rendered(sbom.ROOT, MOMENT)


@pytest.fixture(scope="module")
def bill(text: str) -> dict:
    return json.loads(text)


def listed(bill: dict) -> dict[str, list[str]]:
    """`name==version` of each component, with its hashes."""
    return {
        f"{one['name']}=={one['version']}": sorted(
            each["content"] for place in one["externalReferences"] for each in place["hashes"]
        )
        for one in bill["components"]
    }


def pinned(text: str) -> dict[str, list[str]]:
    """The same of a pinned list, read in the plainest way."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        word = line.split()[0]
        if not line.startswith(" "):
            name = word
            found[name] = []
        else:
            found[name] = sorted([*found[name], word.removeprefix("--hash=sha256:")])
    return found


def test_the_bill_holds_every_pinned_package_with_all_its_hashes(bill):
    assert listed(bill) == pinned(LIST)
    assert len(bill["components"]) > 20


def test_control_a_list_with_one_more_package_is_told_from_the_bill(bill):
    assert listed(bill) != pinned(LIST + "surprise==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")


def test_every_package_of_the_bill_has_a_licence(bill):
    assert [one["name"] for one in bill["components"] if not one.get("licenses")] == []


def test_every_package_of_the_bill_is_there_because_something_needs_it(bill):
    whole = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    reached, waiting = set(), [bill["metadata"]["component"]["bom-ref"]]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += whole[reference]
    assert reached == set(whole)
    assert bill["metadata"]["component"]["version"] == version("locum")


def test_the_bill_is_the_same_each_time_and_names_no_place_to_fetch_from(text):
    assert sbom.rendered(sbom.ROOT, MOMENT) == text
    assert "://" not in text.replace("http://cyclonedx.org/schema/bom-1.6.schema.json", "")


def test_control_the_schema_refuses_a_bill_with_a_fault(text):
    assert sbom.faults(text) == ""
    assert sbom.faults(text.replace('"library"', '"bookshop"', 1)) != ""


@pytest.mark.parametrize("line", ["surprise", "surprise==1.0", "surprise>=1 \\\n    --hash=sha256:" + "0" * 64])
def test_a_list_that_is_not_pinned_by_hash_makes_no_bill(line):
    with pytest.raises(ValueError, match=r"surprise"):
        sbom.pins(line + "\n")
