"""The access matrix: every operation of AWS's models, asked by everybody who may or may not.

Law: `tests/cases/access/inputs.json` says what each performed operation is asked with; `matrix.json` beside it is the
table of answers, read by people in review. `python -m tests.access_matrix` writes the table again; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from tests.certified import certificate, ec_key, private, rsa_key, ssh
from tests.served import ACCOUNT, Client, Credentials, ServedHouse, allow, deny, document, request

from locum.aws import shapes
from locum.aws.secret import Secret
from locum.call import OPERATIONS
from locum.iam.access_keys import SECRET, AccessKey
from locum.iam.entities import User
from locum.iam.last_accessed import AccessJob, ServiceUse
from locum.iam.root_access import SWITCHES
from locum.iam.service_specific_credentials import ServiceSpecificCredential
from locum.iam.signing_certificates import SigningCertificate
from locum.iam.ssh_public_keys import SSHPublicKey
from locum.store.entity import Author
from locum.store.tx import Tx

FOLDER = Path(__file__).parent / "cases" / "access"
INPUTS, TABLE = FOLDER / "inputs.json", FOLDER / "matrix.json"
CALLERS = (
    "no signature",
    "wrong secret",
    "expired session",
    "other account's administrator",
    "user without rights",
    "administrator",
)
OK = "OK"
# Operations of IAM and STS that are asked by an account which manages an organization and its root users.
ROOT_ACCESS = {*(name for name, _ in SWITCHES), "iam:ListOrganizationsFeatures", "sts:AssumeRoot"}

Row = Mapping[str, str]


def inputs() -> dict[str, dict[str, Any]]:
    """What each performed operation is asked with. A text such as `{certificate}` stands for one that is made here."""
    made = {
        "{certificate}": certificate("new"),
        "{private key}": private(ec_key("new")),
        "{ssh key}": ssh(rsa_key("new")),
    }
    read = msgspec.json.decode(INPUTS.read_bytes(), type=dict[str, dict[str, Any]])
    return {
        action: {name: made.get(value, value) if isinstance(value, str) else value for name, value in given.items()}
        for action, given in read.items()
    }


def committed() -> dict[str, dict[str, str]]:
    """The table as it stands."""
    return msgspec.json.decode(TABLE.read_bytes(), type=dict[str, dict[str, str]])


def modelled() -> list[str]:
    """Every operation of AWS's models of IAM, STS and Organizations."""
    return [one.action for name in ("iam", "sts", "organizations") for one in shapes.service(name).operations.values()]


def stocked() -> ServedHouse:
    """A house with two of each: one in use, one spare."""
    house = ServedHouse()
    admin = house.admin
    reads = document(allow("iam:Get*"))
    policies = [
        admin("iam:CreatePolicy", PolicyName=name, PolicyDocument=reads)["Policy"]["Arn"] for name in ("read", "spare")
    ]
    for name, spare in (("alice", ""), ("spare", "")):
        admin("iam:CreateUser", UserName=name, Tags=[{"Key": "team", "Value": spare}])
    for name in ("devs", "spare"):
        admin("iam:CreateGroup", GroupName=name)
    for name in ("builder", "spare"):
        house.role(name)
    for name in ("web", "spare"):
        admin("iam:CreateInstanceProfile", InstanceProfileName=name)
    for name in ("phone", "spare"):
        admin("iam:CreateVirtualMFADevice", VirtualMFADeviceName=name)
    admin("iam:CreateOpenIDConnectProvider", Url="https://idp.example.com")
    admin("iam:CreateSAMLProvider", Name="corp", **_metadata())
    admin("iam:CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
    admin("iam:AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="builder")
    admin("iam:AddUserToGroup", GroupName="devs", UserName="alice")
    for action, member, name in (("User", "UserName", "alice"), ("Group", "GroupName", "devs")):
        admin(f"iam:Attach{action}Policy", **{member: name, "PolicyArn": policies[0]})
        admin(f"iam:Put{action}Policy", **{member: name, "PolicyName": "own", "PolicyDocument": reads})
    admin("iam:AttachRolePolicy", RoleName="builder", PolicyArn=policies[0])
    admin("iam:PutRolePolicy", RoleName="builder", PolicyName="own", PolicyDocument=reads)
    admin("iam:PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=policies[0])
    admin("iam:PutRolePermissionsBoundary", RoleName="builder", PermissionsBoundary=policies[0])
    admin("iam:CreateLoginProfile", UserName="alice", Password="a-password")
    admin("iam:UpdateAccountPasswordPolicy", MinimumPasswordLength=8)
    leaf = {"CertificateBody": certificate("site"), "PrivateKey": private(ec_key("site"))}
    admin("iam:UploadServerCertificate", ServerCertificateName="site", **leaf)
    admin("iam:GenerateCredentialReport")
    house.house.store.write(_key_of_alice)
    return house


def _metadata() -> dict[str, Any]:
    """The metadata of the inputs, whose certificate nobody has the key of."""
    return {"SAMLMetadataDocument": inputs()["iam:CreateSAMLProvider"]["SAMLMetadataDocument"]}


def _key_of_alice(tx: Tx) -> None:
    """Credentials whose ids the inputs can name."""
    alice = tx.get(User, ACCOUNT, "alice")
    tx.written_by(Author(arn=f"arn:aws:iam::{ACCOUNT}:root", at=alice.created, request_id="test"))
    id = "AKIDALICE0000001"
    of_alice: dict[str, Any] = {"account": ACCOUNT, "owner": alice.id, "created": alice.created}
    named = "CERTIFICATEOFALICE000001"
    tx.add(SigningCertificate(id=f"{ACCOUNT}/{named}", name=named, body="a certificate", **of_alice))
    named = "APKAALICE000000000001"
    tx.add(SSHPublicKey(id=named, name=named, body=ssh(rsa_key("alice")), **of_alice))
    named = "ACCAALICE000000000001"
    service = {"service": "codecommit.amazonaws.com", "user_name": f"alice-at-{ACCOUNT}"}
    tx.add(ServiceSpecificCredential(id=named, name=named, **service, **of_alice))
    named = "00000000-0000-4000-8000-000000000001"
    report: dict[str, Any] = {
        "arn": "arn",
        "granularity": "SERVICE_LEVEL",
        "members": (),
        "services": (ServiceUse("iam"),),
    }
    tx.add(AccessJob(id=named, name=named, account=ACCOUNT, created=alice.created, **report))
    tx.put_secret(
        tx.add(AccessKey(id=id, name=id, account=ACCOUNT, owner=alice.id, created=alice.created)), SECRET, Secret("s")
    )


def organized(house: ServedHouse) -> Mapping[str, str]:
    """What the inputs may name of the house's new organization, as they name it: one of each, and one spare."""
    admin = house.admin
    admin("organizations:CreateOrganization")
    [root] = admin("organizations:ListRoots")["Roots"]
    named = {"<root>": root["Id"]}
    admin("organizations:EnablePolicyType", RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    for name in ("account", "spare account"):
        status = admin("organizations:CreateAccount", Email=f"{name[:5]}@example.com", AccountName=name)
        request = status["CreateAccountStatus"]["Id"]
        status = admin("organizations:DescribeCreateAccountStatus", CreateAccountRequestId=request)
        named |= {f"<{name}>": status["CreateAccountStatus"]["AccountId"], "<request>": request}
    for name in ("unit", "spare unit"):
        unit = admin("organizations:CreateOrganizationalUnit", ParentId=root["Id"], Name=name)
        named[f"<{name}>"] = unit["OrganizationalUnit"]["Id"]
    content = document(deny("s3:*"))
    for name in ("policy", "spare policy"):
        policy = admin(
            "organizations:CreatePolicy", Name=name, Description="", Content=content, Type="SERVICE_CONTROL_POLICY"
        )
        named[f"<{name}>"] = policy["Policy"]["PolicySummary"]["Id"]
    admin("organizations:AttachPolicy", PolicyId=named["<policy>"], TargetId=named["<unit>"])
    admin("organizations:EnableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
    admin("iam:EnableOrganizationsRootCredentialsManagement")
    return named


def row(house: ServedHouse, action: str, given: Mapping[str, Any]) -> dict[str, str]:
    """What each caller is answered, in the order of CALLERS: an error code, or OK."""
    nobody = house.user("nobody")
    expired = house.admin.assume(house.role("everything", allow("*")), DurationSeconds=900)
    house.sessions_age(seconds=900)
    clients: dict[str, Client] = {
        "wrong secret": Client(house, Credentials(house.admin.credentials.id, "wrong")),
        "expired session": expired,
        "other account's administrator": house.other_admin,
        "user without rights": nobody,
        "administrator": house.admin,
    }
    answers = {"no signature": house.answer(request(action, given), action)}
    answers |= {caller: client.ask(action, **given) for caller, client in clients.items()}
    return {caller: answers[caller].code or OK for caller in CALLERS}


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    """The whole table, each operation in a house of its own."""
    given = inputs()
    for action in modelled():
        of_organizations = action.startswith("organizations:") or action in ROOT_ACCESS
        house = stocked() if action in OPERATIONS and not of_organizations else ServedHouse()
        try:
            named = organized(house) if action in OPERATIONS and of_organizations else {}
            asked = given.get(action, {}).items()
            yield action, row(house, action, {member: _named(value, named) for member, value in asked})
        finally:
            house.close()


def _named(value: Any, named: Mapping[str, str]) -> Any:
    return named.get(value, value) if isinstance(value, str) else value


def write() -> None:
    """Writes the table again, a line for each operation."""
    lines = [f"  {_text(action)}: {_text(found)}" for action, found in sorted(rows())]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _text(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()


if __name__ == "__main__":
    write()
