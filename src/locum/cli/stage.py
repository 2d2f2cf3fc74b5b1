"""A throwaway `locum dev` in a process of its own, and real clients in front of it.

Law: the server listens on a free loopback port and ends with the block that started it. Clients are botocore's,
unmodified; nothing is called past the wire.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import botocore.session
import msgspec
from botocore.config import Config

REGION = "us-east-1"


class StageError(RuntimeError):
    """The server did not start, or did not answer."""


class Stage:
    """A running server, by its address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str, key: str, secret: str, token: str | None = None) -> Any:
        """A botocore client that signs with these credentials. It never retries, so that each call is one answer."""
        return botocore.session.Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def own(self, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What the server answers below `/_locum/`: a POST of `body`, or a GET without one."""
        request = urllib.request.Request(  # noqa: S310  our own server on loopback
            f"{self.url}/_locum/{path}",
            data=None if body is None else msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return msgspec.json.decode(answer.read(), type=dict[str, Any])


@contextmanager
def stage(*options: str) -> Iterator[Stage]:
    """A `locum dev` with these options on a free port until the block ends. Raises StageError if it does not start."""
    command = [sys.executable, "-m", "locum", "dev", "--port", "0", "--format", "json", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            process.wait(10)
            raise StageError((process.stderr.read() if process.stderr else "") or "the server ended without a word")
        yield Stage(msgspec.json.decode(line)["url"])
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
