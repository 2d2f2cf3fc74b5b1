"""Which operation a request asks for.

Law: this runs before the signature is verified, so it reads method, path, the target header, or else `Version` and
`Action`, and nothing else (rule S3, decisions 2); no other parameter is even decoded. The target's prefix names the
service, or `Version` does. The credential scope is unverified
here: it only says whose error the client expects; that the scope's service is the operation's signing name is for
`access.authenticate` to require.
"""

from __future__ import annotations

import re

import msgspec

from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.aws.shapes import OperationShape
from locum.http import Request
from locum.wire import form, protocols

# Services of the query protocol, by the version that their calls name.
QUERY = {shapes.VERSIONS[name]: name for name in ("iam", "sts")}

TARGET = "x-amz-target"

# More parameters than this no call of AWS's models has; they are counted before anybody is known (rule D1).
MOST_PAIRS = 10_000
_LENGTHS = (len(b"Action"), len(b"Version"))

# What AWS calls the version of a call that names none (seen in InvalidAction sentences of its query services).
NO_VERSION = "NO_VERSION_SPECIFIED"

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)


class Routed(msgspec.Struct, frozen=True):
    """The operation that a request asks for, before anybody has proved who asks."""

    service: str
    name: str
    shape: OperationShape

    @property
    def action(self) -> str:
        """The name with its service: `iam:CreateRole`."""
        return self.shape.action


def route(request: Request, carrier_service: str | None = None) -> Routed:
    """The operation of a call. `carrier_service` is the unverified service of the credential scope, or None.

    Raises Refusal, with the fact `service` for the renderer: InvalidRequest for a method, InvalidAction for a path, an
    action or a version that AWS does not have, MissingAction, MalformedInput for an action or a version given twice.
    Checks no signature, no input.
    """
    owner = carrier_service if carrier_service in QUERY.values() else None
    if owner is None:
        target = request.header(TARGET)
        if target or carrier_service in protocols.SERVICES:
            return _targeted(request, target, carrier_service)
    if request.method not in ("GET", "POST"):
        raise Refusal(
            "InvalidRequest", f"`{request.method}` is not a method of a query call: GET or POST", service=owner
        )
    if request.path not in ("/", ""):
        raise Refusal("InvalidAction", "every query call goes to the path `/`", service=owner)
    found = _read(request, owner)
    action, version = found.get(b"Action"), found.get(b"Version", NO_VERSION)
    if not action:
        raise Refusal("MissingAction", "The request is missing an action or a required parameter.", service=owner)
    service = QUERY.get(version)
    shape = shapes.service(service).operations.get(action) if service else None
    if service is None or shape is None:
        raise Refusal(
            "InvalidAction",
            f"Could not find operation {_shown(action)} for version {_shown(version)}",
            service=service or owner,
        )
    return Routed(service=service, name=action, shape=shape)


def _targeted(request: Request, target: str, owner: str | None) -> Routed:
    """The operation that the target header names. Raises Refusal: InvalidRequest, InvalidAction."""
    prefix, _, name = target.partition(".")
    service = protocols.JSON.get(prefix)
    owner = service or (owner if owner in protocols.SERVICES else None)
    if request.method != "POST" or request.path not in ("/", "") or request.query:
        raise Refusal("InvalidRequest", "a call of the JSON protocol is a POST to the path `/`", service=owner)
    shape = shapes.service(service).operations.get(name) if service else None
    if service is None or shape is None:
        raise Refusal("InvalidAction", f"Could not find the operation of the target {_shown(target)}", service=owner)
    return Routed(service=service, name=name, shape=shape)


def _read(request: Request, owner: str | None) -> dict[bytes, str]:
    """`Action` and `Version`, from the query and the body. A name that is escaped counts as what it says."""
    found: dict[bytes, str] = {}
    for raw in (request.query.encode("ascii", "replace"), request.body):
        if raw.count(b"&") >= MOST_PAIRS:
            raise Refusal("MalformedInput", f"the request has more than {MOST_PAIRS} parameters", service=owner)
        for pair in raw.split(b"&"):
            name, _, value = pair.partition(b"=")
            if b"%" in name and len(name) - 2 * name.count(b"%") in _LENGTHS:  # decoding is work for strangers (D1)
                name = _plain(name)
            if name == b"Action" or name == b"Version":
                if name in found:
                    raise Refusal("MalformedInput", f"`{name.decode()}` is given twice", service=owner)
                found[name] = _plain(value).decode("ascii", "replace")
    return found


def _plain(text: bytes) -> bytes:
    """The text behind escapes; what cannot be decoded names nothing, and is refused when the inputs are read."""
    try:
        return form.decode(text).encode()
    except ValueError:
        return text


def _shown(word: str) -> str:
    """A name of the request inside our sentence: as it is when it is a plain word, else what can be said of it."""
    return word if _WORD.fullmatch(word) else repr(word[:128].encode("ascii", "replace").decode())
