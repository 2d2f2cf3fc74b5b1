"""`locum serve` starts safely or not at all: every line of `starts.json` is a real start, its exit status and sentence.

A line names the address, the TLS files, the proxy, the account and the state of the data directory. 0 means that the
server answers and ends with 0 when asked to; 78 that it says why not, makes nothing and listens nowhere.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from tests.journeys import faulty, tls
from tests.journeys.served import COMMAND, PATIENCE, Served, bare_environment

from locum.aws.secret import Secret
from locum.iam.access_keys import AccessKey
from locum.iam.entities import Account
from locum.store.engine import open_store
from locum.store.entity import Author, Entity

STARTS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("starts.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that a server made and left."""
    directory = tmp_path_factory.mktemp("good") / "data"
    with Served("serve", "--data-dir", str(directory), "--port", "0"):
        pass
    return directory


def keyless(directory: Path) -> None:
    (directory / "master.key").unlink()


def otherkey(directory: Path) -> None:
    (directory / "master.key").write_text(f"{KEY}\n")


def openkey(directory: Path) -> None:
    (directory / "master.key").chmod(0o640)


def foreignkey(directory: Path) -> None:
    os.chown(directory / "master.key", 65534, 65534)


def dev(directory: Path) -> None:
    for name in ("locum.db", "activity.db"):
        (directory / name).unlink()
    open_store(directory / "locum.db", Secret((directory / "master.key").read_text().strip()), mode="dev").close()


def open_directory(directory: Path) -> None:
    directory.chmod(0o777)


def storeless(directory: Path) -> None:
    (directory / "locum.db").unlink()


def foreign(directory: Path) -> None:
    shutil.rmtree(directory)
    directory.mkdir(mode=0o700)
    (directory / "letter.txt").write_text("Dear all")


def unmakable(directory: Path) -> None:
    """In the place of its parent there is a link to nothing, which `mkdir` cannot pass, whoever runs it."""
    shutil.rmtree(directory)
    directory.symlink_to(directory.with_name("nowhere") / "at" / "all")


def holding(entity: Entity) -> Callable[[Path], None]:
    def put(directory: Path) -> None:
        store = open_store(directory / "locum.db", Secret((directory / "master.key").read_text().strip()))

        def step(tx: Any) -> None:
            tx.written_by(Author(arn="somebody", at=NOW, request_id="1"))
            tx.add(entity)

        store.write(step)
        store.close()

    return put


DOCUMENTED = "AKIAIOSFODNN7EXAMPLE"
STATES: dict[str, Callable[[Path], None]] = {
    "good": lambda directory: None,
    "keyless": keyless,
    "otherkey": otherkey,
    "openkey": openkey,
    "foreignkey": foreignkey,
    "dev": dev,
    "open": open_directory,
    "storeless": storeless,
    "foreign": foreign,
    "unmakable": unmakable,
    "documented": holding(
        AccessKey(id=DOCUMENTED, name=DOCUMENTED, account="222222222222", owner="222222222222", created=NOW)
    ),
    "zeros": holding(Account(id="0" * 12, account="0" * 12, name="0" * 12, created=NOW)),
}


def tls_options(state: str, folder: Path) -> list[str]:
    """The options of one state of the TLS files."""
    certificate, key = tls.make(folder)
    if state == "mixed":
        key = tls.make(folder, "other")[1]
    elif state == "absent":
        certificate, key = folder / "none.pem", folder / "none.key"
    elif state == "open":
        key.chmod(0o644)
    given = {"certificate": [True, False], "key": [False, True]}.get(state, [True, True])
    options = [["--tls-cert", str(certificate)], ["--tls-key", str(key)]]
    return [word for option, wanted in zip(options, given, strict=True) if wanted for word in option]


def command(start: dict[str, Any], folder: Path, good: Path) -> tuple[Path, list[str]]:
    """The data directory and the arguments of one start."""
    directory = folder / "data"
    if "directory" in start:
        shutil.copytree(good, directory)
        STATES[start["directory"]](directory)
    arguments = ["serve", "--data-dir", str(directory), "--port", "0"]
    for option in ("host", "account", "proxy"):
        if option in start:
            names = {"account": "--account-id", "proxy": "--behind-proxy", "host": "--host"}
            arguments += [names[option], start[option]]
    if "tls" in start:
        arguments += tls_options(start["tls"], folder)
    return directory, arguments


def named(start: dict[str, Any]) -> str:
    return start["name"]


@pytest.mark.parametrize("start", [start for start in STARTS if start["exit"] == 0], ids=named)
def test_a_safe_start_serves(start: dict[str, Any], tmp_path: Path, good: Path) -> None:
    with Served(*command(start, tmp_path, good)[1]) as served:
        assert served.url.startswith("https" if "tls" in start else "http:")
        assert served.stop() == 0


@pytest.mark.parametrize("start", [start for start in STARTS if start["exit"] == 78], ids=named)
def test_an_unsafe_start_is_refused_with_its_reason(start: dict[str, Any], tmp_path: Path, good: Path) -> None:
    if start.get("needs") == "root" and os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    assert amiss(start, tmp_path, good) == ""


def amiss(start: dict[str, Any], folder: Path, good: Path, *, locum: Sequence[str] = (str(COMMAND),)) -> str:
    """What of a start that is to be refused is not as it should be, or nothing."""
    directory, arguments = command(start, folder, good)
    before = sorted(one.name for one in directory.iterdir()) if directory.exists() else None
    with subprocess.Popen(
        [*locum, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=bare_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        overdue = Timer(PATIENCE, process.kill)
        overdue.start()
        announced, said = process.stdout.readline(), ""
        if announced:
            process.terminate()
        else:
            said = process.stderr.read()
        overdue.cancel()
    if announced:
        return f"it serves: {announced}"
    after = sorted(one.name for one in directory.iterdir()) if directory.exists() else None
    if process.returncode != 78:
        return f"it ended with {process.returncode}: {said}"
    if not said.startswith("locum serve does not start: ") or start["says"] not in said:
        return f"it does not say why: {said}"
    made = [name for name in after or [] if name not in (before or [])]
    return f"it has made {made}" if made else ""


#: a start that is refused, and the part of Locum without which it is not
PARTS = {
    "certificate without key": "untied",
    "everybody's account": "forgetful",
    "a directory that others may write": "undirected",
    "a store with everybody's key": "forgetful",
    "a store with everybody's account": "forgetful",
}


@pytest.mark.parametrize("name", PARTS)
def test_control_a_start_without_its_rule_is_found(name: str, tmp_path: Path, good: Path) -> None:
    [start] = [start for start in STARTS if start["name"] == name]
    assert amiss(start, tmp_path, good, locum=faulty.command(PARTS[name])).startswith("it serves: ")


def test_the_table_has_at_least_the_twenty_four_starts_of_the_rules() -> None:
    assert len(STARTS) >= 24
    assert {start["exit"] for start in STARTS} == {0, 78}
    assert all(start.get("says") for start in STARTS if start["exit"])
