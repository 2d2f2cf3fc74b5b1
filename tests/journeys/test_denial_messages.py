"""A boto3 program that is denied hands the message on, and an administrator reads why."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import Key, boto


def test_the_message_of_a_denial_is_read_by_an_administrator(locum):
    iam = boto("iam", locum.url)
    iam.create_user(UserName="puzzled")
    puzzled = Key.of(iam.create_access_key(UserName="puzzled")["AccessKey"])
    with pytest.raises(ClientError) as refused:
        boto("iam", locum.url, puzzled).list_users()
    headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
    message = headers["x-locum-authorization-message"]
    told = json.loads(boto("sts", locum.url).decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
    assert (told["allowed"], told["context"]["action"]) == (False, "iam:ListUsers")
    with pytest.raises(ClientError, match="sts:DecodeAuthorizationMessage"):
        boto("sts", locum.url, puzzled).decode_authorization_message(EncodedMessage=message)
