"""Running an ASGI application with uvicorn, the way Locum needs it.

Law: httptools is pinned (rule S41); `Date` and `Server` are not uvicorn's (decisions 6); no access log, because the
audit is ours. The socket is bound before anything is announced, so that the announced address answers.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from locum.server.app import App


def serve(app: App, *, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Serves on host and port (0 picks a free one) until SIGINT or SIGTERM. Raises OSError when it cannot bind."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    bound.listen(2048)
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=10,
        proxy_headers=False,
    )
    listening(f"http://{shown}:{bound.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[bound])
