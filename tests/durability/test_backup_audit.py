"""A backup with the audit trail brings back a trail that is whole, and one without it a trail that is missed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.durability.test_restore import done, run
from tests.journeys.clients import Key, boto
from tests.journeys.served import COMMAND, Served, bare_environment

from locum.store import masterkey


class Made(NamedTuple):
    """A data directory that was served and killed, a backup of it with its trail, and one without."""

    directory: Path
    whole: Path
    bare: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    found = Made(folder / "data", folder / "backups" / "whole", folder / "backups" / "bare")
    found.whole.parent.mkdir()
    with Served("serve", "--data-dir", str(found.directory), "--port", "0") as server:
        iam = boto("iam", server.url, Key.of(json.loads((found.directory / "root-key.json").read_text())))
        iam.create_user(UserName="alice")
        done("make", found.whole, "--data-dir", found.directory, "--with-audit")
        done("make", found.bare, "--data-dir", found.directory)
        server.kill()
    return found


def audit(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`locum audit …` on that data directory."""
    command = [str(COMMAND), "audit", *words, "--data-dir", str(directory)]
    return subprocess.run(command, capture_output=True, text=True, env=bare_environment())


def restored(made: Made, backup: Path, target: Path) -> Path:
    """That backup brought into a new directory, which was served once since."""
    target.mkdir(mode=0o700)
    shutil.copy(made.directory / masterkey.FILE, target)
    done("restore", backup, "--data-dir", target)
    with Served("serve", "--data-dir", str(target), "--port", "0"):
        pass
    return target


def test_with_the_trail_the_restored_directory_has_it_and_it_is_whole(made: Made, tmp_path: Path) -> None:
    target = restored(made, made.whole, tmp_path / "target")
    verified = audit(target, "verify")
    assert (verified.returncode, "cut short" in verified.stdout) == (0, False), verified.stdout
    assert "the audit trail is whole" in verified.stdout
    assert "iam:CreateUser" in audit(target, "log").stdout


def test_without_it_the_chain_is_missed(made: Made, tmp_path: Path) -> None:
    """The control."""
    verified = audit(restored(made, made.bare, tmp_path / "target"), "verify")
    assert (verified.returncode, "cut short" in verified.stdout) == (1, True)


def test_verify_finds_what_was_done_to_the_trail_in_a_backup(made: Made, tmp_path: Path) -> None:
    assert run("verify", made.whole).returncode == 0
    copy = tmp_path / "copy"
    shutil.copytree(made.whole, copy)
    path = next((copy / "audit").iterdir())
    path.write_bytes(path.read_bytes().replace(b"CreateUser", b"DeleteUser", 1))
    found = run("verify", copy)
    assert (found.returncode, path.name in found.stderr) == (1, True)
    path.unlink()
    assert run("verify", copy).returncode == 1


def test_another_trail_that_is_there_is_not_mixed_with_it(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "audit").mkdir(parents=True, mode=0o700)
    target.chmod(0o700)
    shutil.copy(made.directory / masterkey.FILE, target)
    (target / "audit" / "20260101T000000Z-0000000000000000.000001.jsonl").write_bytes(b"{}\n")
    refused = run("restore", made.whole, "--data-dir", target)
    assert (refused.returncode, "move it away" in refused.stderr) == (78, True)
    assert not (target / "locum.db").exists()


def test_killed_before_the_store_came_the_same_restore_goes_on(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    shutil.copy(made.directory / masterkey.FILE, target)
    shutil.copytree(made.whole / "audit", target / "audit")
    done("restore", made.whole, "--data-dir", target)
    assert audit(target, "verify").returncode == 0
