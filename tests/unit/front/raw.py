"""A real uvicorn with httptools on loopback, and raw bytes sent to it.

The application answers 200 and what it understood, or the refusal of the front; `bare` leaves the front out, to see
that the table of raw requests would find it missing.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from locum.aws.faults import Refusal
from locum.server import front
from locum.server.protocol import OneWrite

CAP = 1024


async def fronted(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers what passed the front, as JSON."""
    try:
        if refusal := front.check(scope):
            raise refusal
        body = await front.read_body(receive, CAP, front.declared_length(scope))
        request = front.request_of(scope, body)
        status, text = 200, json.dumps([request.method, request.path, request.query, request.headers])
    except Refusal as refusal:
        status, text = refusal.status, refusal.code
    await answered(send, status, text)


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers everything."""
    await answered(send, 200, json.dumps([scope["method"], scope["raw_path"].decode("latin-1")]))


async def answered(send: Any, status: int, text: str) -> None:
    headers = [(b"connection", b"close"), (b"content-length", b"%d" % len(text.encode()))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


@contextmanager
def served(application: Any) -> Iterator[tuple[str, int]]:
    """The address at which the application answers, for as long as the block lasts."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            application, http=OneWrite, lifespan="off", log_level="critical", server_header=False, date_header=False
        )
    )
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listening]),))
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join()


def status_of(address: tuple[str, int], raw: bytes) -> tuple[int, str]:
    """The status and body of the answer to these bytes; 0 when the connection was closed without one."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        return 0, ""
    digits = head[9:12].decode("ascii")
    return int(digits), body.decode("latin-1")
