"""A real Locum in a process of its own, on a free loopback port, as an unmodified client meets it.

Law: started by the command that a user types, spoken to by HTTP only, stopped by its own process id.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("locum")
PATIENCE = 180  # seconds until a start or a stop counts as failed, on however busy a machine


def bare_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would point an AWS client or a Locum somewhere, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOCUM_"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return kept | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"} | more


class Served:
    """A running server: where it listens, what it said, and what `dev` lets one do with it."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = (str(COMMAND),),
    ) -> None:
        """`command` is what is started with these arguments: `locum`, or for a control one with a fault planted."""
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the object
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=bare_environment(PYTHONUNBUFFERED="1") | dict(environment or {}),
        )
        self._lines: list[str] = []
        self._spoke = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._spoke.wait(PATIENCE) or not self._lines:
            self.kill()
            raise RuntimeError(f"`locum {' '.join(arguments)}` printed no first line; it said: {self.errors()}")
        #: the first line that the server printed, which names where it listens
        self.first_line = self._lines[0]
        self.url = next(word for word in self.first_line.split() if word.startswith("http")).rstrip(":,;")

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.append(line.rstrip("\n"))
            if "://" in line:
                self._spoke.set()
        self._spoke.set()

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything that the server printed so far."""
        return tuple(self._lines)

    def errors(self) -> str:
        """What the server wrote to its standard error."""
        self._errors.seek(0)
        return self._errors.read()

    def own(self, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What `POST /_locum/NAME` answers."""
        request = urllib.request.Request(
            f"{self.url}/_locum/{name}",
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def advance(self, seconds: int) -> None:
        """Moves the clock of sessions forward."""
        self.own("clock", {"advance": seconds})

    def stop(self) -> int:
        """Asks the server to end, and answers its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self._ended()

    def kill(self) -> int:
        """Ends the server as a power cut would (SIGKILL)."""
        self.process.kill()
        return self._ended()

    def _ended(self) -> int:
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
