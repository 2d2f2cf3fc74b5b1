"""AWS's models as they are installed: read without importing botocore, and of the size that they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

from locum.aws import shapes
from locum.aws.faults import STATUS


@pytest.mark.parametrize("name", sorted(shapes.VERSIONS))
def test_every_service_can_be_read(name: str) -> None:
    model = shapes.service(name)
    assert model.api_version == shapes.VERSIONS[name]
    assert model.operations
    assert all(shape.service == name for shape in model.operations.values())


def test_reading_the_models_does_not_import_botocore() -> None:
    told = "import sys; from locum.aws import shapes; shapes.service('iam'); print('botocore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_operation_knows_its_inputs_errors_and_wrapper() -> None:
    assume_role = shapes.operation("sts:AssumeRole")
    assert assume_role.input is not None
    assert assume_role.input.required == ("RoleArn", "RoleSessionName")
    assert assume_role.errors["RegionDisabledException"] == 403
    assert assume_role.result_wrapper == "AssumeRoleResult"
    assert not assume_role.unsigned


def test_an_operation_without_input_or_output_has_none() -> None:
    assert shapes.operation("iam:GetAccountSummary").input is None
    assert shapes.operation("iam:DeleteUser").output is None


@pytest.mark.parametrize("name", ["iam:MakeUser", "iam", "iam:", "nothing:ListUsers"])
def test_an_unknown_operation_raises(name: str) -> None:
    with pytest.raises(KeyError):
        shapes.operation(name)


def test_every_error_of_a_model_has_a_status_that_refusals_know() -> None:
    from_models = {
        code: status
        for name in ("iam", "sts")
        for one in shapes.service(name).operations.values()
        for code, status in one.errors.items()
    }
    assert {code: STATUS.get(code) for code in from_models} == from_models


def test_no_query_service_has_a_flattened_or_recursive_input() -> None:
    """What `wire` leaves out, because there is none."""
    for name in ("iam", "sts"):
        model = shapes.service(name)
        assert not any(shape.flattened for shape in model.shapes.values())
        for one in model.operations.values():
            for root in (one.input, one.output):
                if root is not None:
                    assert depth(root, model.shapes, 0) < 12


def depth(shape: shapes.Shape, all_shapes: object, level: int) -> int:
    """How deep a shape goes; a recursive one fails by the limit of recursion."""
    inner = [*shape.members.values(), *(ref for ref in (shape.member, shape.key, shape.value) if ref)]
    return max((depth(all_shapes[ref.shape], all_shapes, level + 1) for ref in inner), default=level)  # type: ignore[index]
