"""The AWS CLI, version 1: every operation of `aws iam` and `aws sts`, once as it should be and once as it should not.

The valid inputs are those of the access matrix, or what the model requires where that has none; no operation is left
unperformed. The invalid input breaks one rule of the model that the CLI does not check itself, so that the server must.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore import xform_name
from botocore.model import OperationModel, Shape
from botocore.session import Session
from tests.access_matrix import inputs
from tests.certified import certificate, rsa_key, ssh
from tests.journeys.clients import ADMIN, CALL_PATIENCE, aws_command, boto, environment
from tests.journeys.documents import allow, policy, trust
from tests.journeys.served import Served

ACCOUNT = "111122223333"
LOOP = Path(__file__).with_name("cli_v1_loop.py")
MODELS = {name: Session().get_service_model(name) for name in ("iam", "sts")}
MODELLED = [f"{name}:{operation}" for name, model in MODELS.items() for operation in model.operation_names]
INPUTS = inputs()
_REFUSED = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation[^:]*: ")
ASKING = ("Get", "List", "Generate", "Simulate", "Decode", "Assume")
ENDING = ("Untag", "Remove", "Detach", "Deactivate", "Disable")

#: what the CLI takes no document of inputs for, because it has options of its own here
SPELT_OUT = ("iam:CreateVirtualMFADevice",)

#: what the valid inputs name that is not there, or cannot be true here; every other command is answered
REFUSED = {
    "iam:AcceptDelegationRequest": "NoSuchEntity",
    "iam:AssociateDelegationRequest": "NoSuchEntity",
    "iam:ChangePassword": "NoSuchEntity",
    "iam:CreateDelegationRequest": "InvalidInput",
    "iam:DeactivateMFADevice": "NoSuchEntity",
    "iam:DeleteGroup": "DeleteConflict",
    "iam:DeleteInstanceProfile": "DeleteConflict",
    "iam:DeletePolicy": "DeleteConflict",
    "iam:DeletePolicyVersion": "DeleteConflict",
    "iam:DeleteUser": "DeleteConflict",
    "iam:DisableOrganizationsRootCredentialsManagement": "OrganizationNotFoundException",
    "iam:DisableOrganizationsRootSessions": "OrganizationNotFoundException",
    "iam:EnableMFADevice": "InvalidAuthenticationCode",
    "iam:EnableOrganizationsRootCredentialsManagement": "OrganizationNotFoundException",
    "iam:EnableOrganizationsRootSessions": "OrganizationNotFoundException",
    "iam:GenerateOrganizationsAccessReport": "OrganizationNotFoundException",
    "iam:GetDelegationRequest": "NoSuchEntity",
    "iam:GetHumanReadableSummary": "NoSuchEntity",
    "iam:GetMFADevice": "ValidationError",
    "iam:GetOrganizationsAccessReport": "NoSuchEntity",
    "iam:GetOutboundWebIdentityFederationInfo": "FeatureDisabled",
    "iam:GetServiceLastAccessedDetails": "NoSuchEntity",
    "iam:GetServiceLastAccessedDetailsWithEntities": "NoSuchEntity",
    "iam:GetServiceLinkedRoleDeletionStatus": "NoSuchEntity",
    "iam:ListOrganizationsFeatures": "OrganizationNotFoundException",
    "iam:RejectDelegationRequest": "NoSuchEntity",
    "iam:ResyncMFADevice": "NoSuchEntity",
    "iam:SendDelegationToken": "NoSuchEntity",
    "iam:UpdateDelegationRequest": "NoSuchEntity",
    "iam:UpdateServerCertificate": "NoSuchEntity",
    "sts:AssumeRoleWithSAML": "InvalidIdentityToken",
    "sts:AssumeRoleWithWebIdentity": "InvalidIdentityToken",
    "sts:AssumeRoot": "AccessDenied",
    "sts:DecodeAuthorizationMessage": "InvalidAuthorizationMessageException",
    "sts:GetDelegatedAccessToken": "InvalidParameterValue",
    "sts:GetWebIdentityToken": "OutboundWebIdentityFederationDisabledException",
}

#: of those, the codes that fit and that AWS's model does not name for the operation
FITTING = {
    "iam:GenerateOrganizationsAccessReport": "OrganizationNotFoundException",
    "iam:GetMFADevice": "ValidationError",
    "sts:AssumeRoot": "AccessDenied",
    "sts:GetDelegatedAccessToken": "InvalidParameterValue",
}

#: what the newest AWS CLI has no command for, though botocore's model has the operation
NO_COMMAND = frozenset(
    f"iam:{name}" for name in ("AcquireRole", "GetAccountProperties", "GetRoleTemplateVersion", "PutAccountProperties")
)


class Said(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def code(self) -> str:
        """The code of AWS's refusal, `OK`, or what the CLI itself had against the command."""
        if self.status == 0:
            return "OK"
        if "invalid choice" in self.err.lower():
            return "no command"
        found = _REFUSED.search(self.err)
        return found[1] if found else f"CLI: {self.err.strip()[-200:]}"


class Cli:
    """One process of the CLI that answers command after command."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [str(aws_command().with_name("python")), str(LOOP)],
            env=environment(url, ADMIN) | {"AWS_MAX_ATTEMPTS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, action: str, given: dict[str, Any], *more: str) -> Said:
        service, _, name = action.partition(":")
        taken = ["--cli-input-json", json.dumps(given)]
        if action in SPELT_OUT:
            taken = [word for member, value in given.items() for word in (f"--{xform_name(member, '-')}", str(value))]
        command = [service, xform_name(name, "-"), "--output", "json", *taken, *more]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return Said(**json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        """Ends the process by closing its input."""
        self._process.communicate(timeout=CALL_PATIENCE)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served("dev", "--port", "0", "--account-id", ACCOUNT) as server:
        yield server


@pytest.fixture(scope="module")
def cli(served: Served) -> Iterator[Cli]:
    made = Cli(served.url)
    yield made
    made.end()


def stock(url: str) -> dict[str, str]:
    """What the inputs name, and by which ids what can have no chosen one goes."""
    iam = boto("iam", url)
    reads = policy(allow("iam:Get*"))
    arns = [iam.create_policy(PolicyName=name, PolicyDocument=reads)["Policy"]["Arn"] for name in ("read", "spare")]
    for name in ("alice", "spare"):
        iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "red"}])
    for name in ("devs", "spare"):
        iam.create_group(GroupName=name)
    for name in ("builder", "spare"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{ACCOUNT}:root"))
    for name in ("web", "spare"):
        iam.create_instance_profile(InstanceProfileName=name)
    for name in ("phone", "spare"):
        iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
    iam.create_open_id_connect_provider(Url="https://idp.example.com")
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=INPUTS["iam:CreateSAMLProvider"]["SAMLMetadataDocument"])
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="builder")
    iam.add_user_to_group(GroupName="devs", UserName="alice")
    for kind, name in (("user", "alice"), ("group", "devs"), ("role", "builder")):
        member = {f"{kind.title()}Name": name}
        getattr(iam, f"attach_{kind}_policy")(**member, PolicyArn=arns[0])
        getattr(iam, f"put_{kind}_policy")(**member, PolicyName="own", PolicyDocument=reads)
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arns[0])
    iam.put_role_permissions_boundary(RoleName="builder", PermissionsBoundary=arns[0])
    iam.create_login_profile(UserName="alice", Password="a-password")
    iam.update_account_password_policy(MinimumPasswordLength=8)
    iam.upload_server_certificate(**{**INPUTS["iam:UploadServerCertificate"], "ServerCertificateName": "site"})
    iam.generate_credential_report()
    service = {"UserName": "alice", "ServiceName": "cassandra.amazonaws.com"}
    credential = iam.create_service_specific_credential(**service)["ServiceSpecificCredential"]
    spare = {"UserName": "alice", "CertificateBody": certificate("alice")}
    return {
        "<account>": "444455556666",
        "AKIDALICE0000001": iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"],
        "CERTIFICATEOFALICE000001": iam.upload_signing_certificate(**spare)["Certificate"]["CertificateId"],
        "APKAALICE000000000001": iam.upload_ssh_public_key(UserName="alice", SSHPublicKeyBody=ssh(rsa_key("alice")))[
            "SSHPublicKey"
        ]["SSHPublicKeyId"],
        "ACCAALICE000000000001": credential["ServiceSpecificCredentialId"],
    }


def model(action: str) -> OperationModel:
    service, _, name = action.partition(":")
    return MODELS[service].operation_model(name)


def required(shape: Shape) -> Any:
    """The smallest value that the model allows."""
    if shape.type_name == "structure":
        return {name: required(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [required(shape.member)] * shape.metadata.get("min", 0)
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "a" * max(1, shape.metadata.get("min", 1))
    return {"integer": shape.metadata.get("min", 1), "long": 1, "boolean": True, "timestamp": 0}.get(shape.type_name)


def broken(shape: Shape) -> Any:
    """A value of this shape that the server must refuse and the CLI lets through, or None when there is none."""
    most = shape.metadata.get("max")
    if shape.type_name == "string":
        if shape.enum:
            return "neither of them"
        return "a" * (most + 1) if most is not None and most < 100_000 else None
    if shape.type_name in ("integer", "long"):
        return None if most is None else most + 1
    if shape.type_name == "list":
        inner = broken(shape.member)
        return None if inner is None else [inner]
    if shape.type_name == "structure":
        return _with_one_broken(shape, {})
    return None


def _with_one_broken(shape: Shape, given: dict[str, Any]) -> dict[str, Any] | None:
    """The inputs with one member broken, a required one if that can be."""
    for name in sorted(shape.members, key=lambda one: one not in shape.required_members):
        wrong = broken(shape.members[name])
        if wrong is not None:
            return required(shape) | given | {name: wrong}
    return None


def asked(action: str, ids: dict[str, str]) -> dict[str, Any]:
    """The valid inputs of an operation."""
    shape = model(action).input_shape
    given: dict[str, Any] = INPUTS.get(action) or ({} if shape is None else required(shape))
    return {member: ids.get(value, value) if isinstance(value, str) else value for member, value in given.items()}


def extra(action: str, tmp_path: Path) -> tuple[str, ...]:
    """What the CLI wants on top: where to put what it does not print."""
    if action in SPELT_OUT:
        return ("--bootstrap-method", "QRCodePNG", "--outfile", str(tmp_path / "code.png"))
    return ()


def order(action: str) -> tuple[int, str]:
    """First what asks, last what takes away and then what gives another name."""
    name = action.partition(":")[2]
    if name in ("UpdateUser", "UpdateGroup", "UpdateServerCertificate"):
        return 4, action
    if name.startswith("Delete"):
        return 3, action
    return (0 if name.startswith(ASKING) else 2 if name.startswith(ENDING) else 1, action)


def documented(action: str) -> set[str]:
    """The codes that AWS's model names for an operation."""
    shapes = model(action).error_shapes
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes} | {FITTING.get(action, "")}


def test_every_valid_command_is_answered_or_refused_with_a_documented_code(
    served: Served, cli: Cli, tmp_path: Path
) -> None:
    ids = stock(served.url)
    found: dict[str, str] = {}
    for action in sorted(MODELLED, key=order):
        said = cli(action, asked(action, ids), *extra(action, tmp_path))
        assert said.code != "OK" or not said.out.strip() or isinstance(json.loads(said.out), dict), said
        if said.code != "OK":
            found[action] = said.code
    assert {action for action, code in found.items() if code == "no command"} <= NO_COMMAND
    refused = {action: code for action, code in found.items() if code != "no command"}
    assert {action: code for action, code in refused.items() if code not in documented(action)} == {}
    assert refused == REFUSED


def test_every_invalid_command_gets_a_validation_error(cli: Cli, tmp_path: Path) -> None:
    wrong = {}
    for action in MODELLED:
        shape = model(action).input_shape
        given = None if shape is None else _with_one_broken(shape, INPUTS.get(action, {}))
        if given is None:
            said = cli(action, {}, "--no-such-option")
            right = "Unknown options: --no-such-option" in said.err
        else:
            said = cli(action, given, *extra(action, tmp_path))
            right = said.code == "ValidationError"
        if not right and not (said.code == "no command" and action in NO_COMMAND):
            wrong[action] = said.err or said.out
    assert wrong == {}
