"""Unmodified AWS clients: how each is installed, once, below `.clients`, and how it is asked.

Law: a client is what its publisher ships, told only by the variables that its documentation names where to go. What
cannot be installed skips the test and says why.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.journeys.served import bare_environment

CLIENTS = Path(__file__).resolve().parents[2] / ".clients"
JAVASCRIPT = ("@aws-sdk/client-iam", "@aws-sdk/client-sts", "@aws-sdk/credential-providers")
INSTALL_PATIENCE = 300  # seconds
CALL_PATIENCE = 120  # seconds


class Key:
    """The credentials that a client signs with. A secret is not shown."""

    def __init__(self, access_key_id: str, secret: str, token: str | None = None) -> None:
        self.id = access_key_id
        self.secret = secret
        self.token = token

    def __repr__(self) -> str:
        return f"Key({self.id})"

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Key:
        """The key in what CreateAccessKey, AssumeRole and their kin answer."""
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("SessionToken"))


#: the key of user/admin that `locum dev` starts with
ADMIN = Key("test", "test")


def environment(url: str, key: Key) -> dict[str, str]:
    """The variables that lead an AWS client to `url` with `key`, and to nothing else."""
    token = {"AWS_SESSION_TOKEN": key.token} if key.token else {}
    return bare_environment(
        AWS_ENDPOINT_URL=url,
        AWS_ACCESS_KEY_ID=key.id,
        AWS_SECRET_ACCESS_KEY=key.secret,
        AWS_REGION="us-east-1",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_PAGER="",
        **token,
    )


def boto(service: str, url: str, key: Key = ADMIN, **settings: Any) -> Any:
    """A boto3 client that asks once and does not retry, so that each answer is seen."""
    session = boto3.session.Session(key.id, key.secret, key.token, region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1}, **settings)
    return session.client(service, endpoint_url=url, config=config)


@contextmanager
def _alone(name: str) -> Iterator[Path]:
    """The client's folder, with no other test process installing into it."""
    CLIENTS.mkdir(exist_ok=True)
    with (CLIENTS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield CLIENTS / name


def _installed(name: str, steps: Callable[[Path], Sequence[Sequence[str]]]) -> Path:
    """The client's folder after its steps ran, which they do once. Skips the test where one fails."""
    with _alone(name) as folder:
        complete = folder / ".complete"
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for step in steps(folder):
                try:
                    ran = subprocess.run(
                        step, cwd=folder, capture_output=True, text=True, timeout=INSTALL_PATIENCE, check=False
                    )
                    reason = ran.stderr.strip() if ran.returncode else None
                except (OSError, subprocess.TimeoutExpired) as error:
                    reason = str(error)
                if reason is not None:
                    pytest.skip(f"{name} cannot be installed here: {' '.join(step)}: {reason[-300:]}")
            complete.touch()
        return folder


@cache
def aws_command() -> Path:
    """The AWS CLI version 1, in an environment of its own (its botocore would collide with ours)."""
    folder = _installed(
        "awscli",
        lambda folder: [
            [sys.executable, "-m", "venv", "."],
            [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "awscli"],
        ],
    )
    return folder / "bin" / "aws"


class AwsCli:
    """The `aws` command, led to one server with one key."""

    def __init__(self, url: str, key: Key = ADMIN) -> None:
        self._environment = environment(url, key)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The ended command, whatever its status."""
        return subprocess.run(
            [str(aws_command()), *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=CALL_PATIENCE,
            check=False,
        )

    def __call__(self, *arguments: str) -> Any:
        """What the command prints, parsed from JSON (None where it prints nothing). Fails where the command fails."""
        ran = self.run(*arguments, "--output", "json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def refused(self, *arguments: str) -> str:
        """The sentence on standard error of a command that must fail."""
        ran = self.run(*arguments)
        assert ran.returncode != 0, f"`aws {' '.join(arguments)}` was expected to be refused, and printed {ran.stdout}"
        return ran.stderr.strip()


@cache
def javascript_folder() -> Path:
    """The folder whose node_modules hold the AWS SDK for JavaScript, version 3."""
    return npm_folder("js", *JAVASCRIPT)


def npm_folder(name: str, *packages: str) -> Path:
    """A folder whose node_modules hold these packages."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{name} needs {program}, which is not on this machine")

    def steps(folder: Path) -> list[list[str]]:
        (folder / "package.json").write_text('{"private": true, "type": "module"}\n')
        return [["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", *packages]]

    return _installed(name, steps)


def javascript(script: Path, url: str, key: Key = ADMIN) -> dict[str, Any]:
    """What a module prints, parsed from JSON; its imports are found in the installed SDK."""
    ran = subprocess.run(
        ["node", "--input-type=module", "-"],
        input=script.read_text(encoding="utf-8"),
        cwd=javascript_folder(),
        env=environment(url, key),
        capture_output=True,
        text=True,
        timeout=CALL_PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
