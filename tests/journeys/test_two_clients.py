"""Two clients at once: what one does is seen by the other, and no change is lost or made twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import Key, boto
from tests.journeys.documents import allow, policy

WRITERS = 4
EACH = 15


def test_users_made_by_several_clients_at_once_are_all_there(locum):
    def make(writer: int) -> None:
        iam = boto("iam", locum.url)
        for number in range(EACH):
            iam.create_user(UserName=f"user-{writer}-{number}", Path="/many/")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(make, range(WRITERS)))
    pages = boto("iam", locum.url).get_paginator("list_users").paginate(PathPrefix="/many/")
    names = [user["UserName"] for page in pages for user in page["Users"]]
    assert sorted(names) == sorted(f"user-{writer}-{number}" for writer in range(WRITERS) for number in range(EACH))


def test_of_many_that_make_the_same_role_one_succeeds(locum):
    def make(_: int) -> str:
        try:
            boto("iam", locum.url).create_user(UserName="only-one")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "made"

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = sorted(pool.map(make, range(WRITERS * 2)))
    assert answers == ["EntityAlreadyExists"] * (WRITERS * 2 - 1) + ["made"]


def test_what_one_client_takes_away_the_other_has_lost_at_once(locum):
    iam = boto("iam", locum.url)
    iam.create_user(UserName="bob")
    key = Key.of(iam.create_access_key(UserName="bob")["AccessKey"])
    bob = boto("iam", locum.url, key)
    for _ in range(20):
        iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(allow("iam:ListUsers")))
        bob.list_users()
        iam.delete_user_policy(UserName="bob", PolicyName="p")
        with pytest.raises(ClientError):
            bob.list_users()


def test_tags_that_two_clients_set_at_once_are_both_there(locum):
    boto("iam", locum.url).create_user(UserName="bob")

    def tag(writer: int) -> None:
        iam = boto("iam", locum.url)
        for number in range(8):
            iam.tag_user(UserName="bob", Tags=[{"Key": f"{writer}-{number}", "Value": "x"}])

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(tag, range(WRITERS)))
    tags = boto("iam", locum.url).list_user_tags(UserName="bob", MaxItems=100)["Tags"]
    assert {entry["Key"] for entry in tags} == {
        f"{writer}-{number}" for writer in range(WRITERS) for number in range(8)
    }
