"""Terraform makes a team's identities, finds nothing to change afterwards, and takes them down again.

It needs a `terraform` on the PATH and the AWS provider in the folder that LOCUM_TF_PLUGINS names, laid out as a
filesystem mirror.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.journeys.clients import ADMIN, boto, environment
from tests.journeys.served import Served

PLAN = Path(__file__).with_name("terraform") / "main.tf"
NO_CHANGES, PATIENCE = 0, 300


class Terraform:
    """The command in a folder of its own, led to one server."""

    def __init__(self, folder: Path, plugins: str, url: str) -> None:
        self.folder = folder
        shutil.copy(PLAN, folder)
        settings = folder / "settings.tfrc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{plugins}"\n  }}\n}}\n')
        self._environment = environment(url, ADMIN) | {
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_VAR_endpoint": url,
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


@pytest.fixture
def terraform(locum: Served, tmp_path: Path) -> Terraform:
    plugins = os.environ.get("LOCUM_TF_PLUGINS")
    if not plugins or not Path(plugins).is_dir():
        pytest.skip("LOCUM_TF_PLUGINS names no folder with Terraform's AWS provider")
    if shutil.which("terraform") is None:
        pytest.skip("there is no terraform on this machine")
    made = Terraform(tmp_path, plugins, locum.url)
    made("init", "-input=false")
    return made


def test_terraform_makes_finds_unchanged_and_takes_down(locum, terraform):
    iam = boto("iam", locum.url)
    terraform("apply", "-auto-approve", "-input=false")
    outputs = {name: value["value"] for name, value in json.loads(terraform("output", "-json")).items()}
    assert outputs == {"account": "111111111111", "role": "arn:aws:iam::111111111111:role/worker"}
    assert iam.get_role(RoleName="worker")["Role"]["MaxSessionDuration"] == 7200
    assert [user["UserName"] for user in iam.get_group(GroupName="readers")["Users"]] == ["alice"]

    again = terraform.run("plan", "-detailed-exitcode", "-input=false")
    assert again.returncode == NO_CHANGES, again.stdout + again.stderr

    terraform("destroy", "-auto-approve", "-input=false")
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == []
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["admin"]
    assert iam.list_policies(Scope="Local")["Policies"] == []
