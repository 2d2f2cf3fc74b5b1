"""Several workers answer as one server; TLS carries an unmodified client; a stop loses nothing acknowledged."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import ssl
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tests.journeys import tls
from tests.journeys.clients import Key, boto
from tests.journeys.documents import trust
from tests.journeys.served import Served

WRITERS, ENOUGH = 4, 60


def serve(directory: Path, *more: str, **environment: str) -> Served:
    """`locum serve` on that data directory."""
    return Served("serve", "--data-dir", str(directory), "--port", "0", *more, environment=environment)


def root_key(directory: Path) -> Key:
    return Key.of(json.loads((directory / "root-key.json").read_text()))


def children(server: Served) -> list[int]:
    """The two workers of a server, once both are there."""
    process = server.process.pid
    for _ in range(1000):
        urllib.request.urlopen(f"{server.url}/_locum/health", timeout=60).close()
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        if len(found) == 2:
            return [int(one) for one in found]
    raise AssertionError(f"the server has {len(found)} workers, not two")


def test_what_one_worker_wrote_every_worker_answers(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as server:
        key = root_key(tmp_path)
        assert len(children(server)) == 2
        for number in range(20):
            boto("iam", server.url, key).create_user(UserName=f"user-{number}")
            assert boto("iam", server.url, key).get_user(UserName=f"user-{number}")
        assert server.stop() == 0


def test_both_workers_answer(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as server:
        first, second = children(server)
        answered = []
        for stopped in (first, second):
            os.kill(stopped, signal.SIGSTOP)
            answered.append(boto("sts", server.url, root_key(tmp_path)).get_caller_identity()["Arn"])
            os.kill(stopped, signal.SIGCONT)
        assert answered[0] == answered[1]


def test_a_worker_that_dies_is_replaced_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as server:
        key = root_key(tmp_path)
        acknowledged = set()
        for turn in range(4):
            os.kill(children(server)[0], signal.SIGKILL)
            for number in range(5):
                name = f"user-{turn}-{number}"
                try:
                    boto("iam", server.url, key).create_user(UserName=name)
                except (BotoCoreError, ClientError):
                    continue
                acknowledged.add(name)
        found = {user["UserName"] for user in boto("iam", server.url, key).list_users()["Users"]}
        assert len(acknowledged) >= 10
        assert acknowledged - found == set()
        assert server.stop() == 0


def test_workers_end_when_their_parent_is_gone(tmp_path: Path) -> None:
    server = serve(tmp_path, "--workers", "2")
    workers = [os.pidfd_open(one) for one in children(server)]
    server.kill()
    for worker in workers:
        signalled, _, _ = select.select([worker], [], [], 30)
        assert signalled == [worker]
        os.close(worker)


def test_the_master_key_from_the_environment_reaches_every_worker_and_stays_nowhere(tmp_path: Path) -> None:
    key = "0123456789abcdef" * 4
    with serve(tmp_path, "--workers", "2", LOCUM_MASTER_KEY=key) as server:
        assert boto("sts", server.url, root_key(tmp_path)).get_caller_identity()["Arn"].endswith(":root")
        os.kill(children(server)[0], signal.SIGKILL)
        assert boto("iam", server.url, root_key(tmp_path)).list_users()["Users"] == []
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and key.encode() in path.read_bytes()] == []
    with pytest.raises(RuntimeError, match="the directory is sealed"):
        serve(tmp_path)


def test_the_master_key_may_be_kept_in_a_file_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.key"
    elsewhere.touch(0o600)
    elsewhere.write_text("fedcba9876543210" * 4 + "\n")
    directory = tmp_path / "data"
    for _ in range(2):
        with serve(directory, "--master-key-file", str(elsewhere)) as server:
            assert boto("sts", server.url, root_key(directory)).get_caller_identity()
    assert not (directory / "master.key").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_boto3_works_over_tls_with_a_certificate_of_our_own(tmp_path: Path, workers: str) -> None:
    certificate, key = tls.make(tmp_path)
    directory = tmp_path / "data"
    options = ["--host", "0.0.0.0", "--workers", workers, "--tls-cert", str(certificate), "--tls-key", str(key)]
    with serve(directory, *options) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        root = root_key(directory)
        client = boto3.session.Session(root.id, root.secret, region_name="us-east-1").client(
            "iam", endpoint_url=url, verify=str(certificate), config=Config(retries={"total_max_attempts": 1})
        )
        client.create_role(RoleName="r", AssumeRolePolicyDocument=trust("arn:aws:iam::222222222222:root"))
        assert client.get_role(RoleName="r")["Role"]["RoleName"] == "r"
        with pytest.raises(BotoCoreError):
            boto("iam", url, root).list_roles()
        assert server.stop() == 0


def test_nothing_older_than_tls_1_2_is_spoken_and_nothing_in_clear(tmp_path: Path) -> None:
    certificate, key = tls.make(tmp_path)
    with serve(tmp_path / "data", "--tls-cert", str(certificate), "--tls-key", str(key)) as server:
        port = int(server.url.rpartition(":")[2])
        spoken = {}
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=str(certificate))
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            try:
                with (
                    socket.create_connection(("127.0.0.1", port)) as plain,
                    context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
                ):
                    spoken[version.name] = secure.version()
            except (ssl.SSLError, ConnectionError):
                spoken[version.name] = None
        assert spoken == {"TLSv1_1": None, "TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}
        with pytest.raises(OSError):
            urllib.request.urlopen(server.url.replace("https", "http") + "/_locum/health", timeout=10)


def test_a_renewed_certificate_is_taken_without_a_restart(tmp_path: Path) -> None:
    certificate, key = tls.make(tmp_path)
    with serve(tmp_path / "data", "--tls-cert", str(certificate), "--tls-key", str(key)) as server:
        port = int(server.url.rpartition(":")[2])
        before = ssl.get_server_certificate(("127.0.0.1", port))
        tls.make(tmp_path)
        server.process.send_signal(signal.SIGHUP)
        for _ in range(200):
            if ssl.get_server_certificate(("127.0.0.1", port)).split() == certificate.read_text().split():
                break
        shown = ssl.get_server_certificate(("127.0.0.1", port))
        assert shown.split() == certificate.read_text().split()
        assert shown.split() != before.split()


def forwarded(url: str, source: str) -> int:
    """The status of a health request that says it comes from elsewhere."""
    request = urllib.request.Request(f"{url}/_locum/health", headers={"X-Forwarded-For": source})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_only_the_configured_proxies_may_connect_in_clear(tmp_path: Path) -> None:
    with serve(tmp_path / "a", "--host", "0.0.0.0", "--behind-proxy", "127.0.0.1/32") as server:
        assert forwarded(server.url.replace("0.0.0.0", "127.0.0.1"), "203.0.113.7") == 200
    with serve(tmp_path / "b", "--host", "0.0.0.0", "--behind-proxy", "192.0.2.0/24") as server:
        assert forwarded(server.url.replace("0.0.0.0", "127.0.0.1"), "192.0.2.1") == 403


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path, workers: str) -> None:
    server = serve(tmp_path, "--workers", workers)
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
        for _ in range(ENOUGH):
            assert enough.acquire(timeout=60)
        status = server.stop()
        for each in written:
            each.result()
    assert status == 0
    assert not (tmp_path / "locum.db-wal").exists() or (tmp_path / "locum.db-wal").stat().st_size == 0
    with serve(tmp_path) as again:
        pages = boto("iam", again.url, key).get_paginator("list_users").paginate()
        found = {user["UserName"] for page in pages for user in page["Users"]}
    assert set(acknowledged) - found == set()
    assert len(found) - len(acknowledged) <= WRITERS


def test_the_server_leaves_no_core_and_no_file_for_others(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o700)
    with serve(tmp_path, "--workers", "2") as server:
        boto("iam", server.url, root_key(tmp_path)).create_user(UserName="a")
        for process in (server.process.pid, *children(server)):
            limits = Path(f"/proc/{process}/limits").read_text().splitlines()
            core = next(line for line in limits if line.startswith("Max core file size"))
            assert core.split()[4:6] == ["0", "0"]
            status = Path(f"/proc/{process}/status").read_text().splitlines()
            assert next(line for line in status if line.startswith("Umask")).split()[1] == "0077"
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")}
    assert {name: mode for name, mode in modes.items() if mode} == {}


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"cannot listen on 127.0.0.1 port {port}"):
            Served("serve", "--data-dir", str(tmp_path / "data"), "--port", str(port))
    assert not (tmp_path / "data").exists()


def test_a_stop_at_the_first_moment_is_a_clean_one(tmp_path: Path) -> None:
    for turn in range(3):
        server = serve(tmp_path, "--workers", "2" if turn else "1")
        assert server.stop() == 0
    with serve(tmp_path) as server:
        assert boto("sts", server.url, root_key(tmp_path)).get_caller_identity()


def test_no_process_is_left(tmp_path: Path) -> None:
    server = serve(tmp_path, "--workers", "2")
    workers = children(server)
    server.stop()
    assert [one for one in workers if Path(f"/proc/{one}").exists()] == []
