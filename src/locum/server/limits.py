"""The limits of load that can be set: how long a client may take, how many may come, how often one may ask.

Law: rules D2 and D5. Values only, with defaults that honest clients never meet; what is counted and how is said where
it is counted (`timeouts.py`, `buckets.py`). 0 turns a rate off. How large a request may be is not set but fixed
(`front.py`, `caps.py`). Each process counts for itself.
"""

from __future__ import annotations

import resource
from collections.abc import Mapping

import msgspec

#: descriptors that are not for connections: the store's readers, the trail, logs
RESERVED = 256


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much load one process lets near.

    `head_seconds` is how long the head of a request may take, from the first octet or from the connection's begin;
    `idle_seconds` how long a connection may stay without a request; `body_rate` how many octets a second of a body must
    come. `connections` may be open at once. `source_rate` is how many requests a second one address may send that do
    not prove who sent them, `key_rate` how many a second one access key may send that do; 0 is without end.
    """

    head_seconds: int = 10
    idle_seconds: int = 60
    body_rate: int = 1024
    connections: int = 4096
    source_rate: int = 200
    key_rate: int = 5000


SERVING = Limits()

#: `locum dev` answers this machine alone, and a test suite is its honest client
DEVELOPING = Limits(source_rate=0, key_rate=20_000)

#: field -> (least, most, sentence)
RANGES: Mapping[str, tuple[int, int, str]] = {
    "head_seconds": (1, 600, "how long the head of a request may take"),
    "idle_seconds": (1, 3600, "how long a connection may stay open without a request"),
    "body_rate": (1, 1_000_000, "how many octets a second of a body must come, after the first seconds"),
    "connections": (8, 1_000_000, "how many connections one process holds open"),
    "source_rate": (0, 1_000_000, "how many unproven requests a second one address may send; 0 is without end"),
    "key_rate": (0, 1_000_000, "how many requests a second one access key may send; 0 is without end"),
}


def room_for(connections: int) -> int:
    """How many of so many connections the system lets this process hold; asks for more descriptors where it may."""
    needed = 2 * connections + RESERVED  # connections whose TLS handshake is under way are not counted among them
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):
            pass  # then it stays as it is, and fewer connections are held
    if soft == resource.RLIM_INFINITY:
        return connections
    return max(1, min(connections, soft - min(RESERVED, soft // 2)))
