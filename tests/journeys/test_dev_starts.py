"""Starts of `locum dev` that cannot be: each ends with a sentence that says what was seen, and no traceback."""

from __future__ import annotations

import socket
import subprocess
import sys


def dev(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "locum", "dev", *options], capture_output=True, text=True, timeout=60)


def test_a_port_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = dev("--port", str(port))
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_that_others_reach_is_refused():
    ended = dev("--host", "0.0.0.0")
    assert ended.returncode == 2
    assert "`0.0.0.0` is not a loopback address" in ended.stderr


def test_a_key_without_a_secret_is_refused():
    ended = dev("--admin-key", "test")
    assert ended.returncode == 2
    assert "ID:SECRET" in ended.stderr
