"""The keys of the issuers that tokens come from: kept for a while, fetched in threads of their own, never in between.

Law: rule F3. `keys` answers from memory or says that somebody must fetch first (`Awaited`); nothing of the event loop
or of the threads that write ever waits for another host. An issuer is asked again after ten minutes, or for a key id
that is not there, and at most once a minute, give or take; keys that could not be renewed count for an hour. Fetches of
one issuer are one fetch; of all there are few at a time, and a queue that ends. What is kept is bounded (rule D8).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import msgspec

from locum.call import Awaited, Mint
from locum.federation import keys as key_sets
from locum.federation.fault import Rejected
from locum.federation.keys import Keys, KeySetError
from locum.server.outbound import OutboundError, Reach, get

LOG = logging.getLogger("locum.server")

AGAIN = 60.0  # seconds between two fetches of one issuer, and up to a tenth more
FRESH = 600.0  # seconds after which keys are fetched anew
STALE = 3600.0  # seconds for which keys count that could not be fetched anew
MOST = 1024  # issuers that are remembered
THREADS, QUEUE = 4, 32

UNREACHABLE = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity"
    " documentation for requirements"
)

Get = Callable[[str], bytes]


class Known(msgspec.Struct, frozen=True):
    """What is known of an issuer: its keys and when they came (None: never), when it was last asked, and for how long
    it is left alone."""

    keys: Keys | None
    came: float
    asked: float
    rest: float


class IssuerKeys:
    """The keys of issuers. `fetch` answers the document at a URL and raises OutboundError; `steady` counts seconds."""

    def __init__(self, fetch: Get, mint: Mint, steady: Callable[[], float] = time.monotonic) -> None:
        self._get = fetch
        self._mint = mint
        self._steady = steady
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._fetches: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    @classmethod
    def reaching(cls, reach: Reach, mint: Mint) -> IssuerKeys:
        """Those that are fetched over the network, as far as `reach` allows."""
        return cls(lambda url: get(url, reach), mint)

    def keys(self, issuer: str, kid: str) -> Keys:
        """The keys of an issuer, of which one is perhaps called `kid`. Raises Awaited when they are to be fetched
        first, Rejected (IDPCommunicationError) when they could not be. Never waits."""
        now = self._steady()
        with self._lock:
            known = self._known.get(issuer)
            if known is not None:
                self._known.move_to_end(issuer)
        if known is None or (self._wanting(known, kid, now) and now - known.asked >= known.rest):
            raise Awaited(issuer)
        if known.keys is None or now - known.came >= STALE:
            raise Rejected("IDPCommunicationError", UNREACHABLE, "F3")
        return known.keys

    def fetch(self, issuer: str) -> Future[None]:
        """Fetches an issuer's keys; done when they are there or could not be had. Raises Rejected when too many are
        being fetched."""
        with self._lock:
            running = self._fetches.get(issuer)
            if running is not None:
                return running
            if len(self._fetches) >= THREADS + QUEUE:
                raise Rejected("IDPCommunicationError", UNREACHABLE, "F3")
            if self._threads is None:
                self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="issuer")
            started = self._fetches[issuer] = self._threads.submit(self._fetched, issuer)
            return started

    def close(self) -> None:
        """Starts no further fetch."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _wanting(self, known: Known, kid: str, now: float) -> bool:
        return known.keys is None or now - known.came >= FRESH or not known.keys.named(kid)

    def _fetched(self, issuer: str) -> None:
        keys: Keys | None = None
        try:
            keys = self._ask(issuer)
        except (OutboundError, KeySetError) as error:
            LOG.warning("the keys of an issuer could not be had: %s", error)
        except Exception:
            LOG.exception("fetching the keys of an issuer failed")
        finally:
            now = self._steady()
            rest = AGAIN * (1 + self._mint.octets(8)[0] / 2560)
            with self._lock:
                old = self._known.pop(issuer, None)
                if keys is not None or old is None:
                    self._known[issuer] = Known(keys, now, now, rest)
                else:
                    self._known[issuer] = Known(old.keys, old.came, now, rest)
                while len(self._known) > MOST:
                    self._known.popitem(last=False)
                self._fetches.pop(issuer, None)

    def _ask(self, issuer: str) -> Keys:
        found = key_sets.discovered(self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"), issuer)
        if urlsplit(issuer).scheme == "https" and urlsplit(found.jwks_uri).scheme != "https":
            raise KeySetError(f"the keys of `{issuer}` are not at an https address")
        return key_sets.read(self._get(found.jwks_uri), found.algorithms)
