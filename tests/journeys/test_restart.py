"""A real server ends without warning and starts again: what was acknowledged is there, what was secret is closed."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.journeys.clients import Key, boto
from tests.journeys.documents import allow, policy, trust
from tests.journeys.served import Served

WRITERS = 4
ACKNOWLEDGED_BEFORE_THE_KILL = 60


def serve(directory: Path) -> Served:
    """`locum serve` on that data directory."""
    return Served("serve", "--data-dir", str(directory), "--port", "0")


def root_key(directory: Path) -> Key:
    """The root key that the first start wrote."""
    return Key.of(json.loads((directory / "root-key.json").read_text()))


def user_names(url: str, key: Key) -> set[str]:
    """The names of every user."""
    pages = boto("iam", url, key).get_paginator("list_users").paginate()
    return {user["UserName"] for page in pages for user in page["Users"]}


def code(call) -> str:
    """The error code of a call that must be refused."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path):
    server = serve(tmp_path)
    key = root_key(tmp_path)
    acknowledged: list[str] = []
    enough = threading.Semaphore(0)

    def write(writer: int) -> None:
        iam = boto("iam", server.url, key)
        for number in range(10_000):
            name = f"user-{writer}-{number}"
            try:
                iam.create_user(UserName=name)
            except (BotoCoreError, ClientError):
                return
            acknowledged.append(name)
            enough.release()

    with ThreadPoolExecutor(WRITERS) as pool:
        written = [pool.submit(write, writer) for writer in range(WRITERS)]
        for _ in range(ACKNOWLEDGED_BEFORE_THE_KILL):
            assert enough.acquire(timeout=60)
        server.kill()
        for each in written:
            each.result()
    with serve(tmp_path) as again:
        found = user_names(again.url, key)
    assert len(acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL
    assert set(acknowledged) - found == set()
    assert len(found) <= len(acknowledged) + WRITERS


def test_keys_sessions_and_policies_live_on_after_a_kill(tmp_path):
    with serve(tmp_path) as server:
        iam = boto("iam", server.url, root_key(tmp_path))
        account = boto("sts", server.url, root_key(tmp_path)).get_caller_identity()["Account"]
        iam.create_user(UserName="alice")
        iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole")))
        alice = Key.of(iam.create_access_key(UserName="alice")["AccessKey"])
        arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:user/alice"))[
            "Role"
        ]["Arn"]
        iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=policy(allow("iam:ListUsers")))
        answer = boto("sts", server.url, alice).assume_role(RoleArn=arn, RoleSessionName="shift")
        server.kill()
    with serve(tmp_path) as again:
        session = Key.of(answer["Credentials"])
        assert boto("sts", again.url, alice).get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/alice"
        assert len(boto("iam", again.url, session).list_users()["Users"]) == 1
        assert code(boto("iam", again.url, session).list_roles) == "AccessDenied"


def test_what_was_deleted_stays_deleted(tmp_path):
    with serve(tmp_path) as server:
        iam = boto("iam", server.url, root_key(tmp_path))
        iam.create_user(UserName="bob")
        bob = Key.of(iam.create_access_key(UserName="bob")["AccessKey"])
        boto("sts", server.url, bob).get_caller_identity()
        iam.delete_access_key(UserName="bob", AccessKeyId=bob.id)
        server.kill()
    with serve(tmp_path) as again:
        assert code(boto("sts", again.url, bob).get_caller_identity) == "InvalidClientTokenId"


def test_the_first_start_makes_a_root_key_that_only_its_owner_reads_and_the_second_makes_none(tmp_path):
    with serve(tmp_path) as server:
        first = (tmp_path / "root-key.json").read_text()
        arn = boto("sts", server.url, root_key(tmp_path)).get_caller_identity()["Arn"]
    with serve(tmp_path):
        second = (tmp_path / "root-key.json").read_text()
    assert arn.endswith(":root")
    assert first == second
    assert (tmp_path / "root-key.json").stat().st_mode & 0o777 == 0o600


def test_the_store_without_its_master_key_stays_closed(tmp_path):
    serve(tmp_path).stop()
    keys = [path for path in tmp_path.iterdir() if "master" in path.name]
    assert keys, f"no master key among {sorted(path.name for path in tmp_path.iterdir())}"
    for path in keys:
        path.unlink()
    with pytest.raises(RuntimeError, match="printed no first line"):
        serve(tmp_path)


def test_no_secret_lies_in_the_open_in_the_data_directory(tmp_path):
    with serve(tmp_path) as server:
        iam = boto("iam", server.url, root_key(tmp_path))
        iam.create_user(UserName="alice")
        alice = Key.of(iam.create_access_key(UserName="alice")["AccessKey"])
        server.kill()
    files = [path for path in tmp_path.iterdir() if path.is_file() and path.name != "root-key.json"]
    assert any(alice.id.encode() in path.read_bytes() for path in files)
    for secret in (alice.secret, root_key(tmp_path).secret):
        assert [path.name for path in files if secret.encode() in path.read_bytes()] == []


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A real server, its root key, and a dev server beside it."""
    directory = tmp_path_factory.mktemp("served")
    with serve(directory) as real, Served("dev", "--port", "0") as dev:
        yield real, root_key(directory), dev


def test_the_key_of_dev_opens_no_real_server_and_the_reverse(both):
    real, root, dev = both
    for pair in (Key("test", "test"), Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")):
        assert code(boto("sts", real.url, pair).get_caller_identity) in {"InvalidClientTokenId", "IncompleteSignature"}
    assert code(boto("sts", dev.url, root).get_caller_identity) == "InvalidClientTokenId"


def test_a_session_of_dev_opens_no_real_server(both):
    real, _, dev = both
    boto("iam", dev.url).create_role(RoleName="r", AssumeRolePolicyDocument=trust("arn:aws:iam::000000000000:root"))
    answer = boto("sts", dev.url).assume_role(RoleArn="arn:aws:iam::000000000000:role/r", RoleSessionName="shift")
    session = Key.of(answer["Credentials"])
    boto("sts", dev.url, session).get_caller_identity()
    assert code(boto("sts", real.url, session).get_caller_identity) == "InvalidClientTokenId"


@pytest.mark.parametrize("name", ["reset", "clock", "accounts"])
def test_a_real_server_has_no_paths_that_change_it_without_a_signature(both, name):
    real, root, _ = both
    with pytest.raises(OSError, match="404"):
        real.own(name, {})
    boto("sts", real.url, root).get_caller_identity()


def test_a_real_server_listens_on_no_address_that_others_reach(tmp_path):
    with pytest.raises(RuntimeError, match="can be reached from elsewhere"):
        Served("serve", "--data-dir", str(tmp_path), "--host", "0.0.0.0", "--port", "0")
