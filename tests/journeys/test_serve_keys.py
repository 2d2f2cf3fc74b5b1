"""Keys, roots and accounts are changed on the data directory while the server runs, and it follows with the next call.

The tests share one server of two workers; each works with a role of its own, because what is rotated is the server's.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.journeys.clients import Key
from tests.journeys.documents import allow, policy, trust
from tests.journeys.served import COMMAND, PATIENCE, Served, bare_environment

from locum.server.well_known import PAIRS


class Place:
    """A running server, its data directory, and what is done to it."""

    def __init__(self, server: Served, directory: Path) -> None:
        self.server = server
        self.directory = directory
        found = json.loads((directory / "root-key.json").read_text())
        self.account: str = found["AccountId"]
        self.root = Key.of(found)
        self._roles = 0
        self._models = boto3.session.Session(region_name="us-east-1")
        self._making = threading.Lock()

    def locum(self, *words: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
        """What a command on the data directory said."""
        return subprocess.run(
            [str(COMMAND), *words, "--data-dir", str(self.directory)],
            input=said,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=bare_environment(),
        )

    def done(self, *words: str, said: str | None = None) -> str:
        """What a command printed that must end well."""
        ran = self.locum(*words, said=said)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def iam(self, key: Key | None = None) -> Any:
        return self._client("iam", key or self.root)

    def sts(self, key: Key | None = None) -> Any:
        return self._client("sts", key or self.root)

    def _client(self, service: str, key: Key) -> Any:
        """A new client, and so a new connection; its models are read once."""
        with self._making:
            return self._models.client(
                service,
                endpoint_url=self.server.url,
                aws_access_key_id=key.id,
                aws_secret_access_key=key.secret,
                aws_session_token=key.token,
                config=Config(retries={"total_max_attempts": 1}),
            )

    def role(self) -> tuple[str, Key]:
        """A new role and the key of a user who may take it."""
        self._roles += 1
        name = f"role-{self._roles}"
        self.iam().create_user(UserName=name)
        self.iam().put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole")))
        key = Key.of(self.iam().create_access_key(UserName=name)["AccessKey"])
        self.iam().create_role(RoleName=name, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{self.account}:root"))
        return name, key

    def session(self, role: str, key: Key) -> Key:
        """A session of a role."""
        arn = f"arn:aws:iam::{self.account}:role/{role}"
        return Key.of(self.sts(key).assume_role(RoleArn=arn, RoleSessionName="shift")["Credentials"])

    def answer(self, key: Key) -> str:
        """Who that key is, or the code it is refused with. Asked often enough to meet both workers."""
        found = {self._once(key) for _ in range(6)}
        assert len(found) == 1, f"the workers disagree: {found}"
        return found.pop()

    def _once(self, key: Key) -> str:
        try:
            return self.sts(key).get_caller_identity()["Arn"]
        except ClientError as error:
            return error.response["Error"]["Code"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("served") / "data"
    with Served("serve", "--data-dir", str(directory), "--port", "0", "--workers", "2") as server:
        yield Place(server, directory)


def test_sessions_live_through_every_rotation(place: Place) -> None:
    role, user = place.role()
    sessions = [place.session(role, user)]
    for which in ("tokens", "data", "master", "tokens", "data", "tokens"):
        place.done("keys", "rotate", which)
        sessions.append(place.session(role, user))
        assert {place.answer(session) for session in sessions} == {
            f"arn:aws:sts::{place.account}:assumed-role/{role}/shift"
        }
        assert place.answer(user) == f"arn:aws:iam::{place.account}:user/{role}"


def test_keys_made_after_a_rotation_of_data_keys_work_with_every_worker(place: Place) -> None:
    place.done("keys", "rotate", "data")
    _, user = place.role()
    assert place.answer(user).startswith("arn:aws:iam::")
    status = json.loads(place.done("keys", "status", "--format", "json"))
    assert len([key for key in status["DataKeys"] if key["Purpose"] == "secret"]) == 1


def test_revoked_tokens_are_void_with_the_next_call_and_new_ones_are_not(place: Place) -> None:
    role, user = place.role()
    before = place.session(role, user)
    place.answer(before)
    place.done("keys", "revoke-tokens")
    assert place.answer(before) == "InvalidClientTokenId"
    assert place.answer(place.session(role, user)).endswith("/shift")


def test_tokens_of_one_key_are_void_and_others_live(place: Place) -> None:
    role, user = place.role()
    old = place.session(role, user)
    keys = json.loads(place.done("keys", "status", "--format", "json"))["TokenKeys"]
    number = next(key["Number"] for key in keys if key["State"] == "primary")
    place.done("keys", "rotate")
    new = place.session(role, user)
    place.done("keys", "revoke-tokens", "--key", str(number))
    assert (place.answer(old), place.answer(new).endswith("/shift")) == ("InvalidClientTokenId", True)


def test_one_token_is_denied_and_its_twin_lives(place: Place) -> None:
    role, user = place.role()
    one, other = place.session(role, user), place.session(role, user)
    assert "the token is void" in place.done("keys", "deny-token", said=f"{one.token}\n")
    assert "void already" in place.done("keys", "deny-token", said=one.token)
    assert (place.answer(one), place.answer(other).endswith("/shift")) == ("InvalidClientTokenId", True)


def test_ended_sessions_of_a_role_answer_that_they_expired_so_that_clients_renew(place: Place) -> None:
    role, user = place.role()
    other_role, other_user = place.role()
    mine, others = place.session(role, user), place.session(other_role, other_user)
    place.done("keys", "end-sessions", "--role", role)
    assert place.answer(mine) == "ExpiredToken"
    assert place.answer(others).endswith("/shift")
    assert place.answer(place.session(role, user)).endswith("/shift")


def test_ended_sessions_of_a_user_leave_his_key(place: Place) -> None:
    name, user = place.role()
    place.iam().put_user_policy(UserName=name, PolicyName="q", PolicyDocument=policy(allow("sts:*")))
    session = Key.of(place.sts(user).get_session_token()["Credentials"])
    assert place.answer(session) == place.answer(user)
    place.done("keys", "end-sessions", "--user", name)
    assert (place.answer(session), place.answer(user).endswith(name)) == ("ExpiredToken", True)


def test_tokens_issued_before_a_moment_are_void_and_later_ones_live(place: Place) -> None:
    role, user = place.role()
    session = place.session(role, user)
    place.done("keys", "revoke-tokens", "--before", "2026-01-01T00:00:00Z")
    assert place.answer(session).endswith("/shift")
    place.done("keys", "revoke-tokens", "--before", datetime.now(UTC).isoformat())
    assert place.answer(session) == "InvalidClientTokenId"
    assert place.answer(place.session(role, user)).endswith("/shift")


@pytest.mark.parametrize(("moment", "says"), [("2999-01-01T00:00:00Z", "still to come"), ("soon", "is not a moment")])
def test_tokens_that_are_still_to_come_cannot_be_void(place: Place, moment: str, says: str) -> None:
    ran = place.locum("keys", "revoke-tokens", "--before", moment)
    assert (ran.returncode, says in ran.stderr) == (2, True)


def test_clients_that_work_through_every_rotation_are_never_refused(place: Place) -> None:
    """Each makes keys and takes sessions, and uses both, until every rotation is over."""
    role, user = place.role()
    place.iam().put_user_policy(UserName=role, PolicyName="all", PolicyDocument=policy(allow("*")))
    over = threading.Event()
    refused: list[str] = []
    rounds: list[int] = []

    def work(number: int) -> None:
        count = 0
        while not over.is_set():
            name = f"{role}-{number}-{count}"
            place.iam(user).create_user(UserName=name)
            made = Key.of(place.iam(user).create_access_key(UserName=name)["AccessKey"])
            session = place.session(role, user)
            for one, wanted in ((made, f":user/{name}"), (session, f"/{role}/shift")):
                answer = place._once(one)
                if not answer.endswith(wanted):
                    refused.append(f"{name}: {answer}")
            count += 1
        rounds.append(count)

    with ThreadPoolExecutor(2) as pool:
        working = [pool.submit(work, number) for number in range(2)]
        for which in ("data", "tokens", "master") * 2:
            place.done("keys", "rotate", which)
        over.set()
        for each in working:
            each.result()
    assert refused == []
    assert min(rounds) > 0


@pytest.mark.parametrize(
    ("id", "secret"), [pair[:2] for pair in PAIRS], ids=[f"{at}-{one[0]}" for at, one in enumerate(PAIRS)]
)
def test_a_key_that_everybody_knows_opens_nothing(place: Place, id: str, secret: str) -> None:
    assert place.answer(Key(id, secret)) in {"InvalidClientTokenId", "IncompleteSignature"}


def test_an_account_is_added_beside_the_running_server(place: Place) -> None:
    added = json.loads(place.done("account", "add", "--format", "json"))
    path = Path(added["RootKeyFile"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert place.answer(Key.of(json.loads(path.read_text()))) == f"arn:aws:iam::{added['AccountId']}:root"
    listed = json.loads(place.done("account", "list", "--format", "json"))
    assert {one["AccountId"] for one in listed} >= {place.account, added["AccountId"]}


@pytest.mark.parametrize("number", ["000000000000", "12345678901", "１２３４５６７８９０１２"])
def test_an_account_that_is_everybodys_or_none_is_not_added(place: Place, number: str) -> None:
    ran = place.locum("account", "add", "--account-id", number)
    assert ran.returncode == 2
    assert not (place.directory / f"root-key-{number}.json").exists()


def test_a_recovered_root_key_replaces_the_lost_one_at_once(place: Place) -> None:
    number = json.loads(place.done("account", "add", "--format", "json"))["AccountId"]
    path = place.directory / f"root-key-{number}.json"
    lost = Key.of(json.loads(path.read_text()))
    answer = json.loads(place.done("root", "recover", "--account-id", number, "--format", "json"))
    found = Key.of(json.loads(path.read_text()))
    assert answer["Replaced"] == [lost.id]
    assert (place.answer(lost), place.answer(found)) == ("InvalidClientTokenId", f"arn:aws:iam::{number}:root")


def test_no_command_prints_a_secret(place: Place) -> None:
    said = [
        place.done("account", "add"),
        place.done("root", "recover", "--account-id", place.account),
        place.done("keys", "rotate", "master"),
        place.done("keys", "status", "--format", "json"),
    ]
    place.root = Key.of(json.loads((place.directory / f"root-key-{place.account}.json").read_text()))
    files = [*place.directory.glob("root-key*.json")]
    secrets = [json.loads(file.read_text())["SecretAccessKey"] for file in files]
    secrets.append((place.directory / "master.key").read_text().strip())
    assert [secret for secret in secrets if any(secret in text for text in said)] == []


def test_a_directory_without_a_store_is_not_made_into_one(tmp_path: Path) -> None:
    for words in (["keys", "status"], ["account", "add"], ["root", "recover"], ["keys", "rotate"]):
        ran = subprocess.run(
            [str(COMMAND), *words, "--data-dir", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            env=bare_environment(),
        )
        assert (ran.returncode, "there is no store" in ran.stderr) == (78, True)
    assert list(tmp_path.iterdir()) == []
