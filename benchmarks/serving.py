"""A server in a process of its own, held to one processor core unless told otherwise, and what it spent.

Law: spoken to by HTTP only and ended by its own process id. CPU time and memory are read where Linux shows them
(`/proc`); elsewhere the benchmark says that it cannot be run.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 60  # seconds until a start counts as failed
_DROPPED = ("AWS_", "LOCUM_", "MOTO_", "PYTHONDONTWRITEBYTECODE")
LOCUM = Path(sys.executable).with_name("locum")


def cores() -> tuple[int, int]:
    """The core for the server and the one for its clients; the same one twice where there is only one."""
    if not hasattr(os, "sched_getaffinity"):
        return 0, 0
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


def measurable() -> bool:
    """Whether this machine shows what a process spends."""
    return Path("/proc/self/stat").exists()


def resident(process: int | str = "self") -> float:
    """Megabytes of memory that a process holds now; 0 where that cannot be seen."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return 0.0
    for line in status.read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu(process: int) -> float:
    """Seconds of CPU that a process and its children have spent in all their threads, user and system."""
    return sum(map(spent, (process, *below(process))))


def spent(process: int) -> float:
    """Seconds of CPU that a process has spent itself."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def below(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended in the meantime
            for child in listed.read_text().split():
                found += [int(child), *below(int(child))]
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Server:
    """A running server, from its command until `stop`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        url: str,
        more: Mapping[str, str] | None = None,
        *,
        pinned: bool = True,
    ) -> None:
        self.url = url
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the object
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            env=environment() | dict(more or {}),
            preexec_fn=_pinned(cores()[0]) if pinned else None,
        )

    def wait(self, path: str) -> float:
        """Seconds from the start to the first answer, whatever it says. Raises RuntimeError when there is none."""
        while time.perf_counter() - self.started < PATIENCE and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url + path, timeout=5).read()
            except urllib.error.HTTPError:
                pass
            except OSError:
                time.sleep(0.002)
                continue
            return time.perf_counter() - self.started
        self.stop()
        raise RuntimeError(f"no answer at {self.url}; the server said: {self.said()[-300:]}")

    def said(self) -> str:
        """What the server printed."""
        self._said.seek(0)
        return self._said.read()

    def stop(self) -> None:
        """Ends the process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def environment() -> dict[str, str]:
    """Ours without what would point an AWS client or a Locum somewhere, or keep Python from keeping compiled files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    return kept | {"PYTHONUNBUFFERED": "1", "AWS_EC2_METADATA_DISABLED": "true"}


def _pinned(core: int) -> Callable[[], None] | None:
    if not hasattr(os, "sched_setaffinity"):
        return None
    return lambda: os.sched_setaffinity(0, {core})
