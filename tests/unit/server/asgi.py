"""The whole application asked as uvicorn asks it, without a socket."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Sequence
from typing import Any

from tests.served import ServedHouse

from locum.http import Request, Response
from locum.server.app import App

LOOPBACK = ("127.0.0.1", 50000)


def application(served: ServedHouse, **how: Any) -> App:
    """The server over this house."""
    return App(served.house, served.own, **how)


def scope_of(request: Request, *, client: Any = LOOPBACK, server: Any = ("127.0.0.1", 4566)) -> dict[str, Any]:
    """What uvicorn makes of a request."""
    return {
        "type": "http",
        "method": request.method,
        "path": urllib.parse.unquote(request.path),
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
        "client": client,
        "server": server,
        "scheme": "http",
    }


def respond(app: App, scope: dict[str, Any], parts: Sequence[bytes]) -> Response:
    """The answer to one request whose body comes in these parts."""
    return asyncio.run(call(app, scope, parts))


async def call(app: App, scope: dict[str, Any], parts: Sequence[bytes]) -> Response:
    """The same in a loop that runs already."""
    sent: list[Any] = []
    coming = [
        {"type": "http.request", "body": part, "more_body": at + 1 < len(parts)} for at, part in enumerate(parts)
    ] or [{"type": "http.disconnect"}]

    async def receive() -> Any:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, body = sent
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Response(start["status"], headers, body["body"])


def asked(app: App, request: Request, **ends: Any) -> Response:
    """The answer to one request."""
    return respond(app, scope_of(request, **ends), [request.body])
