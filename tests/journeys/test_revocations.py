"""What is revoked counts for every request that is sent after the acknowledgement, while clients hammer (R11, xT5).

One node, five kinds: an access key is deleted, a policy is detached, a role is deleted, the sessions of a role are
ended, a token key is destroyed. The last two are done as their commands do them: by another process on the data
directory. `LOCUM_REVOCATIONS` sets how many there are of all kinds (10,000 in full). The controls are servers that
remember too long, and the same hammering finds that out.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.journeys import faulty
from tests.journeys.clients import Key
from tests.journeys.documents import allow, policy, trust
from tests.journeys.raw import Raw, Signing
from tests.journeys.served import COMMAND, Served

from locum.server import token_rules
from locum.server.house import SystemMint
from locum.store import masterkey
from locum.store.engine import SqlStore, open_store

REVOCATIONS = int(os.environ.get("LOCUM_REVOCATIONS", "50"))
HAMMERS = 3
#: requests that each client sends after the acknowledgement
AFTER = 3
VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
NAMED = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
ELEMENTS = "Code|AccessKeyId|SecretAccessKey|SessionToken|Base32StringSeed|RequestId"
_ELEMENT = re.compile(rf"<({ELEMENTS})>([^<]*)</", re.ASCII)

WHO, LIST = ("sts", "GetCallerIdentity"), ("iam", "ListUsers")
INVALID = "InvalidClientTokenId"


class Wire(threading.local):
    """One connection for each thread, to one server."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self._host = parts.netloc
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=60)

    def ask(self, key: Key, service: str, action: str, **inputs: str) -> Mapping[str, str]:
        """The elements that count of the answer to a signed call; of a success, no `Code`."""
        asked = {"Action": action, "Version": VERSIONS[service], **inputs}
        signing = Signing(host=self._host, key_id=key.id, secret=key.secret, token=key.token, service=service)
        request = signing.header(Raw(body=urllib.parse.urlencode(asked).encode()))
        self._connection.request(request.method, request.path, request.body, dict(request.headers))
        return dict(_ELEMENT.findall(self._connection.getresponse().read().decode()))

    def done(self, key: Key, service: str, action: str, **inputs: str) -> Mapping[str, str]:
        """The same of a call that must succeed."""
        answer = self.ask(key, service, action, **inputs)
        assert "Code" not in answer, f"{action}: {answer}"
        return answer


class Node:
    """A running server, its root, and its data directory as another process opens it."""

    def __init__(self, server: Served, directory: Path, store: SqlStore) -> None:
        found = json.loads((directory / "root-key.json").read_text())
        self.account: str = found["AccountId"]
        self.root = Key.of(found)
        self.wire = Wire(server.url)
        self.server = server
        self.store = store
        self.directory = directory
        self._numbers = count()

    def iam(self, action: str, **inputs: str) -> Mapping[str, str]:
        """What root's call answers, which must succeed."""
        return self.wire.done(self.root, "iam", action, **inputs)

    def new_user(self) -> tuple[str, Key]:
        """A new user and its key."""
        name = f"user-{next(self._numbers)}"
        self.iam("CreateUser", UserName=name)
        made = self.iam("CreateAccessKey", UserName=name)
        return name, Key(made["AccessKeyId"], made["SecretAccessKey"])

    def new_role(self) -> str:
        """A new role that everybody in the account may take who has the right to."""
        name = f"role-{next(self._numbers)}"
        trusted = trust(f"arn:aws:iam::{self.account}:root")
        self.iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=trusted)
        return name

    def session(self, role: str, user: Key) -> Key:
        """A session of a role."""
        arn = f"arn:aws:iam::{self.account}:role/{role}"
        made = self.wire.done(user, "sts", "AssumeRole", RoleArn=arn, RoleSessionName="shift")
        return Key(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@contextmanager
def node(
    directory: Path,
    *more: str,
    command: Sequence[str] = (str(COMMAND),),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Node]:
    """A server without limits of its rate, on a new data directory."""
    words = ("serve", "--data-dir", str(directory), "--port", "0", "--source-rate", "0", "--key-rate", "0")
    with Served(*words, *more, command=command, environment=environment) as server:
        store = open_store(directory / "locum.db", masterkey.read_file(directory / "master.key"))
        try:
            yield Node(server, directory, store)
        finally:
            store.close()


class Trial(NamedTuple):
    """A credential, what is asked with it, what ends it, and how it is refused from then on."""

    key: Key
    asked: tuple[str, str]
    revoke: Callable[[], object]
    refused: str


def deleted_key(node: Node) -> Iterator[Trial]:
    name, key = node.new_user()
    while True:
        named = {"UserName": name, "AccessKeyId": key.id}
        yield Trial(key, WHO, lambda named=named: node.iam("DeleteAccessKey", **named), INVALID)
        made = node.iam("CreateAccessKey", UserName=name)
        key = Key(made["AccessKeyId"], made["SecretAccessKey"])


def detached_policy(node: Node) -> Iterator[Trial]:
    name, key = node.new_user()
    named = {"UserName": name, "PolicyArn": NAMED}
    while True:
        node.iam("AttachUserPolicy", **named)
        yield Trial(key, LIST, lambda: node.iam("DetachUserPolicy", **named), "AccessDenied")


def taker(node: Node) -> Key:
    """The key of a user who may take every role."""
    name, key = node.new_user()
    node.iam("PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole")))
    return key


def deleted_role(node: Node) -> Iterator[Trial]:
    user = taker(node)
    while True:
        role = node.new_role()
        yield Trial(node.session(role, user), WHO, lambda role=role: node.iam("DeleteRole", RoleName=role), INVALID)


def ended_sessions(node: Node) -> Iterator[Trial]:
    user, role = taker(node), node.new_role()

    def end() -> None:
        node.store.write(token_rules.end_sessions(node.account, role=role, now=datetime.now(UTC)))

    while True:
        yield Trial(node.session(role, user), WHO, end, "ExpiredToken")


def destroyed_key(node: Node) -> Iterator[Trial]:
    user, role = taker(node), node.new_role()

    def destroy() -> None:
        primary = next(key.number for key in node.store.token_keys() if key.state == "primary")
        node.store.write(token_rules.revoke(SystemMint(), datetime.now(UTC), number=primary))

    while True:
        yield Trial(node.session(role, user), WHO, destroy, INVALID)


KINDS: Mapping[str, Callable[[Node], Iterator[Trial]]] = {
    "a key is deleted": deleted_key,
    "a policy is detached": detached_policy,
    "a role is deleted": deleted_role,
    "sessions are ended": ended_sessions,
    "a token key is destroyed": destroyed_key,
}


def late_answers(node: Node, trial: Trial, pool: ThreadPoolExecutor) -> list[str]:
    """The answers to requests that were sent after the acknowledgement, `allowed` or a code, while the credential was
    hammered from before the revocation until after it."""
    gone = threading.Event()
    busy = threading.Barrier(HAMMERS + 1)

    def hammer() -> list[str]:
        first = node.wire.ask(trial.key, *trial.asked)
        busy.wait(60)
        assert "Code" not in first, f"refused before it was revoked: {first}"
        late: list[str] = []
        while len(late) < AFTER:
            after = gone.is_set()
            answer = node.wire.ask(trial.key, *trial.asked).get("Code", "allowed")
            if after:
                late.append(answer)
        return late

    hammering = [pool.submit(hammer) for _ in range(HAMMERS)]
    busy.wait(60)
    try:
        trial.revoke()
    finally:
        gone.set()
    return [answer for one in hammering for answer in one.result()]


def let_in(node: Node, kind: str, number: int) -> tuple[int, list[str]]:
    """(requests sent after an acknowledgement, the answers among theirs that should not have been) of so many
    revocations of one kind."""
    trials = KINDS[kind](node)
    sent, wrong = 0, []
    with ThreadPoolExecutor(HAMMERS) as pool:
        for _ in range(number):
            trial = next(trials)
            late = late_answers(node, trial, pool)
            sent += len(late)
            wrong += [answer for answer in late if answer != trial.refused]
    return sent, wrong


@pytest.fixture(scope="module", params=["1", "2"], ids=["one worker", "two workers"])
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node(tmp_path_factory.mktemp("sound") / "data", "--workers", request.param) as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_accepted_that_was_sent_after_the_acknowledgement(sound: Node, kind: str) -> None:
    number = max(1, REVOCATIONS // len(KINDS) // 2)
    sent, wrong = let_in(sound, kind, number)
    print(f"{kind}: {number} revocations, {sent} requests sent after the acknowledgement, {len(wrong)} accepted")
    assert sent >= number * HAMMERS * AFTER
    assert wrong == []


@pytest.fixture(scope="module", params=["stale", "unkeyed"])
def remembering(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Node]]:
    """A server that keeps what it read, or what it derived whatever the generation, once its fault is armed."""
    folder = tmp_path_factory.mktemp(request.param)
    command, when = faulty.command(request.param), {faulty.WHEN: str(folder / "armed")}
    with node(folder / "data", command=command, environment=when) as running:
        yield request.param, running


#: what a cache of derived answers alone has a part in
DERIVED = {"a policy is detached", "a token key is destroyed"}


@pytest.mark.parametrize("kind", KINDS)
def test_control_a_server_that_remembers_too_long_is_found(remembering: tuple[str, Node], kind: str) -> None:
    fault, running = remembering
    armed = running.directory.parent / "armed"
    armed.unlink(missing_ok=True)
    trial = next(KINDS[kind](running))
    armed.touch()
    with ThreadPoolExecutor(HAMMERS) as pool:
        late = late_answers(running, trial, pool)
    assert ("allowed" in late) is (fault == "stale" or kind in DERIVED)
