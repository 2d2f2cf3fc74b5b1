"""Restoring revives nothing (rule K13, xK5), with real servers, the commands, and unmodified clients.

The control brings the same backup back by copying its file: there, what was ended lives again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import Key, boto
from tests.journeys.documents import allow, policy, trust
from tests.journeys.served import COMMAND, Served, bare_environment

from locum.aws.secret import Secret
from locum.iam.entities import Role, User
from locum.store import masterkey
from locum.store.engine import open_store
from locum.store.survey import survey

USERS = ("alice", "bob", "carol", "dave")


def serve(directory: Path) -> Served:
    """`locum serve` on that data directory."""
    return Served("serve", "--data-dir", str(directory), "--port", "0")


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """`locum backup …`."""
    command = [str(COMMAND), "backup", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=bare_environment(**environment))


def done(*arguments: object) -> dict[str, Any]:
    """What `locum backup …` answers when it must succeed."""
    finished = run(*arguments, "--format", "json")
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


def code(call: Callable[[], object]) -> str:
    """The error code of a call, or `allowed`."""
    try:
        call()
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return "allowed"


class Told(NamedTuple):
    """A data directory with a backup of it, and what happened before and after that backup."""

    directory: Path
    backup: Path
    keys: dict[str, Key]
    session: Key
    role: str
    id_of_bob: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Four users with a key each and a role with a session are in a backup; then: bob is deleted with all that is his,
    carol's key is deleted, dave's is deactivated, the role `gone` is deleted."""
    folder = tmp_path_factory.mktemp("told")
    directory, backup = folder / "data", folder / "backups" / "monday"
    backup.parent.mkdir()
    with serve(directory) as server:
        iam = boto("iam", server.url, Key.of(json.loads((directory / "root-key.json").read_text())))
        keys, ids = {}, {}
        for name in USERS:
            ids[name] = iam.create_user(UserName=name)["User"]["UserId"]
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(allow("*")))
            keys[name] = Key.of(iam.create_access_key(UserName=name)["AccessKey"])
        account = boto("sts", server.url, keys["alice"]).get_caller_identity()["Account"]
        trusted = trust(f"arn:aws:iam::{account}:root")
        role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
        iam.create_role(RoleName="gone", AssumeRolePolicyDocument=trusted)
        alice = boto("sts", server.url, keys["alice"])
        session = Key.of(alice.assume_role(RoleArn=role, RoleSessionName="before")["Credentials"])
        assert code(boto("sts", server.url, session).get_caller_identity) == "allowed"
        done("make", backup, "--data-dir", directory)
        iam.delete_access_key(UserName="bob", AccessKeyId=keys["bob"].id)
        iam.delete_user_policy(UserName="bob", PolicyName="p")
        iam.delete_user(UserName="bob")
        iam.delete_access_key(UserName="carol", AccessKeyId=keys["carol"].id)
        iam.update_access_key(UserName="dave", AccessKeyId=keys["dave"].id, Status="Inactive")
        iam.delete_role(RoleName="gone")
        assert run("tombstones", backup.parent / "tombstones.json", "--data-dir", directory).returncode == 0
    return Told(directory, backup, keys, session, role, ids["bob"])


def empty(told: Told, directory: Path) -> Path:
    """A directory that has the master key and nothing else."""
    directory.mkdir(mode=0o700)
    shutil.copy(told.directory / "master.key", directory)
    return directory


@pytest.fixture(scope="module")
def restored(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, Any]]]:
    """A server of the restored directory, and what `restore` answered."""
    directory = empty(told, tmp_path_factory.mktemp("restored") / "data")
    answer = done("restore", told.backup, "--data-dir", directory)
    with serve(directory) as server:
        yield server, answer


@pytest.fixture(scope="module")
def copied(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The control: a server of a directory into which the backup's file was copied by hand."""
    directory = empty(told, tmp_path_factory.mktemp("copied") / "data")
    shutil.copy(told.backup / "locum.db", directory)
    with serve(directory) as server:
        yield server


def test_what_was_ended_after_the_backup_is_counted(restored: tuple[Served, dict[str, Any]]) -> None:
    answer = restored[1]
    # bob with his key, carol's key, the role `gone`; dave's key; three users and a role
    assert (answer["Removed"], answer["TurnedOff"], answer["SessionsEnded"]) == (3, 1, 4)
    assert answer["EndedKnownUntil"] is not None


def test_what_was_not_ended_lives(told: Told, restored: tuple[Served, dict[str, Any]]) -> None:
    url = restored[0].url
    assert boto("sts", url, told.keys["alice"]).get_caller_identity()["Arn"].endswith(":user/alice")
    names = [user["UserName"] for user in boto("iam", url, told.keys["alice"]).list_users()["Users"]]
    assert names == ["alice", "carol", "dave"]


@pytest.mark.parametrize("name", ["bob", "carol", "dave"])
def test_an_ended_key_stays_dead(told: Told, restored: tuple[Served, dict[str, Any]], name: str) -> None:
    assert code(boto("sts", restored[0].url, told.keys[name]).get_caller_identity) == "InvalidClientTokenId"


@pytest.mark.parametrize("name", ["bob", "carol", "dave"])
def test_control_without_the_tombstones_it_would_live_again(told: Told, copied: Served, name: str) -> None:
    assert code(boto("sts", copied.url, told.keys[name]).get_caller_identity) == "allowed"


def test_a_session_from_before_is_over(told: Told, restored: tuple[Served, dict[str, Any]]) -> None:
    assert code(boto("sts", restored[0].url, told.session).get_caller_identity) == "InvalidClientTokenId"


def test_control_with_token_keys_and_epochs_as_they_were_it_would_live(told: Told, copied: Served) -> None:
    assert code(boto("sts", copied.url, told.session).get_caller_identity) == "allowed"


def test_new_sessions_of_what_lives_work(told: Told, restored: tuple[Served, dict[str, Any]]) -> None:
    url = restored[0].url
    answer = boto("sts", url, told.keys["alice"]).assume_role(RoleArn=told.role, RoleSessionName="after")
    assert code(boto("sts", url, Key.of(answer["Credentials"])).get_caller_identity) == "allowed"


def test_every_token_key_is_destroyed_and_every_epoch_is_raised(told: Told, tmp_path: Path) -> None:
    """Each of the two ends a session by itself."""
    directory = empty(told, tmp_path / "data")
    key = masterkey.read_file(directory / "master.key")
    shutil.copy(told.backup / "locum.db", tmp_path / "before.db")
    done("restore", told.backup, "--data-dir", directory)
    before, after = states(tmp_path / "before.db", key), states(directory / "locum.db", key)
    assert {number for number, state in before[0].items() if state != "destroyed"} == {1, 2}
    assert [after[0][number] for number in before[0]] == ["destroyed", "destroyed"]
    assert sorted(state for state in after[0].values() if state != "destroyed") == ["primary", "staged"]
    assert after[1].keys() == {"alice", "carol", "dave", "worker"}
    assert [name for name, epoch in after[1].items() if epoch <= before[1][name] + 1_000_000] == []


def states(path: Path, key: Secret) -> tuple[dict[int, str], dict[str, int]]:
    """(token keys by number, session epochs by name) in a store."""
    store = open_store(path, key)
    try:
        account = next(account for account, _ in survey(path).accounts if account)
        users = store.read(lambda tx: tx.page(User, account, limit=100)).items
        roles = store.read(lambda tx: tx.page(Role, account, limit=100)).items
        keys = {one.number: one.state for one in store.token_keys()}
        return keys, {one.name: one.session_epoch for one in (*users, *roles)}
    finally:
        store.close()


def test_a_deleted_role_stays_deleted(told: Told, restored: tuple[Served, dict[str, Any]], copied: Served) -> None:
    alice = told.keys["alice"]
    assert code(lambda: boto("iam", restored[0].url, alice).get_role(RoleName="gone")) == "NoSuchEntity"
    assert code(lambda: boto("iam", copied.url, alice).get_role(RoleName="gone")) == "allowed"


def test_the_wrong_master_key_restores_nothing(told: Told, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    (directory / "master.key").write_text("ab" * 31 + "cd\n")
    (directory / "master.key").chmod(0o600)
    finished = run("restore", told.backup, "--data-dir", directory)
    assert finished.returncode == 78
    assert "sealed" in finished.stderr
    assert [one.name for one in directory.iterdir()] == ["master.key"]


def test_no_master_key_restores_nothing(told: Told, tmp_path: Path) -> None:
    finished = run("restore", told.backup, "--data-dir", tmp_path)
    assert (finished.returncode, list(tmp_path.iterdir())) == (78, [])


def test_a_key_in_the_environment_restores(told: Told, tmp_path: Path) -> None:
    key = (told.directory / "master.key").read_text().strip()
    finished = run("restore", told.backup, "--data-dir", tmp_path / "data", LOCUM_MASTER_KEY=key)
    assert finished.returncode == 0, finished.stderr
    assert [one.name for one in (tmp_path / "data").iterdir() if one.name != "activity.db"] == ["locum.db"]


def test_a_directory_that_holds_a_store_is_not_restored_into(told: Told) -> None:
    finished = run("restore", told.backup, "--data-dir", told.directory)
    assert finished.returncode == 78
    assert "into an empty one" in finished.stderr


def test_a_damaged_backup_is_not_restored(told: Told, tmp_path: Path) -> None:
    shutil.copytree(told.backup, tmp_path / "b")
    with (tmp_path / "b" / "locum.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"\xa5")
    directory = empty(told, tmp_path / "data")
    finished = run("restore", tmp_path / "b", "--data-dir", directory, "--without-tombstones")
    assert finished.returncode == 78
    assert run("verify", tmp_path / "b").returncode == 1
    assert [one.name for one in directory.iterdir()] == ["master.key"]


def test_without_tombstones_nothing_is_restored_unless_that_is_said(told: Told, tmp_path: Path) -> None:
    shutil.copytree(told.backup, tmp_path / "far" / "b")
    directory = empty(told, tmp_path / "data")
    finished = run("restore", tmp_path / "far" / "b", "--data-dir", directory)
    assert finished.returncode == 78
    assert "would come back" in finished.stderr
    assert done("restore", tmp_path / "far" / "b", "--data-dir", directory, "--without-tombstones")["Removed"] == 0


def test_the_old_data_directory_tells_what_was_ended_as_well(told: Told, tmp_path: Path) -> None:
    shutil.copytree(told.backup, tmp_path / "far" / "b")
    directory = empty(told, tmp_path / "data")
    answer = done("restore", tmp_path / "far" / "b", "--data-dir", directory, "--old-data-dir", told.directory)
    assert (answer["Removed"] > 0, answer["TurnedOff"]) == (True, 1)


def test_a_restore_that_was_killed_is_no_store_and_goes_on_when_asked_again(told: Told, tmp_path: Path) -> None:
    directory = empty(told, tmp_path / "data")
    (directory / "restoring").mkdir()
    shutil.copy(told.backup / "locum.db", directory / "restoring" / "locum.db")
    with pytest.raises(RuntimeError, match="nothing is made anew"):
        serve(directory)
    key = (directory / "master.key").read_text().strip()
    (directory / "master.key").rename(tmp_path / "elsewhere.key")
    with pytest.raises(RuntimeError, match="nothing is made anew"):
        Served("serve", "--data-dir", str(directory), "--port", "0", environment={"LOCUM_MASTER_KEY": key})
    (tmp_path / "elsewhere.key").rename(directory / "master.key")
    assert done("restore", told.backup, "--data-dir", directory)["SessionsEnded"] == 4
    assert not (directory / "restoring").exists()
