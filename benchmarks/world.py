"""The same small world on every server: one user with a key and a policy, one role that trusts the account.

Law: made through the API with boto3, as anybody would; the user may do exactly what the benchmarks ask of it.
"""

from __future__ import annotations

import json
from typing import Any

import boto3
import msgspec
from botocore.config import Config

from benchmarks import signed

USER, ROLE = "bench", "worker"


class World(msgspec.Struct, frozen=True):
    """The user's key, the role's ARN, and the key of a session of that role."""

    key: signed.Key
    role: str
    session: signed.Key


def build(url: str, key: signed.Key) -> World:
    """Makes the world on the server at `url`, asked with `key`."""
    iam, sts = client("iam", url, key), client("sts", url, key)
    account = sts.get_caller_identity()["Account"]
    iam.create_user(UserName=USER)
    iam.put_user_policy(UserName=USER, PolicyName="own", PolicyDocument=json.dumps(_document()))
    made = iam.create_access_key(UserName=USER)["AccessKey"]
    # moto takes the account for nobody in a trust policy, so the user is named as well.
    trusted = [f"arn:aws:iam::{account}:root", f"arn:aws:iam::{account}:user/{USER}"]
    trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    own = signed.Key(made["AccessKeyId"], made["SecretAccessKey"])
    shown = client("sts", url, own).assume_role(RoleArn=role, RoleSessionName="bench")["Credentials"]
    session = signed.Key(shown["AccessKeyId"], shown["SecretAccessKey"], shown["SessionToken"])
    return World(own, role, session)


def client(service: str, url: str, key: signed.Key) -> Any:
    """A boto3 client that asks once."""
    session = boto3.session.Session(key.id, key.secret, key.token, region_name="us-east-1")
    return session.client(service, endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))


def _document() -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            # moto asks about `*`, not about the role's ARN, and would deny a narrower resource.
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
            {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*", "iam:Create*"], "Resource": "*"},
        ],
    }
