"""Profiles, as a person's `~/.aws/config` holds them: one from `locum env --profile`, and one that assumes a role."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from tests.journeys.clients import Key, aws_command, boto
from tests.journeys.documents import allow, policy, trust
from tests.journeys.served import COMMAND, Served, bare_environment

WORKER = """
[profile worker]
role_arn = arn:aws:iam::111111111111:role/worker
source_profile = locum
role_session_name = by-profile
region = us-east-1
endpoint_url = {url}
"""


def printed(*arguments: str) -> str:
    """What `locum env` prints with these arguments."""
    return subprocess.run(
        [str(COMMAND), "env", *arguments], capture_output=True, text=True, check=True, env=bare_environment()
    ).stdout


@pytest.fixture
def config(locum: Served, tmp_path: Path) -> Path:
    """A configuration with both profiles, for a server that has the role."""
    iam = boto("iam", locum.url)
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust("arn:aws:iam::111111111111:user/admin"))
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=policy(allow("iam:ListRoles")))
    path = tmp_path / "config"
    path.write_text(printed("--profile", "locum", "--endpoint", locum.url) + WORKER.format(url=locum.url))
    return path


def by_profile(config: Path, profile: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The AWS CLI with a profile and no other setting."""
    return subprocess.run(
        [str(aws_command()), "--profile", profile, "--output", "json", *arguments],
        env=bare_environment(AWS_CONFIG_FILE=str(config), HOME=str(config.parent)),  # it keeps sessions there
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_profile_of_locum_env_leads_the_cli_to_the_server(config):
    ran = by_profile(config, "locum", "sts", "get-caller-identity")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["Arn"] == "arn:aws:iam::111111111111:user/admin"


def test_a_profile_with_a_role_assumes_it_by_itself(config):
    ran = by_profile(config, "worker", "sts", "get-caller-identity")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["Arn"] == "arn:aws:sts::111111111111:assumed-role/worker/by-profile"
    assert "(AccessDenied)" in by_profile(config, "worker", "iam", "list-users").stderr


def test_the_lines_of_locum_env_lead_boto3_to_the_server(locum):
    variables = json.loads(printed("--format", "json", "--endpoint", locum.url))
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    ran = subprocess.run(
        [sys.executable, "-c", script], env=bare_environment(**variables), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "arn:aws:iam::111111111111:user/admin"), ran.stderr


def test_the_lines_of_locum_env_carry_a_session(locum):
    iam = boto("iam", locum.url)
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust("arn:aws:iam::111111111111:user/admin"))
    answer = boto("sts", locum.url).assume_role(
        RoleArn="arn:aws:iam::111111111111:role/worker", RoleSessionName="shift"
    )
    key = Key.of(answer["Credentials"])
    variables = json.loads(
        printed("--format", "json", "--endpoint", locum.url, "--key", f"{key.id}:{key.secret}:{key.token}")
    )
    session = boto3.session.Session(
        variables["AWS_ACCESS_KEY_ID"],
        variables["AWS_SECRET_ACCESS_KEY"],
        variables["AWS_SESSION_TOKEN"],
        region_name=variables["AWS_REGION"],
    )
    shown = session.client("sts", endpoint_url=variables["AWS_ENDPOINT_URL"]).get_caller_identity()
    assert shown["Arn"].endswith(":assumed-role/worker/shift")
