"""The only connections that a server opens: one GET to an identity provider, to an address that was looked at first.

Law: rule F3. https by the machine's own authorities, no redirects, no proxy, no cookies; the name is resolved once and
the connection goes to a resolved address that is public or allowed by a setting, never to another (rule xF7: a name
that answers differently the second time is not asked a second time). Octets and seconds are bounded, whatever the other
side does. http goes to this very machine alone, where a setting allows it.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, urlsplit

import msgspec

LARGEST = 262_144
SECONDS = 5.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class OutboundError(Exception):
    """A document could not be had, or must not be sought. The message is for the log."""


class Reach(msgspec.Struct, frozen=True):
    """Where connections may go besides public addresses: `networks` (CIDR), and this machine by http with `local`."""

    networks: tuple[str, ...] = ()
    local: bool = False

    def allows(self, address: Address) -> bool:
        """Whether a connection to this address may be opened."""
        if any(address in ipaddress.ip_network(network) for network in self.networks):
            return True
        if address.is_loopback:
            return self.local
        return is_public(address)


def is_public(address: Address) -> bool:
    """Whether an address is everybody's: no private, shared, link-local or reserved one, nor one inside another."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the machine resolves it."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def get(url: str, reach: Reach, *, resolve: Resolve = resolved, seconds: float = SECONDS) -> bytes:
    """The document at `url`. Raises OutboundError. Blocks for about `seconds` at most, once the name is resolved."""
    parts, host, port = _parsed(url, reach)
    address = _address(host, port, reach, resolve, local=parts.scheme == "http")
    try:
        found = socket.create_connection((str(address), port), timeout=seconds)
    except OSError as error:
        raise OutboundError(f"`{url}`: no connection to {address}: {error}") from error
    open_now, late = [found], threading.Event()
    end = threading.Timer(seconds, lambda: _shut(open_now[-1], late))
    end.start()
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            found = context.wrap_socket(found, server_hostname=host, do_handshake_on_connect=False)
            open_now.append(found)
            found.do_handshake()
        body = _read(found, parts, host, port)
        if late.is_set():
            raise ValueError(f"not within {seconds} seconds")
        return body
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OutboundError(f"`{url}`: {type(error).__name__}: {error}") from error
    finally:
        end.cancel()
        found.close()


def _shut(found: socket.socket, late: threading.Event) -> None:
    """Ends a connection that takes too long, whatever its other side sends drop by drop."""
    late.set()
    try:
        found.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _parsed(url: str, reach: Reach) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise OutboundError(f"`{url}` is no URL") from error
    if not url.isascii() or any(character <= " " for character in url):
        raise OutboundError(f"`{url}` is no URL")
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not reach.local):
        raise OutboundError(f"`{url}`: https would be right")
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise OutboundError(f"`{url}`: a host and a path alone would be right")
    return parts, host, port or (443 if parts.scheme == "https" else 80)


def _address(host: str, port: int, reach: Reach, resolve: Resolve, *, local: bool) -> Address:
    """The one address to connect to. Raises OutboundError when the name has none that may be."""
    try:
        addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in resolve(host, port)]
    except (OSError, ValueError) as error:
        raise OutboundError(f"`{host}` has no address: {error}") from error
    for address in addresses:
        if reach.allows(address) and (address.is_loopback or not local):
            return address
    seen = ", ".join(map(str, addresses)) or "nothing"
    raise OutboundError(f"`{host}` is {seen}, which is neither public nor allowed by `issuer-networks`")


def _read(found: socket.socket, parts: SplitResult, host: str, port: int) -> bytes:
    connection = http.client.HTTPConnection(host, port)
    connection.sock = found
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"Accept": "application/json", "Accept-Encoding": "identity"})
    with connection.getresponse() as response:
        return _body(response)


def _body(response: http.client.HTTPResponse) -> bytes:
    if response.status != 200:
        raise ValueError(f"status {response.status} (redirects are not followed)")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ValueError("an encoding that was not asked for")
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise ValueError(f"more than {LARGEST} octets")
    if response.length:
        raise ValueError("an answer that was cut short")
    return body
