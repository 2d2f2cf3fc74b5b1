"""The same command twice at once on one data directory: the root key that counts is the one in the file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.journeys.clients import Key, boto
from tests.journeys.served import COMMAND, Served, bare_environment

AT_ONCE = 4


def at_once(*words: str) -> list[tuple[int, str, str]]:
    """Status and output of each of several processes of one command that run at the same time."""
    started = [
        subprocess.Popen(
            [str(COMMAND), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=bare_environment(),
        )
        for _ in range(AT_ONCE)
    ]
    told = [one.communicate() for one in started]
    return [(one.returncode, *said) for one, said in zip(started, told, strict=True)]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("at-once") / "data"


def test_of_root_keys_made_at_once_the_one_in_the_file_counts(directory: Path) -> None:
    with Served("serve", "--data-dir", str(directory), "--port", "0") as server:
        added = at_once("account", "add", "--account-id", "111122223333", "--data-dir", str(directory))
        assert sorted(status for status, _, _ in added) == [0, *[2] * (AT_ONCE - 1)]
        assert sum("exists already" in said for _, _, said in added) == AT_ONCE - 1
        file = directory / "root-key-111122223333.json"
        for words in ((), ("root", "recover", "--account-id", "111122223333")):
            if words:
                assert [status for status, _, _ in at_once(*words, "--data-dir", str(directory))] == [0] * AT_ONCE
            who = boto("sts", server.url, Key.of(json.loads(file.read_text()))).get_caller_identity()
            assert who["Arn"] == "arn:aws:iam::111122223333:root"


def test_every_command_that_changes_keys_can_be_read_by_a_machine(directory: Path) -> None:
    for words, names in {
        ("keys", "rotate"): {"TokenKey"},
        ("keys", "rotate", "data"): {"DataKey", "Moved"},
        ("keys", "rotate", "master"): {"MasterKey", "MasterKeyFile"},
        ("keys", "revoke-tokens"): {"Before", "TokenKey"},
    }.items():
        command = [str(COMMAND), *words, "--data-dir", str(directory), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, env=bare_environment())
        assert (done.returncode, set(json.loads(done.stdout))) == (0, names), done.stderr
