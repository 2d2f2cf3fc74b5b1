"""No planted secret and no token is in a log (at debug), an error, a crash, a record, a metric (rule K14, xK6, xT9).

Tries to break it with secrets in every place where a client can send one, and with every secret and token that the
server made itself; then the same while every call ends in a crash. The controls plant one line in the log, a secret
that shows itself, and a crash that says what it held. `LOCUM_SECRETS` sets how many rounds (160 for more than 1,000
secrets). There is no command that gathers a bundle for support, and so none is searched.
"""

from __future__ import annotations

import base64
import io
import logging
import os
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.served import Client, Credentials, ServedHouse, allow, request
from tests.unit.server.asgi import application, asked
from tests.unit.sts.phones import phone_of

from locum.audit.trail import FileTrail
from locum.aws.secret import Secret
from locum.server.logs import configure
from locum.store.engine import SqlStore, open_store
from locum.store.tx import Tx

ROUNDS = int(os.environ.get("LOCUM_SECRETS", "12"))


class Heard:
    """Everything that the server said besides the answers to whom a secret belongs."""

    def __init__(self, served: ServedHouse, directory: Path) -> None:
        self.served = served
        self.directory = directory
        self.log = io.StringIO()
        self.errors: list[bytes] = []
        self.secrets: set[str] = set()
        self.app = application(served)

    def ask(self, client: Client, action: str, **inputs: object) -> int:
        """Asks through the whole application; keeps what a refusal says."""
        signed = client.signed(request(action, inputs), action.partition(":")[0])
        answer = asked(self.app, signed)
        if answer.status != 200:
            self.errors.append(answer.body)
        return answer.status

    def found(self) -> set[str]:
        """The secrets that can be found, as they are, percent-encoded or in base64."""
        plain = msgspec.structs.replace(
            request("sts:GetCallerIdentity"), method="GET", path="/_locum/metrics", body=b""
        )
        heard = b"\n".join(
            [
                self.log.getvalue().encode(),
                *self.errors,
                asked(self.app, plain).body,
                *(path.read_bytes() for path in sorted(self.directory.rglob("*")) if path.is_file()),
            ]
        ).decode("utf-8", "replace")
        return {secret for secret in self.secrets if any(form.search(heard) for form in forms(secret))}


def forms(secret: str) -> Iterator[re.Pattern[str]]:
    """How a secret may be written. The six digits of a code count as a word of their own: a hash may hold any."""
    before, behind = ("(?<![0-9A-Za-z])", "(?![0-9A-Za-z])") if len(secret) < 8 else ("", "")
    for text in (secret, urllib.parse.quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")):
        yield re.compile(before + re.escape(text) + behind, re.ASCII)


@pytest.fixture
def heard(tmp_path):
    served, store = ServedHouse(), open_store(None)
    served.house.trail = FileTrail(tmp_path / "audit", store)
    found = Heard(served, tmp_path)
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    configure("json", "debug", stream=found.log)
    yield found
    root.handlers[:] = handlers
    root.setLevel(level)
    served.house.trail.close()
    store.close()
    served.close()


def planted(heard: Heard) -> None:
    """Secrets in every place: passwords, codes, assertions, wrong and right keys, tokens whole, broken and foreign."""
    served = heard.served
    everything = served.user("everything", allow("*"))
    role = served.role("app", allow("iam:*"))
    phone = phone_of(served, "everything")
    heard.secrets |= {everything.credentials.secret, served.admin.credentials.secret}
    for number in range(ROUNDS):
        password, assertion = (
            f"Pa55-{number:04d}-w0rd/ä",
            base64.b64encode(f"<assertion {number}/>".encode() * 9).decode(),
        )
        heard.secrets |= {password, assertion}
        heard.ask(everything, "iam:ChangePassword", OldPassword=password, NewPassword=password)
        heard.ask(everything, "iam:CreateLoginProfile", UserName="everything", Password=password)
        heard.ask(everything, "iam:UpdateLoginProfile", UserName="everything", Password=password)
        unknown = request("iam:CreateUser", body=f"Action=CreateUser&Version=2010-05-08&Secret={password}".encode())
        heard.errors.append(asked(heard.app, everything.signed(unknown, "iam")).body)
        heard.ask(everything, "iam:UploadServerCertificate", ServerCertificateName="a", PrivateKey=password)
        heard.ask(everything, "sts:AssumeRoleWithSAML", RoleArn=role, PrincipalArn=role, SAMLAssertion=assertion)
        heard.ask(
            everything, "sts:AssumeRoleWithWebIdentity", RoleArn=role, RoleSessionName="ab", WebIdentityToken=assertion
        )
        session = everything.assume(role, f"session-{number}")
        key, token = session.credentials, session.credentials.token
        assert token is not None
        heard.secrets |= {key.secret, token}
        for secret, sent in ((key.secret, token), ("wrong" + key.secret, token), (key.secret, token[:-8] + "AAAAAAAA")):
            heard.secrets |= {secret, sent}
            heard.ask(Client(served, Credentials(key.id, secret, sent)), "iam:CreateUser", UserName=f"user-{number}")
        made = session("iam:CreateAccessKey", UserName=f"user-{number}")["AccessKey"]["SecretAccessKey"]
        heard.secrets.add(made)
        presigned = msgspec.structs.replace(request("iam:ListUsers"), query=f"X-Amz-Security-Token={token}&x={made}")
        heard.errors.append(asked(heard.app, presigned).body)
    code = phone.code()
    heard.secrets |= {code}
    heard.ask(everything, "sts:GetSessionToken", SerialNumber=phone.serial, TokenCode=code)
    heard.ask(everything, "sts:GetSessionToken", SerialNumber=phone.serial, TokenCode=code)
    served.house.trail.flush()


class Crashing:
    """A store whose steps are done and then end in an error that nobody expects, once there is a `fault`."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.fault: Callable[[object], Exception] | None = None

    def read(self, step: Callable[[Tx], Any]) -> Any:
        result = self._store.read(step)
        return self._crash(result) if isinstance(result, Mapping) else result  # what precedes a write is no crash

    def write(self, step: Callable[[Tx], Any]) -> Any:
        return self._crash(self._store.write(step))

    def _crash(self, result: object) -> object:
        if self.fault is not None:
            raise self.fault(result)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


#: what makes a secret, and what is asked for in each round
MAKES: Mapping[str, Mapping[str, str]] = {
    "iam:CreateAccessKey": {"UserName": "crashing-{}"},
    "iam:CreateVirtualMFADevice": {"VirtualMFADeviceName": "crashing-{}"},
    "sts:AssumeRole": {"RoleArn": "arn:aws:iam::111122223333:role/crashed", "RoleSessionName": "crash-{}"},
    "sts:GetSessionToken": {},
}
SHOWN = ("SecretAccessKey", "SessionToken", "Base32StringSeed")


def crashed(heard: Heard, fault: Callable[[object], Exception]) -> int:
    """Makes keys, seeds and sessions of which each crashes when it is made; how many crashes were told in the log."""
    served = heard.served
    caller, role = served.user("crashing", allow("*")), served.role("crashed", allow("*"))
    heard.secrets.add(caller.credentials.secret)
    store = served.house.store = Crashing(served.house.store)
    for number in range(ROUNDS):
        served.admin("iam:CreateUser", UserName=f"crashing-{number}")
        for action, inputs in MAKES.items():
            chained = number % 2 and action != "sts:GetSessionToken"  # which a session may not ask for
            client = caller.assume(role) if chained else caller
            heard.secrets |= {client.credentials.secret} | ({client.credentials.token} - {None})
            store.fault = lambda result: heard.secrets.update(made(result)) or fault(result)
            heard.ask(client, action, **{name: value.format(number) for name, value in inputs.items()})
            store.fault = None
    return heard.log.getvalue().count("Traceback")


def made(result: object) -> set[str]:
    """The secrets in what an operation has made."""
    if not isinstance(result, Mapping):
        return set()
    shown = {value for name, value in result.items() if name in SHOWN}
    return {text.decode() if isinstance(text, bytes) else text for text in shown}.union(*map(made, result.values()))


def disk(result: object) -> Exception:
    """A crash as there are: it says what it was about, and holds what was made in its variables."""
    return RuntimeError("the disk is on fire")


def test_no_secret_is_heard(heard):
    planted(heard)
    assert len(heard.secrets) > 5 * ROUNDS
    print(f"{len(heard.secrets)} secrets planted: {len(heard.found())} heard")
    assert heard.found() == set()


def test_no_secret_is_heard_in_a_crash(heard):
    crashes = crashed(heard, disk)
    print(f"{crashes} crashes with {len(heard.secrets)} secrets: {len(heard.found())} heard")
    assert crashes == len(MAKES) * ROUNDS
    assert len(heard.secrets) > crashes
    assert heard.found() == set()


def test_control_a_crash_that_says_what_it_held_is_found(heard):
    crashed(heard, lambda result: RuntimeError(f"the disk is on fire with {result}"))
    assert len(heard.found()) >= len(MAKES) * ROUNDS


def test_a_secret_that_is_logged_by_mistake_does_not_show(heard):
    heard.secrets.add("a-secret-of-forty-characters-0123456789a")
    logging.getLogger("locum.server").error("with %s", Secret("a-secret-of-forty-characters-0123456789a"))
    assert (heard.found(), "Secret(…)" in heard.log.getvalue()) == (set(), True)


def test_control_a_secret_that_is_a_plain_text_shows(heard):
    heard.secrets.add("a-secret-of-forty-characters-0123456789a")
    logging.getLogger("locum.server").error("with %s", Shown("a-secret-of-forty-characters-0123456789a"))
    assert heard.found() == heard.secrets


class Shown(str):
    """The planted fault: a secret that is a text like any other."""


def test_control_one_planted_line_is_found(heard):
    planted(heard)
    shortest, longest = sorted(heard.secrets, key=len)[:: len(heard.secrets) - 1]  # a code, and a token or assertion
    for secret in (shortest, longest):
        logging.getLogger("locum.server").debug("it came with %s", secret)
    assert heard.found() == {shortest, longest}
