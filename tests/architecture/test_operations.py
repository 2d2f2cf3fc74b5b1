"""Every declared operation takes what AWS's model gives it: nothing unknown, nothing silently left out.

Law: the signature is the declaration (`locum.call`), the model is AWS's (`locum.aws.shapes`); what differs is told in a
sentence.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import msgspec
import pytest

import locum.iam
import locum.organizations
import locum.sts
from locum.aws import shapes
from locum.call import OPERATIONS, Operation
from locum.server import operations

for _room in (locum.iam, locum.organizations, locum.sts):
    for _module in pkgutil.iter_modules(_room.__path__):
        importlib.import_module(f"{_room.__name__}.{_module.name}")


def misfits(operation: Operation) -> Iterator[str]:
    """What of an operation's signature differs from AWS's model."""
    try:
        shape = shapes.operation(operation.name).input
    except KeyError:
        yield f"`{operation.name}` is no operation of AWS"
        return
    members = set(shape.members) if shape else set()
    required = set(shape.required) if shape else set()
    taken = {field.encode_name: field.required for field in msgspec.structs.fields(operation.inputs)}
    for member in sorted(taken.keys() - members):
        yield f"`{operation.name}` takes `{member}`, which AWS does not have"
    for member in sorted(required & taken.keys()):
        if not taken[member]:
            yield f"`{operation.name}` has a default for `{member}`, which AWS requires"
    for member in sorted((members & taken.keys()) - required):
        if taken[member]:
            yield f"`{operation.name}` has no default for `{member}`, which AWS leaves optional"
    for member in sorted(members - taken.keys() - operation.later):
        yield f"`{operation.name}` neither takes `{member}` nor lists it in `later=`"
    for member in sorted(operation.later - members):
        yield f"`{operation.name}` lists `{member}` in `later=`, which AWS does not have"
    for member in sorted(operation.later & taken.keys()):
        yield f"`{operation.name}` takes `{member}` and lists it in `later=` too"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_takes_what_the_model_gives_it(name: str) -> None:
    assert list(misfits(OPERATIONS[name])) == []


def declared(name: str, fields: list[tuple[str, type] | tuple[str, type, object]], *later: str) -> Operation:
    inputs = msgspec.defstruct("Inputs", fields, kw_only=True)
    return Operation(
        name=name,
        function=lambda call, tx: None,
        inputs=inputs,
        writes=False,
        later=frozenset(later),
        asks=None,
        authorized=True,
        mfa=False,
    )


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (declared("iam:GetRobot", []), "`iam:GetRobot` is no operation of AWS"),
        (
            declared("iam:GetRole", [("RoleName", str), ("Colour", str)]),
            "`iam:GetRole` takes `Colour`, which AWS does not have",
        ),
        (
            declared("iam:GetRole", [("RoleName", str, "x")]),
            "`iam:GetRole` has a default for `RoleName`, which AWS requires",
        ),
        (
            declared("iam:GetUser", [("UserName", str)]),
            "`iam:GetUser` has no default for `UserName`, which AWS leaves optional",
        ),
        (declared("iam:GetRole", []), "`iam:GetRole` neither takes `RoleName` nor lists it in `later=`"),
        (
            declared("iam:GetRole", [("RoleName", str)], "Colour"),
            "`iam:GetRole` lists `Colour` in `later=`, which AWS does not have",
        ),
        (
            declared("iam:GetRole", [("RoleName", str)], "RoleName"),
            "`iam:GetRole` takes `RoleName` and lists it in `later=` too",
        ),
    ],
)
def test_a_signature_that_differs_is_told(operation: Operation, sentence: str) -> None:
    assert list(misfits(operation)) == [sentence]


def test_the_server_declares_every_operation_that_is_written() -> None:
    named = {module.__name__ for module in operations.MODULES}
    assert {operation.function.__module__ for operation in OPERATIONS.values()} - named == set()
