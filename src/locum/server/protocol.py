"""uvicorn's HTTP protocol, with head and body of an answer in one write.

Law: no octet is changed or overtaken, and none dropped while there is a connection: what is written is held until the
next write, with which it goes out, or until the loop turns, whichever comes first. uvicorn writes head and body apart;
every write to a socket costs about 15 µs, and two of them make two packets. Knows nothing of HTTP; with TLS it stands
above the encryption.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Joined:
    """A transport that joins two writes into one. Whatever it does not do itself, the transport below does."""

    __slots__ = ("_call_soon", "_held", "_under", "is_closing")

    def __init__(self, under: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._under = under
        self._call_soon = loop.call_soon
        self._held = b""
        self.is_closing = under.is_closing

    def write(self, octets: bytes) -> None:
        """Holds these octets, or sends them with those that are held. Drops them when the connection has ended: uvicorn
        does not know of it where several requests came over it at once."""
        if self.is_closing():
            self._held = b""
        elif self._held:
            held, self._held = self._held, b""
            self._under.write(held + octets)
        elif octets:
            self._held = octets
            self._call_soon(self._flush)

    def close(self) -> None:
        """Sends what is held, then closes."""
        self._flush()
        self._under.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self.is_closing():
            self._under.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._under, name)


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol over a joining transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begins a connection."""
        super().connection_made(cast("asyncio.Transport", Joined(transport, self.loop)))
