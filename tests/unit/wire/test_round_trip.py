"""What botocore writes, `read` understands; what `render` writes, botocore understands. For every operation of both
services, with inputs and outputs drawn at random; a failure prints the seed that replays it."""

from __future__ import annotations

import os
import urllib.parse
from random import Random
from typing import Any

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import pytest
from tests.unit.wire import values

from locum.aws import shapes
from locum.aws.faults import STATUS, Refusal
from locum.aws.shapes import OperationShape
from locum.http import Request
from locum.wire import fault
from locum.wire.query import read, render
from locum.wire.route import route

SEED = int(os.environ.get("LOCUM_SEED", "20261124"))
OPERATIONS = [one for name in ("iam", "sts") for one in shapes.service(name).operations.values()]
TIMES = 12

_LOADER = botocore.loaders.Loader()
_MODELS = {name: botocore.model.ServiceModel(_LOADER.load_service_model(name, "service-2")) for name in ("iam", "sts")}
_SERIALIZER = botocore.serialize.create_serializer("query", include_validation=True)
_PARSER = botocore.parsers.create_parser("query")


def model(operation: OperationShape) -> Any:
    return _MODELS[operation.service].operation_model(operation.name)


def written_by_botocore(operation: OperationShape, inputs: dict[str, Any], *, get: bool = False) -> Request:
    made = _SERIALIZER.serialize_to_request(inputs, model(operation))
    # As botocore's client sends it: the prepared body of a requests-like library, form-encoded.
    form = urllib.parse.urlencode(made["body"], doseq=True)
    headers = tuple((name.lower(), text) for name, text in made["headers"].items())
    if get:
        return Request("GET", "/", form.replace("+", "%20"), ())
    return Request("POST", "/", "", headers, form.encode())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.action)
def test_read_gives_back_what_botocore_wrote(operation: OperationShape) -> None:
    for turn in range(TIMES):
        random = Random(f"{SEED} {operation.action} {turn}")
        inputs = values.value(operation.input, operation, random, sparse=turn / TIMES) if operation.input else {}
        request = written_by_botocore(operation, inputs, get=turn % 3 == 2)
        routed = route(request)
        assert routed.action == operation.action
        assert read(request, routed.shape) == inputs, f"LOCUM_SEED={SEED}, turn {turn}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.action)
def test_botocore_gives_back_what_render_wrote(operation: OperationShape) -> None:
    for turn in range(TIMES):
        random = Random(f"{SEED} {operation.action} {turn}")
        result = values.value(operation.output, operation, random, sparse=turn / TIMES) if operation.output else None
        body = render(operation, result, "00000000-0000-4000-8000-000000000000")
        answer = {"body": body, "headers": {}, "status_code": 200}
        parsed = _PARSER.parse(answer, model(operation).output_shape)
        metadata = parsed.pop("ResponseMetadata")
        assert metadata["RequestId"] == "00000000-0000-4000-8000-000000000000"
        assert without_absent(parsed) == without_absent(result or {}), f"LOCUM_SEED={SEED}, turn {turn}"


def without_absent(held: Any) -> Any:
    """botocore's parser drops an empty structure's members; it keeps empty lists. Compared without empty structures."""
    if isinstance(held, dict):
        inner = {name: without_absent(one) for name, one in held.items()}
        return {name: one for name, one in inner.items() if one != {}}
    if isinstance(held, list):
        return [without_absent(one) for one in held]
    return held


@pytest.mark.parametrize("code", sorted(STATUS))
def test_botocore_reads_code_and_sentence_of_an_error(code: str) -> None:
    sentence = 'a <sentence> with "quotes", & a blank at the end '
    body = fault.render(Refusal(code, sentence), "iam", "the-id")
    parsed = _PARSER.parse({"body": body, "headers": {}, "status_code": STATUS[code]}, None)
    assert parsed["Error"]["Code"] == code
    assert parsed["Error"]["Message"] == sentence
    assert parsed["Error"]["Type"] == ("Receiver" if STATUS[code] >= 500 else "Sender")
    assert parsed["ResponseMetadata"]["RequestId"] == "the-id"
    assert set(parsed["Error"]) == {"Code", "Message", "Type"}
