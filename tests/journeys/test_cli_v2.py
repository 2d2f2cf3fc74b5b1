"""The AWS CLI version 2, as a distribution ships it: a team's day, from a denial to a session with MFA and to its end.

It uses the `aws` that LOCUM_AWS_CLI_V2 names, or the first on the PATH that says it is version 2. Versions before 2.13
know no AWS_ENDPOINT_URL, so every command names the server by `--endpoint-url`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyotp
import pytest
from tests.journeys.clients import ADMIN, CALL_PATIENCE, AwsCli, Key, boto, environment
from tests.journeys.documents import allow, policy, trust
from tests.journeys.served import Served, bare_environment

ARN = "arn:aws:iam::111111111111:"
NAME = "admin-task-role"
ALICE, ROLE = f"{ARN}user/alice", f"{ARN}role/{NAME}"
INSTALL = "set LOCUM_AWS_CLI_V2 to one, or install it: on Debian and Ubuntu, apt-get install awscli"
ASKS_PROFILES = (2, 13)  # the first version that reads endpoint_url in a profile, and asks the role's STS there
WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def version_of(program: Path) -> tuple[int, ...]:
    """The version that an `aws` says it has; empty where it says none."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=CALL_PATIENCE, check=False
        )
    except OSError:
        return ()
    found = re.match(r"aws-cli/([0-9]+(?:\.[0-9]+)*)", said.stdout, re.ASCII)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


@cache
def cli_v2() -> tuple[Path, tuple[int, ...]]:
    """The AWS CLI version 2 and its version. Skips the test where there is none."""
    named = os.environ.get("LOCUM_AWS_CLI_V2")
    places = [Path(named)] if named else [Path(place) / "aws" for place in os.environ["PATH"].split(os.pathsep)]
    for program in places:
        if program.is_file() and (version := version_of(program))[:1] == (2,):
            return program, version
    pytest.skip(f"there is no AWS CLI version 2 on this machine: {INSTALL}")


class CliV2(AwsCli):
    """Version 2 of the command, led to one server by its option, with one key or with a configuration of profiles."""

    def __init__(self, url: str, key: Key = ADMIN, config: Path | None = None) -> None:
        super().__init__(url, key)
        self._program = [str(cli_v2()[0]), "--endpoint-url", url]
        kept = {name: value for name, value in environment(url, key).items() if name != "AWS_ENDPOINT_URL"}
        if config:
            kept = bare_environment(AWS_CONFIG_FILE=str(config), HOME=str(config.parent), AWS_PAGER="")
        self._environment = kept

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._program, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=CALL_PATIENCE,
            check=False,
        )


def team(url: str, **conditions: Any) -> Key:
    """The key of Alice, who may assume the role; it trusts her under those conditions, and may list roles."""
    iam = boto("iam", url)
    iam.create_user(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=policy(allow("sts:AssumeRole", ROLE)))
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trust(ALICE, **conditions))
    iam.put_role_policy(RoleName=NAME, PolicyName="tasks", PolicyDocument=policy(allow("iam:ListRoles")))
    return Key.of(iam.create_access_key(UserName="alice")["AccessKey"])


def assumed(cli: CliV2) -> Key:
    """The role's temporary key."""
    answer = cli("sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "TriageSession")
    return Key.of(answer["Credentials"])


def codes_of(seed: str) -> Callable[[int], str]:
    """What a device shows so many steps of 30 seconds from now."""
    totp = pyotp.TOTP(seed)
    return lambda steps: totp.at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def test_a_user_is_denied_assumes_the_role_and_is_refused_when_its_time_is_over(locum: Served):
    admin = CliV2(locum.url)
    assert admin("sts", "get-caller-identity")["Arn"] == f"{ARN}user/admin"
    admin("iam", "create-user", "--user-name", "alice")
    own = ["--policy-name", "own", "--policy-document", policy(allow("sts:AssumeRole", ROLE))]
    admin("iam", "put-user-policy", "--user-name", "alice", *own)
    alice = CliV2(locum.url, Key.of(admin("iam", "create-access-key", "--user-name", "alice")["AccessKey"]))
    admin("iam", "create-role", "--role-name", NAME, "--assume-role-policy-document", trust(ALICE))
    document = ["--policy-name", "tasks", "--policy-document", policy(allow("iam:ListRoles"))]
    made = admin("iam", "create-policy", *document)["Policy"]["Arn"]
    admin("iam", "attach-role-policy", "--role-name", NAME, "--policy-arn", made)

    assert alice.refused("iam", "list-roles") == (
        "An error occurred (AccessDenied) when calling the ListRoles operation: "
        f"User: {ALICE} is not authorized to perform: iam:ListRoles on resource: {ARN}role/ "
        "because no identity-based policy allows the iam:ListRoles action"
    )
    session = CliV2(locum.url, assumed(alice))
    assert session("sts", "get-caller-identity")["Arn"].endswith(":assumed-role/admin-task-role/TriageSession")
    assert [role["RoleName"] for role in session("iam", "list-roles")["Roles"]] == ["admin-task-role"]
    assert "(AccessDenied) when calling the ListUsers operation" in session.refused("iam", "list-users")

    locum.advance(3600)
    assert "(ExpiredToken) when calling the ListRoles operation" in session.refused("iam", "list-roles")
    assert alice("sts", "get-caller-identity")["Arn"] == ALICE


def test_a_role_that_wants_mfa_takes_the_session_of_a_code(locum: Served, tmp_path: Path):
    admin, alice = CliV2(locum.url), CliV2(locum.url, team(locum.url, **WITH_MFA))
    seed = tmp_path / "seed"
    where = ["--outfile", str(seed), "--bootstrap-method", "Base32StringSeed"]
    made = admin("iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", "alice", *where)
    device = made["VirtualMFADevice"]["SerialNumber"]
    code = codes_of(seed.read_text().strip())
    serial = ["--serial-number", device]
    codes = ["--authentication-code1", code(-1), "--authentication-code2", code(0)]
    admin("iam", "enable-mfa-device", "--user-name", "alice", *serial, *codes)

    assume = ["sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "TriageSession"]
    assert "(AccessDenied) when calling the AssumeRole operation" in alice.refused(*assume)
    near = {code(steps) for steps in range(-9, 10)}
    wrong = next(f"{number:06}" for number in range(len(near) + 1) if f"{number:06}" not in near)
    refused = alice.refused("sts", "get-session-token", *serial, "--token-code", wrong)
    assert "MultiFactorAuthentication failed with invalid MFA one time pass code" in refused
    answer = alice("sts", "get-session-token", *serial, "--token-code", code(1))
    with_mfa = CliV2(locum.url, Key.of(answer["Credentials"]))
    assert CliV2(locum.url, assumed(with_mfa))("iam", "list-roles")["Roles"]

    locum.advance(12 * 3600)
    assert "(ExpiredToken)" in with_mfa.refused(*assume)


def test_a_profile_takes_its_credentials_from_a_process_that_assumes_the_role(locum: Served, tmp_path: Path):
    key = team(locum.url)
    process = tmp_path / "assume.sh"
    program = shlex.join([str(cli_v2()[0]), "--endpoint-url", locum.url, "--profile", "alice", "--output", "json"])
    process.write_text(
        "#!/bin/sh\nset -e\n"
        f"{program} sts assume-role --role-arn {ROLE} --role-session-name by-process \\\n"
        "    --query 'Credentials.{Version: `1`, AccessKeyId: AccessKeyId, SecretAccessKey: SecretAccessKey,\n"
        "        SessionToken: SessionToken, Expiration: Expiration}'\n"
    )
    config = tmp_path / "config"
    config.write_text(
        f"[profile alice]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\nregion = us-east-1\n"
        f"[profile worker]\ncredential_process = sh {process}\nregion = us-east-1\n"
    )
    cli = CliV2(locum.url, config=config)
    shown = cli("--profile", "worker", "sts", "get-caller-identity")
    assert shown["Arn"].endswith(":assumed-role/admin-task-role/by-process")
    assert cli("--profile", "worker", "iam", "list-roles")["Roles"]


def test_a_profile_with_a_role_and_a_source_profile_assumes_it_by_itself(locum: Served, tmp_path: Path):
    version = cli_v2()[1]
    if version < ASKS_PROFILES:
        pytest.skip(f"version {version} of the AWS CLI can ask only AWS's own STS for a profile's role; 2.13 is needed")
    key = team(locum.url)
    config = tmp_path / "config"
    config.write_text(
        f"[profile alice]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
        f"region = us-east-1\nendpoint_url = {locum.url}\n"
        f"[profile worker]\nrole_arn = {ROLE}\nsource_profile = alice\nrole_session_name = by-profile\n"
        f"region = us-east-1\nendpoint_url = {locum.url}\n"
    )
    shown = CliV2(locum.url, config=config)("--profile", "worker", "sts", "get-caller-identity")
    assert shown["Arn"].endswith(":assumed-role/admin-task-role/by-profile")


def test_control_another_version_of_the_command_is_not_taken_for_version_2(tmp_path: Path):
    program = tmp_path / "aws"
    program.write_text("#!/bin/sh\necho aws-cli/1.44.5 Python/3.11.7 Linux botocore/1.44.5\n")
    program.chmod(0o755)
    assert version_of(program) == (1, 44, 5)
    assert version_of(tmp_path / "nothing") == ()
