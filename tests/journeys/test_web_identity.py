"""A real OpenID provider (npm oidc-provider) vouches for somebody; boto3 exchanges its token and finds it by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.journeys.clients import boto, npm_folder
from tests.journeys.documents import policy
from tests.journeys.served import Served

ACCOUNT, CLIENT = "111111111111", "sts.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci"
SCRIPT = Path(__file__).with_name("javascript") / "issuer.mjs"


@pytest.fixture(scope="module")
def issuer() -> Iterator[dict[str, str]]:
    """The provider's address and a token of `ann`, while it runs."""
    folder = npm_folder("oidc", "oidc-provider")
    shutil.copy(SCRIPT, folder)
    process = subprocess.Popen(
        ["node", SCRIPT.name],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next((one for one in process.stdout if one.startswith("{")), "")
        if not line:
            assert process.stderr is not None
            pytest.fail(f"the provider printed no token: {process.stderr.read()[-800:]}")
        yield json.loads(line)
    finally:
        process.communicate(timeout=30)


@pytest.fixture
def trusting(locum: Served, issuer: dict[str, str]) -> Any:
    """A server with the provider registered and a role for `ann`."""
    name = issuer["issuer"].partition("://")[2]
    iam = boto("iam", locum.url)
    arn = iam.create_open_id_connect_provider(Url=issuer["issuer"], ClientIDList=[CLIENT])["OpenIDConnectProviderArn"]
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:sub": "ann", f"{name}:aud": CLIENT}},
    }
    iam.create_role(RoleName="ci", AssumeRolePolicyDocument=policy(trust))
    return locum, arn


def test_a_token_of_the_provider_becomes_a_session(trusting: Any, issuer: dict[str, str]) -> None:
    locum, arn = trusting
    answer = boto("sts", locum.url).assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="run", WebIdentityToken=issuer["token"]
    )
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"], answer["Provider"]) == ("ann", CLIENT, arn)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/run"


def test_somebody_else_is_denied_and_a_broken_token_refused(trusting: Any, issuer: dict[str, str]) -> None:
    locum, _ = trusting
    sts, iam = boto("sts", locum.url), boto("iam", locum.url)
    broken = issuer["token"][:-8] + "AAAAAAAA"
    with pytest.raises(sts.exceptions.InvalidIdentityTokenException):
        sts.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="run", WebIdentityToken=broken)
    trust = json.loads(
        json.dumps(iam.get_role(RoleName="ci")["Role"]["AssumeRolePolicyDocument"]).replace('"ann"', '"bob"')
    )
    iam.update_assume_role_policy(RoleName="ci", PolicyDocument=json.dumps(trust))
    with pytest.raises(sts.exceptions.ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        sts.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="run", WebIdentityToken=issuer["token"])


def test_a_client_finds_the_token_file_by_itself(
    trusting: Any, issuer: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locum, _ = trusting
    file = tmp_path / "token"
    file.write_text(issuer["token"], encoding="utf-8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "by-file")
    monkeypatch.setenv("AWS_ENDPOINT_URL", locum.url)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = boto3.session.Session(region_name="us-east-1").client("sts")
    assert client.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/by-file"
