"""What Locum answers of its own below `/_locum/`: health and metrics, and in `dev` its own switches, reasons and audit.

Law: state-changing paths exist in `dev` only and ask for a literal loopback Host, no Origin header and a JSON content
type (decisions 9), so that no page in a browser can reach them. Metrics are shown to this machine alone. Everything
else is 404.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from locum.audit.trail import MemoryTrail
from locum.http import Request, Response
from locum.iam.outbound_federation import discovery, key_set
from locum.policy.explain import explain
from locum.server.gauges import gauges
from locum.server.house import House
from locum.server.metrics import CONTENT_TYPE
from locum.store.engine import SqlStore

LOG = logging.getLogger("locum.server")
PREFIX = "/_locum/"

_ISSUER = re.compile(r"oidc/([0-9a-f]{32})/\.well-known/(openid-configuration|jwks\.json)", re.ASCII)

# A Host header that is an address or `localhost`, as a whole: nothing may stand behind it.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15})|(localhost))(?::[0-9]{1,5})?", re.ASCII)


class OwnError(Exception):
    """A request below `/_locum/` that is refused: status and sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Dev(Protocol):
    """What `dev` can do that `serve` cannot."""

    def reset(self, body: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def clock(self, body: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def accounts(self, body: Mapping[str, Any]) -> Mapping[str, Any]: ...


class Own:
    """The routes below `/_locum/`."""

    def __init__(self, house: House, dev: Dev | None = None) -> None:
        self._house = house
        self._changes: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = (
            {} if dev is None else {"reset": dev.reset, "clock": dev.clock, "accounts": dev.accounts}
        )
        self._dev = dev is not None

    def answers(self, request: Request) -> bool:
        """Whether the request is for one of our own paths."""
        return request.path.startswith(PREFIX)

    def answer(self, request: Request) -> Response:
        """The answer, as JSON. Never raises."""
        try:
            name = request.path.removeprefix(PREFIX)
            if name == "metrics" and request.method in ("GET", "HEAD"):
                return self._metrics(request)
            if name == "health" and request.method in ("GET", "HEAD"):
                return self._health()
            if name.startswith("oidc/") and request.method in ("GET", "HEAD"):
                return _json(200, self._issuer(request, name))
            return _json(200, self._route(request, name))
        except OwnError as error:
            return _json(error.status, {"error": error.message})
        except Exception:
            LOG.exception("%s failed", request.path)
            return _json(500, {"error": "this failed because of a fault of the server; its log says more"})

    def _route(self, request: Request, name: str) -> Mapping[str, Any]:
        if name in self._changes:
            _require_local(request)
            return self._changes[name](_body(request))
        if self._dev and name.startswith("denials/") and request.method == "GET":
            _require_loopback(request)
            return self._explained(name.removeprefix("denials/"))
        trail = self._house.trail
        if self._dev and name == "audit" and request.method == "GET" and isinstance(trail, MemoryTrail):
            _require_loopback(request)
            return {"records": [msgspec.Raw(record) for record in trail.records()]}
        raise OwnError(404, f"there is nothing at `{request.path}`")

    def _health(self) -> Response:
        """503 once the store is known to be damaged: it is read and not written, and a backup is to be restored."""
        store = self._house.store
        damaged = isinstance(store, SqlStore) and store.faults
        return _json(503, {"status": "damaged"}) if damaged else _json(200, {"status": "ok"})

    def _issuer(self, request: Request, name: str) -> Mapping[str, Any]:
        """The discovery document or the key set of an account's issuer, for everybody who has a token to verify."""
        found = _ISSUER.fullmatch(name)
        answers = discovery if found and found[2] == "openid-configuration" else key_set
        document = self._house.store.read(lambda tx: answers(tx, found[1])) if found else None
        if document is None:
            raise OwnError(404, f"there is nothing at `{request.path}`")
        return document

    def _metrics(self, request: Request) -> Response:
        """The counters of this process, for a peer on this machine."""
        _require_loopback(request)
        if not _is_loopback(request.peer):
            raise OwnError(403, f"`{request.path}` answers this machine alone")
        page = self._house.metrics.render(gauges(self._house))
        return Response(200, (("Content-Type", CONTENT_TYPE),), page)

    def _explained(self, request_id: str) -> Mapping[str, Any]:
        denials = self._house.denials
        denial = denials.latest() if request_id == "latest" else denials.find(request_id)
        if denial is None:
            raise OwnError(404, f"no refusal is remembered under `{request_id}`")
        explanation = explain(denial.question)
        return {
            "request_id": denial.request_id,
            "message": denial.sentence,
            "text": explanation.text,
            **explanation.to_dict(),
        }


def _require_local(request: Request) -> None:
    """Refuses what a page in a browser could send (decisions 9)."""
    if request.method != "POST":
        raise OwnError(405, f"`{request.path}` takes POST")
    _require_loopback(request)
    if request.values("origin"):
        raise OwnError(403, f"`{request.path}` takes no request of a browser's page (there is an Origin header)")
    if request.header("content-type").partition(";")[0].strip().lower() != "application/json":
        raise OwnError(415, f"`{request.path}` takes Content-Type: application/json")


def _require_loopback(request: Request) -> None:
    """Refuses a Host that a rebound name could have brought here."""
    host = request.header("host")
    found = _HOST.fullmatch(host)
    address = found and (found[1] or found[2])
    if not (_is_loopback(address) if address else found is not None):
        raise OwnError(403, f"`{request.path}` takes a loopback Host, not `{host}`")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _body(request: Request) -> Mapping[str, Any]:
    if not request.body:
        return {}
    try:
        return msgspec.json.decode(request.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OwnError(400, "the body is not a JSON object") from error


def _json(status: int, value: Mapping[str, Any]) -> Response:
    return Response(status, (("Content-Type", "application/json"),), msgspec.json.encode(value))
