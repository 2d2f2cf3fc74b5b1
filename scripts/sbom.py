"""Prints the software bill of materials of a Locum with what `requirements.txt` pins: CycloneDX 1.6, JSON.

Law: names, versions and hashes are those of the pinned list; licences and who needs whom are what the installed
metadata of those very versions say, and stay empty where nothing is installed. The same commit gives the same bytes on
every machine: the time is SOURCE_DATE_EPOCH's, the serial number follows from the content.
It lists what Locum runs with (rule Z1): not Python itself, nor what only builds or tests it.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"([a-z0-9._-]+)==([^ ;]+)(?: ; (.*?))?(?: \\)?", re.ASCII)
HASH = re.compile(r" +--hash=sha256:([0-9a-f]{64})(?: \\)?", re.ASCII)
LONGEST_LICENCE = 100  # characters; beyond it the field holds a licence's text and not its name


class Pinned:
    """One package of the list: its exact version, the SHA-256 of each of its files, and where it is needed."""

    def __init__(self, name: str, version: str, marker: str | None) -> None:
        self.name = name
        self.version = version
        self.marker = marker
        self.hashes: list[str] = []


def pins(text: str) -> dict[str, Pinned]:
    """The packages of a pinned list by name. A line of another kind is an error."""
    found: dict[str, Pinned] = {}
    last = None
    for line in text.splitlines():
        if pin := PIN.fullmatch(line):
            last = found[canonicalize_name(pin[1])] = Pinned(*pin.groups())
        elif last and (hashed := HASH.fullmatch(line)):
            last.hashes.append(hashed[1])
        else:
            raise ValueError(f"neither a pin nor a hash: `{line}`")
    if bare := [pin.name for pin in found.values() if not pin.hashes]:
        raise ValueError(f"without a hash: {bare}")
    return found


def said_of(pinned: Pinned) -> Mapping[str, list[str]]:
    """The installed metadata of that very version; empty where another or none is installed."""
    try:
        found = metadata(pinned.name)
    except PackageNotFoundError:
        return {}
    if found["Version"] != pinned.version:
        return {}
    names = ("License-Expression", "License", "Classifier", "Requires-Dist", "Summary")
    return {name: [str(each) for each in found.get_all(name) or ()] for name in names}


def licences(said: Mapping[str, list[str]]) -> list[License]:
    """The licence as the package's own metadata has it: its expression, SPDX's name, its classifiers."""
    named = [text for text in said.get("License", ()) if len(text) < LONGEST_LICENCE and "\n" not in text]
    declared = [LicenseFactory().make_from_string(text) for text in (*said.get("License-Expression", ()), *named)][:1]
    known = [one for one in declared if not isinstance(one, DisjunctiveLicense) or one.id]
    classifiers = [line.rpartition(" :: ")[2] for line in said.get("Classifier", ()) if line.startswith("License ::")]
    return known or [DisjunctiveLicense(name=name) for name in classifiers] or declared


def needs(said: Mapping[str, list[str]], names: Iterable[str]) -> list[str]:
    """The packages of the list that this one asks for, on whatever system, without its extras."""
    asked = [Requirement(line) for line in said.get("Requires-Dist", ())]
    plain = {canonicalize_name(one.name) for one in asked if "extra" not in str(one.marker or "")}
    return sorted(plain & set(names))


def component(pinned: Pinned, said: Mapping[str, list[str]]) -> Component:
    """One package as a component, each of its pinned files a distribution with its hash."""
    purl = PackageURL("pypi", name=canonicalize_name(pinned.name), version=pinned.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=pinned.name,
        version=pinned.version,
        description=(said.get("Summary") or [None])[0],
        purl=purl,
        bom_ref=str(purl),
        licenses=licences(said),
        properties=[Property(name="locum:where", value=pinned.marker)] if pinned.marker else [],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(str(purl)),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=value)],
            )
            for value in pinned.hashes
        ],
    )


def bill(project: Mapping[str, Any], pinned: Mapping[str, Pinned], moment: datetime) -> Bom:
    """The bill of one version of Locum: itself, what is pinned, and who needs whom."""
    purl = PackageURL("pypi", name=project["name"], version=project["version"])
    licence = LicenseFactory().make_from_string(project["license"])
    locum = Component(
        type=ComponentType.APPLICATION,
        name=project["name"],
        version=project["version"],
        description=project["description"],
        purl=purl,
        bom_ref=str(purl),
        licenses=[licence],
    )
    bom = Bom(metadata=BomMetaData(component=locum, timestamp=moment))
    said = {name: said_of(one) for name, one in pinned.items()}
    components = {name: component(one, said[name]) for name, one in pinned.items()}
    bom.components.update(components.values())
    direct = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    bom.register_dependency(locum, [components[name] for name in sorted(direct)])
    for name, one in components.items():
        bom.register_dependency(one, [components[other] for other in needs(said[name], pinned)])
    content = "\n".join([str(purl), *(f"{one.name}=={one.version} {one.hashes}" for one in pinned.values())])
    bom.serial_number = uuid5(NAMESPACE_URL, content)
    return bom


def faults(text: str) -> str:
    """What CycloneDX's own schema has against a bill; nothing where it is valid."""
    return str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) or "")


def rendered(root: Path, moment: datetime) -> str:
    """The bill of the checkout at `root`, held against the schema."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = pins((root / "requirements.txt").read_text(encoding="utf-8"))
    text = JsonV1Dot6(bill(project, pinned, moment)).output_as_string(indent=1) + "\n"
    if wrong := faults(text):
        raise ValueError(wrong)
    return text


if __name__ == "__main__":
    sys.stdout.write(rendered(ROOT, datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)))
