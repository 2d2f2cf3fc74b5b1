"""Running an ASGI application with uvicorn, the way Locum needs it.

Law: httptools is pinned (rule S41); `Date` and `Server` are not uvicorn's (decisions 6); no access log, because the
audit is ours. The socket is bound before anything is announced, so that the announced address answers. SIGTERM and
SIGINT end it cleanly: no new connection is taken, what is under way is answered, and then `answer` returns.
"""

from __future__ import annotations

import gc
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from locum.server.limits import SERVING, Limits, room_for
from locum.server.safe import tls_context
from locum.server.timeouts import Connections, loop, protocol

LOG = logging.getLogger("locum.server")
STOP_SECONDS = 10

#: seconds for which a thread that writes may keep the loop's thread waiting (rule D7); Python's own are ten times that
SWITCH_SECONDS = 0.0005

#: how many objects come to stay before the collector looks for what refers only to itself. Calls leave nothing of that
#: kind behind (tests/floods/test_left_behind.py), and a look goes through all that new connections hold: in a flood of
#: them 25 ms, in which nobody is answered
COLLECTED = (50_000, 10, 10)


def leave_when_told() -> None:
    """Lets SIGTERM and SIGINT unwind this process, with status 0, until there is a server that they can stop."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(0)

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, leave)


class Bound(msgspec.Struct, frozen=True):
    """A listening socket and the address to tell people."""

    socket: socket.socket
    url: str


def bind(host: str, port: int, *, tls: bool = False) -> Bound:
    """Listens on host and port (0 picks a free one). Raises OSError when it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # an IPv4 peer never wears an IPv6 address (P7)
    try:
        bound.bind((host, port))
        bound.listen(2048)
    except OSError:
        bound.close()
        raise
    shown = f"[{host}]" if ":" in host else host
    return Bound(bound, f"{'https' if tls else 'http'}://{shown}:{bound.getsockname()[1]}")


def answer(
    app: Any,
    bound: Bound,
    *,
    tls: ssl.SSLContext | None = None,
    renew: Callable[[], object] | None = None,
    stop_seconds: int = STOP_SECONDS,
    limits: Limits = SERVING,
) -> None:
    """Answers on a bound socket until SIGINT or SIGTERM. SIGHUP calls `renew` where there is one, and else ends it."""
    room = room_for(limits.connections)
    if room < limits.connections:
        LOG.warning("the system lets this process hold %d connections instead of %d", room, limits.connections)
    config = uvicorn.Config(
        app,
        http=protocol(limits, Connections(room)),  # type: ignore[arg-type]  # it is called and nothing else
        loop=loop(limits),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=stop_seconds,
        proxy_headers=False,
        ssl_context_factory=None if tls is None else lambda *_: tls,
    )
    server = uvicorn.Server(config)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, server.handle_exit)  # uvicorn raises them again at its end; they must not end us then
    signal.signal(signal.SIGHUP, server.handle_exit if renew is None else lambda *_: renew())
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.set_threshold(*COLLECTED)
    gc.freeze()  # the models and the code are here to stay: going through them takes 35 ms, in which nobody is answered
    server.run(sockets=[bound.socket])


def serve(app: Any, *, host: str, port: int, listening: Callable[[str], None], limits: Limits = SERVING) -> None:
    """Binds, announces and answers, in this process. Raises OSError when it cannot bind."""
    bound = bind(host, port)
    listening(bound.url)
    answer(app, bound, limits=limits)


def reloading(context: ssl.SSLContext, certificate: Path, key: Path) -> Callable[[], None]:
    """Reads the certificate again, for connections to come. What cannot be used leaves the old one in place."""

    def reload() -> None:
        try:
            tls_context(certificate, key)  # the live one would be left with half of what does not go together
            context.load_cert_chain(certificate, key)
        except (OSError, ValueError) as error:
            LOG.error("the certificate `%s` was not taken, the old one stays: %s", certificate, error)

    return reload


class OnlyProxies:
    """An application that only the configured proxies reach: without TLS of ours, everybody else would speak in clear
    past them (rule E3)."""

    def __init__(self, app: Any, allowed: Callable[[str], bool]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not self._allowed((scope.get("client") or ("",))[0]):
            await send({"type": "http.response.start", "status": 403, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b"only the configured proxies may connect here\n"})
            return
        await self._app(scope, receive, send)
