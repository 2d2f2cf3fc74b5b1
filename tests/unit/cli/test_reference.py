"""The page of operations says of each whether it is performed."""

from __future__ import annotations

from locum.aws import shapes
from locum.call import OPERATIONS
from locum.cli import reference


def test_every_operation_of_the_models_has_a_line() -> None:
    sections = reference.page(OPERATIONS).split("\n## ")[1:]
    for (service, title), section in zip(reference.SERVICES.items(), sections, strict=True):
        assert section.startswith(f"{title} (")
        lines = section.splitlines()
        for name in shapes.service(service).operations:
            assert sum(line.startswith(f"| `{name}` |") for line in lines) == 1


def test_what_is_declared_is_performed_and_the_rest_is_to_come() -> None:
    lines = {line.split("`")[1]: line for line in reference.page(OPERATIONS).splitlines() if line.startswith("| `")}
    assert "| performed |" in lines["GetCallerIdentity"]
    nothing = {line.split("`")[1]: line for line in reference.page({}).splitlines() if line.startswith("| `")}
    assert "| to come |" in nothing["GetCallerIdentity"]


def test_the_count_is_of_what_is_declared() -> None:
    declared = sum(name.startswith("iam:") for name in OPERATIONS)
    assert f"{declared} of 180 performed." in reference.page(OPERATIONS)
