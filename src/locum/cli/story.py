"""The guide's story in steps: users with keys, roles that are assumed, sessions that end.

Law: each step is one call of an unmodified client and the outcome that the guide promises; a step never looks behind
the wire. Account ids are the guide's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyotp
from botocore.exceptions import ClientError

from locum.cli.stage import Stage
from locum.policy import NOBODY, Attached, Principal, PrincipalType, Question, decide, parse
from locum.policy.grammar import PolicyKind

ACCOUNT = "111111111111"
OTHER = "222222222222"
EXTERNAL_ID = "audit-2026"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/admin-task-role"
OTHER_ROLE = f"arn:aws:iam::{OTHER}:role/audit"

Document = Mapping[str, Any]


class Ended(msgspec.Struct, frozen=True):
    """How a step ended: `outcome` is `allowed` or an error code; `shown` is what a person should see of it."""

    outcome: str
    shown: str
    request_id: str = ""


class Step(msgspec.Struct, frozen=True):
    """One step: what it says, the command it stands for, who calls, and the outcome it must have."""

    says: str
    command: str
    who: str
    expects: str
    run: Callable[[], Ended]


def policy(*statements: Document) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def called(call: Callable[..., Any], shown: Callable[[Any], str] = lambda answer: "", **inputs: Any) -> Ended:
    """The outcome of one client call."""
    try:
        answer = call(**inputs)
    except ClientError as error:
        fault = error.response["Error"]
        request_id = error.response["ResponseMetadata"].get("RequestId", "")
        return Ended(fault["Code"], fault["Message"], request_id)
    return Ended("allowed", shown(answer))


class Story:
    """The persons, their keys, and the steps in order."""

    def __init__(self, stage: Stage, admin: tuple[str, str]) -> None:
        self._stage = stage
        self._iam = stage.client("iam", *admin)
        self._admin = admin
        self._alice: tuple[str, str] = ("", "")
        self._session: tuple[str, str, str] = ("", "", "")
        self._seed = ""
        self._serial = ""

    def steps(self) -> Iterator[Step]:
        """Every step, each made when the one before has ended."""
        yield from self._a_user_without_rights()
        yield from self._a_role_with_mfa()
        yield from self._inside_the_role()
        yield from self._a_role_for_a_service()
        yield from self._another_account()
        yield from self._the_end()

    def _a_user_without_rights(self) -> Iterator[Step]:
        yield Step(
            "An administrator makes a user, Alice, with long-term access keys",
            "aws iam create-user --user-name alice && aws iam create-access-key --user-name alice",
            "admin",
            "allowed",
            self._make_alice,
        )
        yield Step(
            "Alice has keys and no rights: nothing is allowed by default",
            "aws iam list-roles",
            "alice",
            "AccessDenied",
            lambda: called(self._client("iam", self._alice).list_roles),
        )

    def _a_role_with_mfa(self) -> Iterator[Step]:
        yield Step(
            "The administrator makes a role: its trust policy says who (Alice, with MFA), its permission policy what",
            "aws iam create-role --role-name admin-task-role … && aws iam put-role-policy …",
            "admin",
            "allowed",
            self._make_role,
        )
        yield Step(
            "Alice assumes the role without MFA: the trust policy refuses",
            f'aws sts assume-role --role-arn "{ROLE}" --role-session-name "TriageSession"',
            "alice",
            "AccessDenied",
            lambda: self._assume(ROLE),
        )
        yield Step(
            "Alice enrols an authenticator: two codes in a row, each of which counts once",
            "aws iam create-virtual-mfa-device … && aws iam enable-mfa-device …",
            "admin",
            "allowed",
            self._enrol,
        )
        yield Step(
            "With the code she becomes the role: temporary credentials that end by themselves",
            f"aws sts assume-role --role-arn {ROLE} --role-session-name TriageSession --serial-number … --token-code …",
            "alice",
            "allowed",
            lambda: self._assume(ROLE, keep=True, SerialNumber=self._serial, TokenCode=self._code(+1)),
        )

    def _inside_the_role(self) -> Iterator[Step]:
        yield Step(
            "Who is it now? A session of the role",
            "aws sts get-caller-identity",
            "the session",
            "allowed",
            lambda: called(self._client("sts", self._session).get_caller_identity, lambda answer: str(answer["Arn"])),
        )
        yield Step(
            "The call that was denied is allowed now",
            "aws iam list-roles",
            "the session",
            "allowed",
            lambda: called(
                self._client("iam", self._session).list_roles,
                lambda answer: ", ".join(role["RoleName"] for role in answer["Roles"]),
            ),
        )
        yield Step(
            "Outside of what the role may, it is refused, by the statement that says so",
            "aws iam create-access-key --user-name alice",
            "the session",
            "AccessDenied",
            lambda: called(self._client("iam", self._session).create_access_key, UserName="alice"),
        )

    def _a_role_for_a_service(self) -> Iterator[Step]:
        yield Step(
            "A role for a Lambda function trusts the service, not people: Alice is refused",
            f"aws sts assume-role --role-arn arn:aws:iam::{ACCOUNT}:role/function-role --role-session-name me",
            "alice",
            "AccessDenied",
            self._assume_function_role,
        )
        yield Step(
            "The same trust policy, asked about lambda.amazonaws.com, would accept",
            "aws iam get-role --role-name function-role, then: locum explain",
            "lambda.amazonaws.com",
            "allowed",
            self._ask_for_lambda,
        )

    def _another_account(self) -> Iterator[Step]:
        yield Step(
            "A second account lets Alice's account audit it, with an external id",
            f"aws iam create-role --role-name audit …   # in {OTHER}",
            f"admin of {OTHER}",
            "allowed",
            self._make_other_account,
        )
        yield Step(
            "Across accounts without the external id: refused",
            f"aws sts assume-role --role-arn {OTHER_ROLE} --role-session-name audit",
            "alice",
            "AccessDenied",
            lambda: self._assume(OTHER_ROLE),
        )
        yield Step(
            "With the external id: assumed",
            f"aws sts assume-role --role-arn {OTHER_ROLE} --role-session-name audit --external-id {EXTERNAL_ID}",
            "alice",
            "allowed",
            lambda: self._assume(OTHER_ROLE, ExternalId=EXTERNAL_ID),
        )

    def _the_end(self) -> Iterator[Step]:
        yield Step(
            "A signature that was tampered with is refused",
            "aws sts get-caller-identity   # with one letter of the secret changed",
            "somebody",
            "SignatureDoesNotMatch",
            self._tampered,
        )
        yield Step(
            "Two hours pass: the session is over, and nobody had to revoke it",
            "aws sts get-caller-identity",
            "the session",
            "ExpiredToken",
            self._later,
        )

    # -- what the steps do -------------------------------------------------------------------------------------------
    def _client(self, service: str, credentials: tuple[str, ...]) -> Any:
        return self._stage.client(service, *credentials)

    def _make_alice(self) -> Ended:
        self._iam.create_user(UserName="alice")
        key = self._iam.create_access_key(UserName="alice")["AccessKey"]
        self._alice = (key["AccessKeyId"], key["SecretAccessKey"])
        return Ended("allowed", f"arn:aws:iam::{ACCOUNT}:user/alice, key {key['AccessKeyId']}")

    def _make_role(self) -> Ended:
        trust = policy(
            {
                "Sid": "AliceWithMFA",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            }
        )
        permissions = policy(
            {"Sid": "AdminTasks", "Effect": "Allow", "Action": "iam:*", "Resource": "*"},
            {"Sid": "NeverNewKeys", "Effect": "Deny", "Action": "iam:*AccessKey", "Resource": "*"},
        )
        self._iam.create_role(RoleName="admin-task-role", AssumeRolePolicyDocument=trust)
        return called(
            self._iam.put_role_policy,
            lambda answer: ROLE,
            RoleName="admin-task-role",
            PolicyName="admin-tasks",
            PolicyDocument=permissions,
        )

    def _assume(self, role: str, *, keep: bool = False, **inputs: Any) -> Ended:
        def shown(answer: Any) -> str:
            credentials = answer["Credentials"]
            if keep:
                self._session = (
                    credentials["AccessKeyId"],
                    credentials["SecretAccessKey"],
                    credentials["SessionToken"],
                )
            return f"{credentials['AccessKeyId']}, until {credentials['Expiration']:%Y-%m-%d %H:%M:%S} UTC"

        sts = self._client("sts", self._alice)
        return called(sts.assume_role, shown, RoleArn=role, RoleSessionName="TriageSession", **inputs)

    def _enrol(self) -> Ended:
        device = self._iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")["VirtualMFADevice"]
        self._serial, self._seed = device["SerialNumber"], device["Base32StringSeed"].decode("ascii")
        return called(
            self._iam.enable_mfa_device,
            lambda answer: self._serial,
            UserName="alice",
            SerialNumber=self._serial,
            AuthenticationCode1=self._code(-1),
            AuthenticationCode2=self._code(0),
        )

    def _code(self, steps: int) -> str:
        """The authenticator's code, some steps of 30 seconds from now."""
        return pyotp.TOTP(self._seed).at(datetime.now(UTC) + timedelta(seconds=30 * steps))

    def _assume_function_role(self) -> Ended:
        trust = policy(
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        )
        self._iam.create_role(RoleName="function-role", AssumeRolePolicyDocument=trust)
        return self._assume(f"arn:aws:iam::{ACCOUNT}:role/function-role")

    def _ask_for_lambda(self) -> Ended:
        role = self._iam.get_role(RoleName="function-role")["Role"]
        trust = parse(json.dumps(role["AssumeRolePolicyDocument"]), kind=PolicyKind.TRUST)
        service = "lambda.amazonaws.com"
        decision = decide(
            Question(
                principal=Principal(PrincipalType.SERVICE, arn=service, names=(service,)),
                action="sts:AssumeRole",
                resource=role["Arn"],
                resource_account=ACCOUNT,
                context={},
                bound=NOBODY,
                resource_policy=Attached("the trust policy", trust),
                resource_policy_kind="trust",
            )
        )
        return Ended("allowed" if decision.allowed else "AccessDenied", "; ".join(map(str, decision.statements)))

    def _make_other_account(self) -> Ended:
        administrator = self._stage.own("accounts", {"account_id": OTHER})["Administrator"]
        iam = self._stage.client("iam", administrator["AccessKeyId"], administrator["SecretAccessKey"])
        self._iam.put_user_policy(
            UserName="alice",
            PolicyName="may-audit",
            PolicyDocument=policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": OTHER_ROLE}),
        )
        trust = policy(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
            }
        )
        return called(iam.create_role, lambda answer: OTHER_ROLE, RoleName="audit", AssumeRolePolicyDocument=trust)

    def _tampered(self) -> Ended:
        key, secret = self._alice
        other = ("a" if secret[0] != "a" else "b") + secret[1:]
        return called(self._client("sts", (key, other)).get_caller_identity)

    def _later(self) -> Ended:
        self._stage.own("clock", {"advance": 7200})
        return called(self._client("sts", self._session).get_caller_identity)
