"""Every error sentence of AWS's IAM and STS that Locum can be brought to say is said with AWS's code, status and type.

The rows of `tests/cases/wire/error-sentences.json` are provoked one by one on one served Locum, by an unmodified client
where a client can be brought to send it. Each row of the product's own table stands there, provoked or with a reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyotp
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.journeys.clients import ADMIN, Key, boto
from tests.journeys.documents import allow, deny, policy
from tests.journeys.raw import Raw, Signing, send
from tests.journeys.served import Served

import locum.server.operations
from locum.call import OPERATIONS

assert locum.server.operations.MODULES  # the import declares what is performed

ROOT = Path(__file__).parents[2]
ROWS = json.loads((ROOT / "tests" / "cases" / "wire" / "error-sentences.json").read_text())["rows"]
TABLE = json.loads((ROOT / "src" / "locum" / "aws" / "data" / "error-messages.json").read_text())["rows"]
ACCOUNT = "111111111111"
TRIES = [(row, tried) for row in ROWS for tried in row.get("tries", ())]
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
FULL = policy(allow("*"))


class House:
    """One served Locum, the account that the rows ask about, and the keys of those who ask."""

    def __init__(self, served: Served) -> None:
        self.url = served.url
        self.iam = boto("iam", served.url)
        self.keys = {"admin": ADMIN, "stranger": Key("AKIAIOSFODNN7EXAMPLE", "s" * 40)}
        self._entities()
        self._devices()
        self.member = self._member()
        self.keys["expired"] = self._session("expired", seconds=900)
        served.advance(901)
        self.keys["session"] = self._session("session")
        self.keys["narrow"] = self._session("narrow", Policy=policy(allow("s3:*")))
        self.keys["shut"] = self._session("shut", Policy=policy(allow("*"), deny("iam:GetUser")))
        team = [{"Key": "team", "Value": "red"}]
        self.keys["tagged"] = self._session("tagged", Tags=team, TransitiveTagKeys=["team"])
        real = self.keys["session"]
        self.keys["false token"] = Key(real.id, real.secret, "FwoGZXIvYXdzE" * 8)

    def _entities(self) -> None:
        iam = self.iam
        everybody = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        statement = {"Effect": "Allow", "Principal": everybody, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        for name in ("open", "inlined", "attached"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(statement))
        iam.attach_role_policy(RoleName="open", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        iam.put_role_policy(RoleName="inlined", PolicyName="p", PolicyDocument=FULL)
        iam.attach_role_policy(RoleName="attached", PolicyArn=READ_ONLY)
        for name in ("inlined", "attached"):
            iam.create_user(UserName=name)
            iam.create_group(GroupName=name)
        iam.put_user_policy(UserName="inlined", PolicyName="p", PolicyDocument=FULL)
        iam.put_group_policy(GroupName="inlined", PolicyName="p", PolicyDocument=FULL)
        iam.attach_user_policy(UserName="attached", PolicyArn=READ_ONLY)
        iam.attach_group_policy(GroupName="attached", PolicyArn=READ_ONLY)
        full = iam.create_policy(PolicyName="full", PolicyDocument=FULL)["Policy"]["Arn"]
        for _ in range(4):
            iam.create_policy_version(PolicyArn=full, PolicyDocument=FULL)
        iam.create_instance_profile(InstanceProfileName="held")
        iam.add_role_to_instance_profile(InstanceProfileName="held", RoleName="open")
        iam.create_user(UserName="signing")
        iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")
        iam.create_login_profile(UserName="signing", Password="a-long-password")
        iam.create_user(UserName="serviced")
        made = iam.create_service_specific_credential(UserName="serviced", ServiceName="codecommit.amazonaws.com")
        self.credential = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
        self._user("keyed")
        iam.create_access_key(UserName="keyed")
        self._user("nobody")
        self._user("barred", policy(allow("*"), deny("iam:GetUser")))
        self._user("bounded", FULL, boundary=policy(allow("s3:*")))
        self._user("fenced", FULL, boundary=policy(allow("*"), deny("iam:GetUser")))
        self._user("armed", FULL)

    def _member(self) -> str:
        """An account of this account's organization, whose SCPs deny one call and are silent about another."""
        organizations = boto("organizations", self.url)
        organizations.create_organization()
        root = organizations.list_roots()["Roots"][0]["Id"]
        organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        request = organizations.create_account(Email="m@example.com", AccountName="m")["CreateAccountStatus"]["Id"]
        status = organizations.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]
        account: str = status["AccountId"]
        content = policy(allow("iam:List*"), deny("iam:ListUsers"))
        made = organizations.create_policy(Name="n", Description="", Type="SERVICE_CONTROL_POLICY", Content=content)[
            "Policy"
        ]["PolicySummary"]
        organizations.attach_policy(PolicyId=made["Id"], TargetId=account)
        organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=account)
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        session = boto("sts", self.url).assume_role(RoleArn=role, RoleSessionName="member")
        self.keys["member"] = Key.of(session["Credentials"])
        return account

    def _user(self, name: str, document: str | None = None, boundary: str | None = None) -> None:
        """A user with a key and, when given, an inline policy and a boundary."""
        limits = {}
        if boundary is not None:
            arn = self.iam.create_policy(PolicyName=f"limit-of-{name}", PolicyDocument=boundary)["Policy"]["Arn"]
            limits = {"PermissionsBoundary": arn}
        self.iam.create_user(UserName=name, **limits)
        self.keys[name] = Key.of(self.iam.create_access_key(UserName=name)["AccessKey"])
        if document is not None:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)

    def _devices(self) -> None:
        self.iam.create_user(UserName="guarded")
        self.iam.create_virtual_mfa_device(VirtualMFADeviceName="free")
        shown: set[str] = set()
        for name in ("armed", "guarded"):
            device = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
            seed = pyotp.TOTP(device["Base32StringSeed"].decode())
            now = datetime.now(UTC).timestamp()
            first, second = seed.at(now - 30), seed.at(now)
            self.iam.enable_mfa_device(
                UserName=name,
                SerialNumber=device["SerialNumber"],
                AuthenticationCode1=first,
                AuthenticationCode2=second,
            )
            shown |= {seed.at(now + 30 * step) for step in range(-20, 200)}
        self.wrong_code = next(code for code in map("{:06}".format, range(1000)) if code not in shown)

    def _session(self, name: str, seconds: int = 3600, **inputs: Any) -> Key:
        """The key of a session of the role that everybody may assume."""
        sts = boto("sts", self.url)
        role = f"arn:aws:iam::{ACCOUNT}:role/open"
        made = sts.assume_role(RoleArn=role, RoleSessionName=name, DurationSeconds=seconds, **inputs)
        return Key.of(made["Credentials"])

    @cache  # noqa: B019  lives as long as the house
    def client(self, service: str, who: str) -> Any:
        """A client of theirs that leaves judging what it sends to the server."""
        return boto(service, self.url, self.keys[who], parameter_validation=False)

    def answer(self, tried: dict[str, Any]) -> tuple[int, str, str, str]:
        """Status, type, code and message of what a try provokes."""
        return self._raw(tried) if "body" in tried else self._called(tried)

    def _called(self, tried: dict[str, Any]) -> tuple[int, str, str, str]:
        service, _, operation = tried["call"].partition(":")
        inputs = self.filled(tried["inputs"])
        with pytest.raises(ClientError) as refused:
            getattr(self.client(service, tried["as"]), xform_name(operation))(**inputs)
        answer = refused.value.response
        error = answer["Error"]
        return answer["ResponseMetadata"]["HTTPStatusCode"], error["Type"], error["Code"], error["Message"]

    def _raw(self, tried: dict[str, Any]) -> tuple[int, str, str, str]:
        host = self.url.removeprefix("http://")
        raw = Raw(body=tried["body"].encode())
        if tried["as"] == "nobody at all":
            answer = send(host, raw.having("host", host))
        else:
            key = self.keys[tried["as"]]
            answer = send(host, Signing(host, key.id, key.secret, service=tried["service"]).header(raw))
        status, code, message = answer.error
        kind = re.search(rb"<Type>([A-Za-z]+)</Type>", answer.body)
        assert kind is not None
        return status, kind[1].decode(), code, message

    def filled(self, value: Any) -> Any:
        """Inputs with what only this account knows."""
        if isinstance(value, dict):
            return {name: self.filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str):
            known = {
                "account": ACCOUNT,
                "wrong code": self.wrong_code,
                "credential": self.credential,
                "member": self.member,
            }
            for name, text in known.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        return value


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with Served("dev", "--port", "0", "--account-id", ACCOUNT) as served:
        yield House(served)


@pytest.mark.parametrize(
    ("row", "tried"), TRIES, ids=[f"{row['id']}-{tried.get('call') or tried['body'][-20:]}" for row, tried in TRIES]
)
def test_a_sentence_of_aws_is_said_word_for_word(house: House, row: dict[str, Any], tried: dict[str, Any]) -> None:
    values = house.filled(tried.get("values", {}))
    assert set(re.findall(r"\{([a-zA-Z ]+)\}", row["message"])) == set(values)
    message = row["message"]
    for name, value in values.items():
        message = message.replace(f"{{{name}}}", value)
    assert house.answer(tried) == (row["http"], row["type"], row["code"], message)


def test_every_sentence_of_iam_and_sts_is_provoked_or_says_why_it_cannot_be() -> None:
    def essence(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(str(row[name]) for name in ("service", "code", "http", "type", "message", "condition", "source"))

    assert {essence(row) for row in ROWS} == {essence(row) for row in TABLE if row["service"] in ("iam", "sts", "any")}
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert all(("tries" in row) != bool(row.get("unreached")) for row in ROWS)


def test_a_row_is_left_out_as_not_performed_only_when_it_is_not() -> None:
    performed = {name.partition(":")[2] for name in OPERATIONS}
    left = [row for row in ROWS if row.get("unreached") == "no operation of this row is performed yet"]
    assert not [row["id"] for row in left if performed & set(row["operations"])]


# What takes a response that an identity provider has signed: tests/unit/sts/test_saml.py provokes its sentences.
SIGNED_ELSEWHERE = {"AssumeRoleWithSAML"}


def test_every_operation_of_a_provoked_row_that_is_performed_is_tried() -> None:
    for row in ROWS:
        tried = {one["call"].partition(":")[2] for one in row.get("tries", ()) if "call" in one}
        named = {name for name in row["operations"] if any(one.endswith(f":{name}") for one in OPERATIONS)}
        assert not tried or named - SIGNED_ELSEWHERE <= tried, row["id"]
