"""A Locum without a socket: the house of `locum dev`, requests signed as clients sign them, answers read by botocore.

Law: real code from the HTTP message to the answer; only time and randomness are arguments. The real clock stands still
until a test moves it, and the mint gives the same octets in every run.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import msgspec

from locum import sigv4
from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.http import Headers, Request, Response
from locum.server import operations
from locum.server.accounts import Pair, add_account
from locum.server.answer import admit, answer, refused
from locum.server.development import Development, Settings
from locum.server.hashing import Argon2, Cost
from locum.server.house import Clocks
from locum.server.own import Own

assert operations.MODULES

ACCOUNT, OTHER = "111122223333", "444455556666"
NOW = datetime(2026, 11, 23, 19, 0, 0, tzinfo=UTC)
REQUEST_ID = "00000000-0000-4000-8000-000000000000"
HOST = "127.0.0.1:4566"
FORM = "application/x-www-form-urlencoded; charset=utf-8"

_LOADER = botocore.loaders.Loader()
MODELS = {
    name: botocore.model.ServiceModel(_LOADER.load_service_model(name, "service-2"))
    for name in ("iam", "sts", "organizations")
}
_SERIALIZERS = {
    name: botocore.serialize.create_serializer(name, include_validation=False) for name in ("query", "json")
}
_PARSERS = {name: botocore.parsers.create_parser(name) for name in ("query", "json")}


class StandingClock:
    """Real time, as far as these tests are concerned."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class CountingMint:
    """Octets that are never the same and always the same in the next run."""

    def __init__(self) -> None:
        self._next = 0

    def octets(self, count: int) -> bytes:
        self._next += 1
        return self._next.to_bytes(count, "big")[::-1]


class Answer(msgspec.Struct, frozen=True):
    """What came back: status, error code (empty for a success), sentence, and the members that botocore read."""

    status: int
    code: str
    message: str
    result: Mapping[str, Any]
    response: Response

    def __getitem__(self, member: str) -> Any:
        return self.result[member]


class Credentials(msgspec.Struct, frozen=True):
    """A key to sign with, as an answer showed it."""

    id: str
    secret: str
    token: str | None = None

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> Credentials:
        """The credentials in `AccessKey` of CreateAccessKey or in `Credentials` of STS."""
        return cls(shown["AccessKeyId"], shown["SecretAccessKey"], shown.get("SessionToken"))


def form(action: str, inputs: Mapping[str, Any]) -> bytes:
    """The body of a call as botocore writes it."""
    return _written(action, inputs)[1]


def request(action: str, inputs: Mapping[str, Any] | None = None, *more: tuple[str, str], body: bytes = b"") -> Request:
    """A call that is not signed; `body` replaces the one that the inputs give."""
    written, octets = _written(action, inputs or {})
    headers: Headers = (("host", HOST), *written, ("user-agent", "a test"), *more)
    return Request("POST", "/", "", headers, body or octets, peer="192.0.2.7")


def _written(action: str, inputs: Mapping[str, Any]) -> tuple[Headers, bytes]:
    service, _, name = action.partition(":")
    model = MODELS[service]
    serializer = _SERIALIZERS[model.protocol]
    made = serializer.serialize_to_request(dict(inputs), model.operation_model(name))
    if model.protocol == "query":
        return (("content-type", FORM),), urllib.parse.urlencode(made["body"], doseq=True).encode()
    return tuple((name.lower(), value) for name, value in made["headers"].items()), made["body"]


class Client:
    """Somebody with a key."""

    def __init__(self, house: ServedHouse, credentials: Credentials) -> None:
        self.house = house
        self.credentials = credentials

    def signed(
        self, plain: Request, service: str, *, region: str = "us-east-1", now: datetime | None = None
    ) -> Request:
        """The request under this key's signature, at the house's real time unless given."""
        key = self.credentials
        signer = sigv4.Signer(key.id, Secret(key.secret), region, service, key.token)
        return sigv4.sign(plain, signer, now=now or self.house.real.now)

    def ask(self, action: str, /, *more: tuple[str, str], **inputs: Any) -> Answer:
        """The answer to a call."""
        return self.house.answer(self.signed(request(action, inputs, *more), action.partition(":")[0]), action)

    def __call__(self, action: str, /, **inputs: Any) -> Answer:
        """The answer to a call that must succeed."""
        found = self.ask(action, **inputs)
        if found.code:
            raise AssertionError(f"{action} was refused: {found.code}: {found.message}")
        return found

    def assume(self, role: str, name: str = "session", **inputs: Any) -> Client:
        """A session of a role."""
        answer = self("sts:AssumeRole", RoleArn=role, RoleSessionName=name, **inputs)
        return Client(self.house, Credentials.of(answer["Credentials"]))


class ServedHouse:
    """Two accounts, each with an administrator and root, in a `locum dev` of its own."""

    def __init__(self, *, now: datetime = NOW) -> None:
        self.real = StandingClock(now)
        settings = Settings.of(
            host="127.0.0.1",
            port=4566,
            account=ACCOUNT,
            admin_key="AKIDADMIN0000001:admin-secret",
            root_key="AKIDROOT00000001:root-secret",
            region="us-east-1",
        )
        self.development = Development(settings, clocks=Clocks(self.real), mint=CountingMint())
        self.house = self.development.house
        self.house.hashing = Argon2(Cost(memory=64))
        self.own = Own(self.house, self.development)
        self.admin = Client(self, Credentials("AKIDADMIN0000001", "admin-secret"))
        self.root = Client(self, Credentials("AKIDROOT00000001", "root-secret"))
        add_account(
            self.house,
            OTHER,
            admin=Pair("AKIDADMIN0000002", Secret("admin-secret-2")),
            root=Pair("AKIDROOT00000002", Secret("root-secret-2")),
        )
        self.other_admin = Client(self, Credentials("AKIDADMIN0000002", "admin-secret-2"))
        self.other_root = Client(self, Credentials("AKIDROOT00000002", "root-secret-2"))

    def user(self, name: str, *policies: Mapping[str, Any], admin: Client | None = None, **inputs: Any) -> Client:
        """A new user with these inline policies' statements, and a key."""
        admin = admin or self.admin
        admin("iam:CreateUser", UserName=name, **inputs)
        if policies:
            admin("iam:PutUserPolicy", UserName=name, PolicyName="own", PolicyDocument=document(*policies))
        return Client(self, Credentials.of(admin("iam:CreateAccessKey", UserName=name)["AccessKey"]))

    def role(
        self, name: str, *policies: Mapping[str, Any], trust: Any = None, admin: Client | None = None, **inputs: Any
    ) -> str:
        """A new role with these inline policies' statements; its ARN. It trusts its own account unless told."""
        admin = admin or self.admin
        account = OTHER if admin in (self.other_admin, self.other_root) else ACCOUNT
        trusted = trust if isinstance(trust, str) else document(*(trust or [trusting(account)]))
        made = admin("iam:CreateRole", RoleName=name, AssumeRolePolicyDocument=trusted, **inputs)
        if policies:
            admin("iam:PutRolePolicy", RoleName=name, PolicyName="own", PolicyDocument=document(*policies))
        arn: str = made["Role"]["Arn"]
        return arn

    def answer(self, asked: Request, action: str = "") -> Answer:
        """The answer to a request, as botocore reads it."""
        return parsed(self.respond(asked), action)

    def respond(self, asked: Request, request_id: str = REQUEST_ID) -> Response:
        """The answer to a request, as the server's rim would get it."""
        try:
            admitted = admit(asked, shortest_key_id=self.house.verification.shortest_key_id)
        except Refusal as refusal:
            service = refusal.facts.get("service")
            return refused(refusal, service if isinstance(service, str) else None, request_id)
        return answer(admitted, self.house, request_id)

    def real_time_passes(self, **by: float) -> None:
        """Both clocks go on: `real_time_passes(minutes=6)`."""
        self.real.now += timedelta(**by)

    def sessions_age(self, **by: float) -> None:
        """Only the clock of sessions goes on, as `/_locum/clock` makes it."""
        self.house.clocks.advance(timedelta(**by))

    def close(self) -> None:
        """Lets go of the store."""
        self.house.store.close()
        self.house.activity.close()


def parsed(response: Response, action: str = "") -> Answer:
    """An answer as botocore reads it."""
    service, _, name = action.partition(":")
    shape = MODELS[service].operation_model(name).output_shape if action and response.status < 300 else None
    read = _PARSERS[MODELS[service].protocol if service else "query"].parse(
        {"body": response.body, "headers": dict(response.headers), "status_code": response.status}, shape
    )
    error = read.pop("Error", {})
    read.pop("ResponseMetadata", None)
    return Answer(response.status, error.get("Code", ""), error.get("Message", ""), read, response)


def document(*statements: Mapping[str, Any]) -> str:
    """A policy of these statements."""
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": list(statements)}).decode()


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement that denies."""
    return {"Effect": "Deny", "Action": list(actions), "Resource": on, **more}


def trusting(*principals: str, actions: tuple[str, ...] = ("sts:AssumeRole",), **more: Any) -> dict[str, Any]:
    """A statement of a trust policy that lets these AWS principals in."""
    return {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": list(actions), **more}
