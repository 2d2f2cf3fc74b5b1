"""What AWS's operations take and give: the service models, as frozen values.

Law: the only file that reads botocore, and it reads its model files alone: never a session, a client or a loader, so
that the first look at a service costs a few milliseconds (`importlib` finds the package without importing it). Nothing
is added to the models here and nothing corrected; documentation is skipped while decoding. Shapes refer to one another
by name, because some services have recursive ones: follow a `Ref` through `Service.shapes`.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import msgspec

# Service -> version of its model (wire.md 1). A service that is not here cannot be asked for.
VERSIONS = {
    "accessanalyzer": "2019-11-01",
    "iam": "2010-05-08",
    "identitystore": "2020-06-15",
    "organizations": "2016-11-28",
    "rolesanywhere": "2018-05-10",
    "sso": "2019-06-10",
    "sso-admin": "2020-07-20",
    "sso-oidc": "2019-06-10",
    "sts": "2011-06-15",
}


class Ref(msgspec.Struct, frozen=True, rename="camel"):
    """A use of a shape by name; `location` is where REST-JSON carries it, `location_name` what it is called there."""

    shape: str
    location: str | None = None
    location_name: str | None = None


class Error(msgspec.Struct, frozen=True, rename="camel"):
    """How an exception shape travels: `code` is None where the shape's own name is the code."""

    code: str | None = None
    http_status_code: int = 400
    sender_fault: bool = False


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """One shape of a model with its constraints. `min` and `max` bound a length or a value, by `type`."""

    type: str
    members: dict[str, Ref] = {}
    required: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    member: Ref | None = None
    key: Ref | None = None
    value: Ref | None = None
    flattened: bool = False
    union: bool = False
    sensitive: bool = False
    exception: bool = False
    error: Error | None = None
    timestamp_format: str | None = None


class OperationShape(msgspec.Struct, frozen=True, eq=False):
    """One operation: what it takes, what it gives and how it may fail.

    `input` and `output` are None where the model has none. `errors` maps the wire's code to the status. `unsigned` is
    true for the calls that AWS takes without a signature (rule S11). Equal only to itself, so that it can be a key.
    """

    service: str
    name: str
    api_version: str
    namespace: str
    shapes: Mapping[str, Shape]
    input: Shape | None
    output: Shape | None
    result_wrapper: str | None
    errors: Mapping[str, int]
    unsigned: bool
    method: str
    path: str

    @property
    def action(self) -> str:
        """The name with its service, as policies and our registry write it: `iam:CreateRole`."""
        return f"{self.service}:{self.name}"


class Service(msgspec.Struct, frozen=True, eq=False):
    """One service's model. `signing_name` is the service name of its credential scope (rule S15)."""

    name: str
    signing_name: str
    api_version: str
    protocol: str
    target_prefix: str | None
    namespace: str
    operations: Mapping[str, OperationShape]
    shapes: Mapping[str, Shape]


def service(name: str) -> Service:
    """The model of the service called `name`, read at the first call. Raises KeyError for a name not in `VERSIONS`."""
    return _service(name)


def operation(action: str) -> OperationShape:
    """The operation that `action` (`iam:CreateRole`) names. Raises KeyError when AWS's model has none."""
    owner, _, name = action.partition(":")
    return _service(owner).operations[name]


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    endpoint_prefix: str
    protocol: str
    signing_name: str | None = None
    target_prefix: str | None = None
    xml_namespace: str = ""


class _Http(msgspec.Struct, frozen=True, rename="camel"):
    method: str = "POST"
    request_uri: str = "/"


class _Output(msgspec.Struct, frozen=True, rename="camel"):
    shape: str
    result_wrapper: str | None = None


class _Operation(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    http: _Http = _Http()
    input: Ref | None = None
    output: _Output | None = None
    errors: tuple[Ref, ...] = ()
    authtype: str | None = None


class _Model(msgspec.Struct, frozen=True):
    metadata: _Metadata
    operations: dict[str, _Operation]
    shapes: dict[str, Shape]


@functools.cache
def _service(name: str) -> Service:
    version = VERSIONS[name]
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore is not installed: AWS's models are read from it")
    file = Path(spec.origin).parent / "data" / name / version / "service-2.json.gz"
    model = msgspec.json.decode(zlib.decompress(file.read_bytes(), wbits=31), type=_Model)
    metadata = model.metadata
    return Service(
        name=name,
        signing_name=metadata.signing_name or metadata.endpoint_prefix,
        api_version=metadata.api_version,
        protocol=metadata.protocol,
        target_prefix=metadata.target_prefix,
        namespace=metadata.xml_namespace,
        operations={key: _operation(name, metadata, one, model.shapes) for key, one in model.operations.items()},
        shapes=model.shapes,
    )


def _operation(name: str, metadata: _Metadata, operation: _Operation, shapes: Mapping[str, Shape]) -> OperationShape:
    return OperationShape(
        service=name,
        name=operation.name,
        api_version=metadata.api_version,
        namespace=metadata.xml_namespace,
        shapes=shapes,
        input=shapes[operation.input.shape] if operation.input else None,
        output=shapes[operation.output.shape] if operation.output else None,
        result_wrapper=operation.output.result_wrapper if operation.output else None,
        errors=dict(_error(ref.shape, shapes[ref.shape]) for ref in operation.errors),
        unsigned=operation.authtype == "none",
        method=operation.http.method,
        path=operation.http.request_uri,
    )


def _error(name: str, shape: Shape) -> tuple[str, int]:
    """The code and status of an exception shape; 400 where the model gives no status (wire.md 4)."""
    error = shape.error or Error()
    return error.code or name, error.http_status_code
