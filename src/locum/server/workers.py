"""Several processes that answer on one socket: started, replaced when they die, ended together.

Law: the parent opens no store and answers nothing. It forks while it has one thread, and hands each worker the master
key by a descriptor that the worker reads once (decisions 25). A worker that loses its parent ends by itself. Workers
that die again and again end the server instead of being replaced for ever.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from locum.aws.secret import Secret
from locum.store import masterkey

LOG = logging.getLogger("locum.server")

#: a worker that lives shorter counts as one that cannot start; after so many of them in a row the server ends
SHORT_LIFE, MOST_SHORT_LIVES = 5.0, 5
ENDING = (signal.SIGTERM, signal.SIGINT)


class Workers:
    """The workers of one server. `work` is called in each with its master key and answers its exit status. SIGHUP is
    handed on when they know how to renew something at it, and ends the server when not."""

    def __init__(self, work: Callable[[Secret], int], key: Callable[[], Secret], *, renewing: bool = False) -> None:
        self._work = work
        self._renewing = renewing
        self._key = key
        self._started: dict[int, float] = {}
        self._ending = False
        self._short_lives = 0
        self._alive, self._held = os.pipe()  # the writing end closes with the parent

    def run(self, count: int) -> int:
        """Keeps `count` workers until a signal ends them; the exit status."""
        for one in ENDING:
            signal.signal(one, self._end)
        signal.signal(signal.SIGHUP, (lambda number, _: self._tell(number)) if self._renewing else self._end)
        while len(self._started) < count and not self._ending:
            self._start()
        status = 0
        while self._started:
            died, how = os.wait()
            lived = time.monotonic() - self._started.pop(died, 0.0)
            if self._ending:
                continue
            LOG.error("worker %d ended with status %d", died, os.waitstatus_to_exitcode(how))
            self._short_lives = self._short_lives + 1 if lived < SHORT_LIFE else 0
            if self._short_lives >= MOST_SHORT_LIVES:
                LOG.critical("workers cannot start; the server ends")
                status = 1
                self._end(signal.SIGTERM, None)
            else:
                self._start()
        return status

    def _start(self) -> None:
        """One more worker."""
        descriptor = masterkey.hand_on(self._key())
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        worker = os.fork()
        if worker == 0:
            for one in (*ENDING, signal.SIGHUP):
                signal.signal(one, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self._be(descriptor)
        self._started[worker] = time.monotonic()
        os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if self._ending:  # told between the fork and the line that remembers the worker: it was not told with the rest
            self._tell(signal.SIGTERM)

    def _be(self, descriptor: int) -> None:
        """The life of a worker; never returns."""
        status = 1
        try:
            os.close(self._held)
            Thread(target=_end_without, args=(self._alive,), daemon=True).start()
            status = self._work(masterkey.read_descriptor(descriptor))
        except SystemExit:
            status = 0  # told to leave before it answered anything
        except BaseException:
            LOG.exception("worker %d failed", os.getpid())
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(status)

    def _end(self, number: int, frame: object) -> None:
        self._ending = True
        self._tell(signal.SIGTERM)

    def _tell(self, number: int) -> None:
        for worker in list(self._started):
            with suppress(ProcessLookupError):
                os.kill(worker, number)


def _end_without(parent: int) -> None:
    """Waits for the parent's end of the pipe to close, and ends this process as SIGTERM does."""
    os.read(parent, 1)
    os.kill(os.getpid(), signal.SIGTERM)
