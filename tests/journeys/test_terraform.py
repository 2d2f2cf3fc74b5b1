"""Terraform makes a team's identities on a real server, finds nothing to change, imports what its state forgot, changes
tags and policies, and takes everything down again.

It needs a `terraform` on the PATH and the AWS provider in the folder that LOCUM_TF_PLUGINS names, laid out as a
filesystem mirror.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests import certified
from tests.journeys.clients import Key, boto, environment
from tests.journeys.served import Served

PLAN = Path(__file__).with_name("terraform") / "main.tf"
CREDENTIALS = PLAN.parent / "credentials" / "main.tf"
NO_CHANGES, PATIENCE = 0, 300
CHANGED = ("-var", "team=green", "-var", 'actions=["iam:Get*"]')


class Account(NamedTuple):
    """The only account of a server, and root's key to it."""

    url: str
    id: str
    root: Key


class Terraform:
    """The command in a folder of its own, led to one server."""

    def __init__(self, folder: Path, plugins: str, account: Account, plan: Path = PLAN, **variables: str) -> None:
        self.folder = folder
        shutil.copy(plan, folder)
        settings = folder / "settings.tfrc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{plugins}"\n  }}\n}}\n')
        self._environment = environment(account.url, account.root) | {
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_VAR_endpoint": account.url,
            **{f"TF_VAR_{name}": text for name, text in variables.items()},
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The ended command, whatever its status."""
        return subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def __call__(self, *arguments: str) -> str:
        """What the command prints. Fails where the command fails."""
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    def forget(self, resources: dict[str, str]) -> int:
        """Drops resources from the state and asks for each to be imported by its id; how many."""
        self("state", "rm", *resources)
        blocks = [f'import {{\n  to = {address}\n  id = "{name}"\n}}\n' for address, name in resources.items()]
        (self.folder / "imports.tf").write_text("".join(blocks))
        return len(resources)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    """A `locum serve` on an empty data directory."""
    if shutil.which("terraform") is None:
        pytest.skip("there is no terraform on this machine")
    data = tmp_path / "data"
    with Served("serve", "--data-dir", str(data), "--port", "0") as served:
        found = json.loads((data / "root-key.json").read_text())
        yield Account(served.url, found["AccountId"], Key.of(found))


@pytest.fixture
def plugins() -> str:
    named = os.environ.get("LOCUM_TF_PLUGINS")
    if not named or not Path(named).is_dir():
        pytest.skip("LOCUM_TF_PLUGINS names no folder with Terraform's AWS provider")
    return named


@pytest.fixture
def terraform(account: Account, plugins: str, tmp_path: Path) -> Terraform:
    folder = tmp_path / "team"
    folder.mkdir()
    made = Terraform(folder, plugins, account)
    made("init", "-input=false")
    return made


def left(iam: Any) -> dict[str, list[str]]:
    """The names of what an account holds."""
    return {
        "users": [one["UserName"] for one in iam.list_users()["Users"]],
        "groups": [one["GroupName"] for one in iam.list_groups()["Groups"]],
        "roles": [one["RoleName"] for one in iam.list_roles()["Roles"]],
        "policies": [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]],
        "profiles": [one["InstanceProfileName"] for one in iam.list_instance_profiles()["InstanceProfiles"]],
        "devices": [one["SerialNumber"] for one in iam.list_virtual_mfa_devices()["VirtualMFADevices"]],
        "aliases": iam.list_account_aliases()["AccountAliases"],
    }


def test_terraform_makes_finds_unchanged_imports_changes_and_takes_down(account, terraform):
    iam = boto("iam", account.url, account.root)
    terraform("apply", "-auto-approve", "-input=false")
    outputs = {name: value["value"] for name, value in json.loads(terraform("output", "-json")).items()}
    arn = f"arn:aws:iam::{account.id}:"
    assert outputs["seen"] == {
        "account": account.id,
        "alias": "the-team",
        "user": f"{arn}user/team/alice",
        "boundary": f"{arn}policy/team/ceiling",
        "members": ["alice"],
        "role": f"{arn}role/worker",
        "role_tags": {"team": "blue", "managed-by": "terraform"},
        "policy": ["iam:List*", "iam:Get*"],
        "policy_tags": {"team": "blue", "managed-by": "terraform"},
        "managed": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "profile": "machine",
        "roles": ["machine", "worker"],
        "users": ["alice"],
        "simulated": {"iam:ListUsers": "allowed", "iam:CreateUser": "implicitDeny"},
        "keys": ["Active"],
    }
    role = iam.get_role(RoleName="worker")["Role"]
    assert (role["MaxSessionDuration"], role["PermissionsBoundary"]["PermissionsBoundaryArn"]) == (
        7200,
        f"{arn}policy/team/ceiling",
    )
    alice = Key(outputs["alice"]["id"], outputs["alice"]["secret"])
    assert boto("iam", account.url, alice).get_user()["User"]["UserName"] == "alice"
    assert terraform.run("plan", "-detailed-exitcode", "-input=false").returncode == NO_CHANGES

    # What the state forgot is found again by its name, and what changed in the meantime is changed with it.
    imported = terraform.forget(
        {
            "aws_iam_user.alice": "alice",
            "aws_iam_group.readers": "readers",
            "aws_iam_role.worker": "worker",
            "aws_iam_policy.read": f"{arn}policy/read",
            "aws_iam_role_policy.tasks": "worker:tasks",
            "aws_iam_user_policy.own": "alice:own",
            "aws_iam_group_policy.own": "readers:own",
            "aws_iam_role_policy_attachment.audit": "worker/arn:aws:iam::aws:policy/SecurityAudit",
            "aws_iam_user_policy_attachment.read": f"alice/{arn}policy/read",
            "aws_iam_instance_profile.machine": "machine",
            "aws_iam_account_alias.team": "the-team",
        }
    )
    said = terraform("apply", "-auto-approve", "-input=false", *CHANGED)
    assert f"Plan: {imported} to import, 0 to add, 8 to change, 0 to destroy." in said
    versions = iam.list_policy_versions(PolicyArn=f"{arn}policy/read")["Versions"]
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in versions] == [("v2", True), ("v1", False)]
    assert {"Key": "team", "Value": "green"} in iam.list_role_tags(RoleName="worker")["Tags"]
    assert terraform.run("plan", "-detailed-exitcode", "-input=false", *CHANGED).returncode == NO_CHANGES

    terraform("destroy", "-auto-approve", "-input=false")
    assert {name: held for name, held in left(iam).items() if held} == {}


def test_terraform_makes_credentials_of_every_kind_and_destroys_a_user_who_holds_more(account, plugins, tmp_path):
    folder, now = tmp_path / "credentials", datetime.now(UTC)
    folder.mkdir()
    key = certified.rsa_key("terraform")
    terraform = Terraform(
        folder,
        plugins,
        account,
        CREDENTIALS,
        certificate=certified.certificate("site", since=now, until=now + timedelta(days=90)),
        private_key=certified.private(certified.ec_key("site")),
        ssh_key=certified.ssh(key) + " alice@laptop",
    )
    terraform("init", "-input=false")
    terraform("apply", "-auto-approve", "-input=false")
    outputs = {name: value["value"] for name, value in json.loads(terraform("output", "-json")).items()}
    assert outputs["seen"] == {
        "certificate": f"arn:aws:iam::{account.id}:server-certificate/tls/site",
        "key": certified.pem(key).strip(),
        "git": f"alice-at-{account.id}",
    }
    assert terraform.run("plan", "-detailed-exitcode", "-input=false").returncode == NO_CHANGES
    iam = boto("iam", account.url, account.root)
    alice = boto("iam", account.url, Key.of(iam.create_access_key(UserName="alice")["AccessKey"]))
    alice.change_password(OldPassword=outputs["password"], NewPassword="Another-password-of-1")
    with pytest.raises(alice.exceptions.PasswordPolicyViolationException, match="reuse prevention"):
        alice.change_password(OldPassword="Another-password-of-1", NewPassword=outputs["password"])
    terraform("destroy", "-auto-approve", "-input=false")  # the key that Terraform knows nothing of goes too
    assert {name: held for name, held in left(iam).items() if held} == {}
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_account_password_policy()
