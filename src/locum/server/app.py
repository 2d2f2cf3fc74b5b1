"""The ASGI application: front checks, the body up to its cap, then the spine; `/_locum/` beside it.

Law: the only file of the server that knows ASGI. What only reads runs on the event loop, because the store answers it
from memory; what writes waits for its durable commit in a thread, in its account's turn (rule D7), so that commits can
be shared (rule R2). Who has failed too often is told so, slowly, and not read (rule D5). Nobody blocks the loop while a
record is written: answers that need one durable wait for its batch together. `Date` is ours (rule S36), and in `dev`
every answer says so (rule E6).
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import format_datetime
from time import perf_counter
from typing import Any

from locum.audit.trail import Batch
from locum.aws.faults import Refusal
from locum.call import Awaited
from locum.http import Request, Response
from locum.server import front
from locum.server.answer import Answered, MustWait, admit, attempt, refused
from locum.server.buckets import source, throttled
from locum.server.caps import LARGEST
from locum.server.house import House
from locum.server.lane import Lane, Later
from locum.server.own import PREFIX, Own
from locum.server.recorded import turned_away
from locum.server.turns import Turns
from locum.sigv4 import claimed_key_id

_OWN = PREFIX.encode()

#: who has this turn need not wait for one
_ANY = 0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# How many requests of one account may wait for a commit at once: the size of one group (rule R2). Beside them there are
# places for others.
WRITERS, OTHERS = 64, 16

# How long a source that has failed too often waits to be told so, in seconds: a flood over its connections dies down.
PAUSE = 1.0


class App:
    """One server as an ASGI application. `own` answers what is below `/_locum/`. With `loopback_only` a request whose
    socket does not lead from loopback to loopback is refused, however the server was bound (rule E5)."""

    def __init__(
        self,
        house: House,
        own: Own,
        *,
        proxies: tuple[str, ...] = (),
        loopback_only: bool = False,
        pause: float = PAUSE,
    ) -> None:
        self._loopback_only = loopback_only
        self._house = house
        self._own = own
        self._proxies = proxies
        self._lane = Lane()
        self._later = Later(pause)
        self._threads = ThreadPoolExecutor(WRITERS + OTHERS, thread_name_prefix="write")
        self._turns = Turns(self._threads, WRITERS + OTHERS, WRITERS)
        self._awaited: dict[Batch, list[asyncio.Future[None]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            response = await self._respond(scope, receive)
            body = b"" if scope["method"] == "HEAD" else response.body
            await send({"type": "http.response.start", "status": response.status, "headers": self._dressed(response)})
            await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        request_id = _uuid4(self._house.mint.octets(16))
        began = perf_counter()
        request: Request | None = None
        try:
            if self._loopback_only and not _is_local(scope):
                raise Refusal("AccessDenied", "this server answers on loopback only")
            turn = await self._heard(scope) if self._house.rates.sources.bounded else _ANY
            if turn is None:
                return await self._held_off(scope, request_id)
            if refusal := front.check(scope):
                raise refusal
            body = await front.read_body(receive, LARGEST, front.declared_length(scope))
            if turn is not _ANY and not self._lane.lasts(turn):  # the body was late, and the turn is over
                await self._in_turn(scope)
            request = front.request_of(scope, body, self._proxies)
            if self._own.answers(request):
                return await self._turns.run("", self._own.answer, request)
            admitted = admit(request, shortest_key_id=self._house.verification.shortest_key_id)
        except Refusal as refusal:
            answered = self._turned_away(refusal, request, scope, request_id)
        else:
            try:
                answered = attempt(admitted, self._house, request_id, may_wait=False)
            except Awaited as awaited:
                fetching = await self._fetched(awaited.issuer)
                if turn is not _ANY:  # many may have waited for the same keys
                    await self._in_turn(scope)
                answered = attempt(admitted, self._house, request_id, may_wait=False, fetching=fetching)
            except MustWait as must:
                answered = await self._turns.run(must.account, attempt, admitted, self._house, request_id, again=True)
        self._charge(scope, answered)
        if answered.batch is not None and not answered.batch.done:
            await self._stands(answered.batch)
        answered = answered.settled()
        self._house.metrics.answered(answered.operation, answered.outcome, perf_counter() - began)
        return answered.response

    async def _fetched(self, issuer: str) -> Refusal | bool:
        """Has an issuer's keys fetched in a thread of their own, as `attempt` is told of it. Nobody holds a thread
        meanwhile."""
        try:
            await asyncio.shield(asyncio.wrap_future(self._house.issuers.fetch(issuer)))
        except Refusal as refusal:
            return refusal
        return True

    def _turned_away(self, refusal: Refusal, request: Request | None, scope: Scope, request_id: str) -> Answered:
        """The refusal of what is no call of a known operation; its record need not be waited for."""
        service = _service(refusal)
        at = self._house.clocks.moment().wire_now
        peer = request.peer if request is not None else str((scope.get("client") or ("",))[0])
        record = turned_away(request, request_id, refusal, at=at, source_ip=peer, service=service or "")
        self._house.trail.add(record, durable=False)
        return Answered(refused(refusal, service, request_id), "", refusal.code, service or "", request_id)

    def _charge(self, scope: Scope, answered: Answered) -> None:
        """Notes who has proved to hold a key, and where nothing was proved. What succeeds without a key brought a proof
        of another kind."""
        rates, access_key_id = self._house.rates, answered.access_key_id
        if (connection := _connection(scope)) is not None:
            connection["known"] = bool(access_key_id)
            if access_key_id:
                connection["prove"]()
        if rates.sources.bounded:
            peer = front.peer_of(scope, self._proxies)
            if access_key_id:
                rates.proved(peer, access_key_id)
            elif answered.response.status >= 400:
                rates.failed(peer)

    async def _heard(self, scope: Scope) -> int | None:
        """Lets who is known go on at once, and others in their turn, whose number is answered: at its end, None for who
        comes from where too many have failed. Known is a connection whose last request was verified, where it is one
        client's, and who names a key that was verified from this address before."""
        connection, rates = _connection(scope), self._house.rates
        if connection is not None and connection.get("known") and not self._proxies:
            return _ANY
        peer = front.peer_of(scope, self._proxies)
        if rates.known(peer, claimed_key_id(scope["headers"])):
            return _ANY
        turn = await self._in_turn(scope)
        return None if rates.exhausted(peer) and not scope["raw_path"].startswith(_OWN) else turn

    async def _in_turn(self, scope: Scope) -> int:
        """Waits for a turn of the lane, and meanwhile gives way to others where connections are few."""
        connection = _connection(scope)
        if connection is not None:
            connection["give_way"](True)
        turn = await self._lane.turn(source(front.peer_of(scope, self._proxies)))
        if connection:  # it is empty when the client has left
            connection["give_way"](False)
        return turn

    async def _held_off(self, scope: Scope, request_id: str) -> Response:
        """What is said after a while to who has failed too often. It is counted, and of each there is no record: the
        trail holds the failures that led here, and a flood shall not fill a disk."""
        began = perf_counter()
        if (connection := _connection(scope)) is not None:
            connection["give_way"](True)
        await self._later.turn()
        refusal = throttled()
        self._house.metrics.answered("", refusal.code, perf_counter() - began)
        return refused(refusal, None, request_id)

    async def _stands(self, batch: Batch) -> None:
        """Returns when a batch of records is done. It is asked for when this turn of the loop has added what it will,
        and one call from the trail's thread wakes all that wait for it."""
        loop = asyncio.get_running_loop()
        waiting = self._awaited.get(batch)
        if waiting is None:
            waiting = self._awaited[batch] = []
            batch.then(lambda: loop.call_soon_threadsafe(self._wake, batch))
            loop.call_soon(batch.hurry)
        future: asyncio.Future[None] = loop.create_future()
        waiting.append(future)
        await future

    def _wake(self, batch: Batch) -> None:
        for future in self._awaited.pop(batch, ()):
            if not future.done():
                future.set_result(None)

    def _dressed(self, response: Response) -> list[tuple[bytes, bytes]]:
        """The headers of the answer, with those that every answer carries."""
        headers = [(b"date", _date(int(self._house.clocks.real().timestamp())))]
        headers += [(_name(name), value.encode("latin-1")) for name, value in response.headers]
        if self._house.place.dev:
            headers.append((b"x-locum-mode", b"dev"))
        headers.append((b"content-length", b"%d" % len(response.body)))
        return headers

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self._threads.shutdown()
                self._house.issuers.close()
                return


def _connection(scope: Scope) -> Any:
    """The connection that a request came over, as far as the server tells (`timeouts.py`); None when it is gone."""
    extensions = scope.get("extensions")
    return (extensions.get("locum.connection") or None) if extensions else None


def _is_local(scope: Scope) -> bool:
    """Whether both ends of the socket are loopback addresses; a unix socket has no address at either end."""
    for end in (scope.get("client"), scope.get("server")):
        if end is not None and end[1] is not None and not _is_loopback(end[0]):
            return False
    return True


@functools.lru_cache(maxsize=64)
def _is_loopback(text: str) -> bool:
    """Whether a text is a loopback address."""
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _service(refusal: Refusal) -> str | None:
    """The service whose error the client expects, as far as routing found one."""
    service = refusal.facts.get("service")
    return service if isinstance(service, str) else None


def _uuid4(octets: bytes) -> str:
    """A random UUID (RFC 9562, version 4) of 16 random bytes, as text."""
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[octets[8] & 3]}{text[17:20]}-{text[20:]}"


@functools.lru_cache(maxsize=4)
def _date(second: int) -> bytes:
    """The Date header of this second since 1970."""
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True).encode("ascii")


@functools.lru_cache(maxsize=64)
def _name(name: str) -> bytes:
    """A header's name as it is sent. Ours are few."""
    return name.encode("latin-1")
