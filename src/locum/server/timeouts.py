"""How long a client may take, how much it may send unread, and how many connections may be open (rule D2).

Law: a head comes within `head_seconds`, a body at `body_rate`, and a connection without a request ends after
`idle_seconds`; what arrives without being part of a request does not count. A head that grows too large, a body that
goes on after its answer and a message with more framing than body are cut off here, where they would fill memory before
the application sees them (rule D1). Trailers are dropped: nothing may join the headers after they were checked (rule
S42). Each connection looks at itself now and then, so that a request costs no timer.

When too many connections are open, one goes that has not proved anything; an answer under way is never cut off.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from asyncio.events import TimerHandle
from collections import deque
from collections.abc import Callable
from typing import Any

import uvloop

from locum.server.caps import LARGEST
from locum.server.limits import SERVING, Limits
from locum.server.protocol import OneWrite

#: octets of a request line and headers; what may be among them is said by the front, once it sees them
LARGEST_HEAD = 64 * 1024
#: octets of a body with its framing, read or not; more would be framing alone
LARGEST_MESSAGE = 4 * LARGEST
#: seconds until a body must have come at its rate, and for which the rest of an unread one is awaited
PATIENCE, REST_SECONDS = 5, 2
#: a connection looks at itself so often in the time that a head may take
LOOKS = 4
#: requests that may wait behind the one that is answered, on a connection that proved nothing yet and on one that did;
#: no client of AWS sends a second one before its answer
MOST_WAITING, MOST_WAITING_PROVEN = 2, 64

TOO_LARGE = "The request's head is too large."

# What clients send wrong is in the trail and among the metrics: a line of log for each would be a flood of its own.
_QUIET = logging.getLogger("uvicorn.error.requests")
_QUIET.setLevel(logging.ERROR)


class Connections:
    """The open connections of one process, oldest first: those that proved nothing yet, and those on which a verified
    request was answered. `cut` counts by reason what was ended."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.fresh: dict[Timed, None] = {}
        self.proven: dict[Timed, None] = {}
        self.cut = {"slow": 0, "idle": 0, "large": 0, "crowded": 0}

    def __len__(self) -> int:
        return len(self.fresh) + len(self.proven)

    def enter(self, connection: Timed) -> bool:
        """Takes a new one, in place of another if need be; False when all are at work."""
        if len(self) >= self.most and not self._make_room():
            self.cut["crowded"] += 1
            return False
        self.fresh[connection] = None
        return True

    def prove(self, connection: Timed) -> None:
        """A verified request came over this one."""
        if connection in self.fresh:
            del self.fresh[connection]
            self.proven[connection] = None

    def leave(self, connection: Timed) -> None:
        """This one is gone. May be said twice."""
        self.fresh.pop(connection, None)
        self.proven.pop(connection, None)

    def _make_room(self) -> bool:
        for some in (self.fresh, self.proven):
            for connection in some:
                if not connection.answering:
                    connection.end("crowded")
                    return True
        return False


class _TooManyError(Exception):
    """Too many requests wait on one connection; it has ended."""


class Timed(OneWrite):
    """uvicorn's protocol with limits."""

    def __init__(
        self, *arguments: Any, limits: Limits = SERVING, open: Connections | None = None, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.logger = _QUIET
        self._limits = limits
        self._open = Connections(limits.connections) if open is None else open
        self._timer: TimerHandle | None = None
        self._head = True  # the head of a request is awaited or incomplete
        self._body = False  # the body of a request is incomplete
        self._since = 0.0  # when that began
        self._octets = 0  # what came since, framing included
        self._told: dict[str, dict[object, object]] = {
            "locum.connection": {"prove": self._prove, "give_way": self._give_way}
        }
        self._gives_way = False  # what is under way is no real answer
        self._came = 0  # what came of the body
        self._unwritten = self._stalls = 0  # octets of answers at the last look, and for how many looks they were that

    # -- what the loop tells -------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begins a connection, or refuses it."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if not self._open.enter(self):
            transport.abort()
            return
        self._timer = self.loop.call_later(self._limits.head_seconds / LOOKS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends a connection."""
        self._open.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)
        # What refers to itself waits for the collector, and a flood of connections makes that a pause for everybody.
        self._told.clear()
        self.pipeline.clear()
        self.cycle = None  # type: ignore[assignment]  # an answer under way has its own

    def data_received(self, data: bytes) -> None:
        """Takes what has come, as long as it is not too much."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if not (self._head or self._body):
            return
        self._octets += len(data)
        if self._body:
            if self._octets > LARGEST_MESSAGE:
                self.end("large")
        elif self._octets > LARGEST_HEAD and not self.transport.is_closing():
            self._open.cut["large"] += 1
            self.send_400_response(TOO_LARGE)

    # -- what the parser tells -----------------------------------------------------------------------------------------
    def on_message_begin(self) -> None:
        """The first octet of a request. Raises to stop the parser, once too many wait."""
        waiting = len(self.pipeline)
        if waiting >= MOST_WAITING and (waiting >= MOST_WAITING_PROVEN or self in self._open.fresh):
            self.end("large")
            raise _TooManyError
        super().on_message_begin()
        self._head, self._since, self._octets = True, self.loop.time(), 0
        self._gives_way = False
        self.scope["extensions"] = self._told

    def on_headers_complete(self) -> None:
        """The head is complete; what is told of headers from now on are trailers."""
        self._head, self._body, self._since = False, True, self.loop.time()
        self._octets = self._came = 0
        super().on_headers_complete()
        self.headers = deque(maxlen=0)  # type: ignore[assignment]  # the scope keeps the list

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._came += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The body is complete."""
        self._body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Says what was wrong, where there is still somebody to be told."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    # -- what the application tells ------------------------------------------------------------------------------------
    def on_response_complete(self) -> None:
        """The answer was given, perhaps to a body that nobody wanted."""
        if not self._head:
            self._since = self.loop.time()
        cycle = self.cycle  # the newest; a pipelined one is not answered yet
        unasked = self._body and cycle.response_complete and self.expect_100_continue and not self._came
        super().on_response_complete()
        if unasked:  # the client waits to be asked for the body, and what it sends next could be taken for it
            self.transport.close()

    def _prove(self) -> None:
        """A signature was verified in what came over this connection."""
        self._open.prove(self)

    def _give_way(self, may: bool) -> None:
        """Whether what is under way may be cut off for somebody else."""
        self._gives_way = may

    # -- what we see ourselves -----------------------------------------------------------------------------------------
    @property
    def answering(self) -> bool:
        """Whether a complete request is waiting for a real answer."""
        cycle = self.cycle
        return cycle is not None and not (cycle.response_complete or cycle.more_body or self._gives_way)

    def end(self, reason: str) -> None:
        """Cuts the connection off."""
        self._open.cut[reason] += 1
        self._open.leave(self)
        self.transport.abort()

    def overdue(self, now: float) -> str | None:
        """Why this connection has to end at this moment of the loop's time, or None."""
        waited, limits = now - self._since, self._limits
        if self.answering or self.flow.read_paused:
            return None
        if self._head:
            return "slow" if waited >= limits.head_seconds else None
        if not self._body:
            return "idle" if waited >= limits.idle_seconds else None
        if self.cycle.response_complete:
            return "slow" if waited >= REST_SECONDS else None
        return "slow" if waited >= PATIENCE and self._came < waited * limits.body_rate else None

    def _look(self) -> None:
        """Looks whether it is time to end, and else when to look again."""
        closing = self.transport.is_closing()
        reason = (None if closing else self.overdue(self.loop.time())) or self._stalled()
        if reason is not None:
            self.end(reason)
            return
        self._timer = self.loop.call_later(self._limits.head_seconds / LOOKS, self._look)

    def _stalled(self) -> str | None:
        """Whether of an answer nothing was taken for as long as a head may take: who asks has to listen."""
        unwritten = self.transport.get_write_buffer_size()
        self._stalls = self._stalls + 1 if unwritten and unwritten == self._unwritten else 0
        self._unwritten = unwritten
        return "slow" if self._stalls >= LOOKS else None


def protocol(limits: Limits, open: Connections) -> Callable[..., Timed]:
    """What uvicorn makes for each connection."""

    def make(*arguments: Any, **named: Any) -> Timed:
        return Timed(*arguments, limits=limits, open=open, **named)

    return make


class Loop(uvloop.Loop):
    """uvloop with a shorter patience for TLS handshakes: before their end there is no protocol that could look."""

    handshake_seconds = SERVING.head_seconds

    async def create_server(self, *arguments: Any, **named: Any) -> Any:
        """As uvloop does it."""
        if isinstance(named.get("ssl"), ssl.SSLContext):
            named.setdefault("ssl_handshake_timeout", self.handshake_seconds)
        return await super().create_server(*arguments, **named)


def loop(limits: Limits) -> Callable[[], Loop]:
    """What uvicorn makes for a process: a loop that gives a TLS handshake as long as a head."""

    def make() -> Loop:
        made = Loop()
        made.handshake_seconds = limits.head_seconds
        return made

    return make
