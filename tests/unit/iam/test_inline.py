"""Inline policies of users, groups and roles."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import pytest
from tests.iam_house import IamHouse

from locum.call import OPERATIONS
from locum.iam.inline import FAMILIES, Family

DOCUMENT = '{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
OTHER = DOCUMENT.replace("s3", "sqs")
TRUST = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},'
    ' "Action": "sts:AssumeRole"}}'
)

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.owner.kind)


def owner(house: IamHouse, family: Family) -> Mapping[str, str]:
    """Makes an owner of that family and answers with the input that names it."""
    word = family.owner.__name__
    trust = {"AssumeRolePolicyDocument": TRUST} if word == "Role" else {}
    house.perform(f"iam:Create{word}", **{family.member: "Owner"}, **trust)
    return {family.member: "Owner"}


def long(characters: int) -> str:
    """A policy of so many characters without white space."""
    empty = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:","Resource":"*"}}'
    return empty.replace("s3:", "s3:" + "x" * (characters - len(empty)))


def test_there_are_twelve_operations() -> None:
    names = {name for family in FAMILIES for name in (family.put, family.get, family.list, family.delete)}
    assert len(names) == 12
    assert names <= set(OPERATIONS)


@each_family
def test_a_policy_comes_back_byte_for_byte(house: IamHouse, family: Family) -> None:
    name = owner(house, family)
    house.perform(family.put, **name, PolicyName="inner", PolicyDocument=DOCUMENT)
    answer = house.perform(family.get, **name, PolicyName="inner")
    assert unquote(answer["PolicyDocument"]) == DOCUMENT
    assert (answer[family.member], answer["PolicyName"]) == ("Owner", "inner")


@each_family
def test_putting_a_name_again_replaces_the_document(house: IamHouse, family: Family) -> None:
    name = owner(house, family)
    for document in (DOCUMENT, OTHER):
        house.perform(family.put, **name, PolicyName="inner", PolicyDocument=document)
    assert unquote(house.perform(family.get, **name, PolicyName="inner")["PolicyDocument"]) == OTHER
    assert house.perform(family.list, **name) == {"PolicyNames": ["inner"], "IsTruncated": False}


@each_family
def test_get_answers_with_the_spelling_asked_for_and_list_with_the_stored(house: IamHouse, family: Family) -> None:
    name = owner(house, family)
    house.perform(family.put, **name, PolicyName="Inner", PolicyDocument=DOCUMENT)
    house.perform(family.put, **name, PolicyName="inneR", PolicyDocument=OTHER)
    answer = house.perform(family.get, **{family.member: "OWNER"}, PolicyName="INNER")
    assert (answer[family.member], answer["PolicyName"]) == ("Owner", "INNER")
    assert house.perform(family.list, **name)["PolicyNames"] == ["Inner"]


@each_family
def test_a_deleted_policy_is_gone(house: IamHouse, family: Family) -> None:
    name = owner(house, family)
    house.perform(family.put, **name, PolicyName="inner", PolicyDocument=DOCUMENT)
    house.perform(family.delete, **name, PolicyName="Inner")
    assert house.perform(family.list, **name)["PolicyNames"] == []


@each_family
def test_a_policy_that_is_not_there_cannot_be_found(house: IamHouse, family: Family) -> None:
    name = owner(house, family)
    for operation in (family.get, family.delete):
        refusal = house.refused(operation, **name, PolicyName="inner")
        sentence = f"The {family.owner.kind} policy with name inner cannot be found."
        assert (refusal.code, refusal.message) == ("NoSuchEntity", sentence)


@each_family
def test_an_owner_that_is_not_there_cannot_be_found(house: IamHouse, family: Family) -> None:
    refusal = house.refused(family.list, **{family.member: "nobody"})
    assert refusal.message == f"The {family.owner.kind} with name nobody cannot be found."


@each_family
def test_the_policies_of_one_owner_share_their_size(house: IamHouse, family: Family) -> None:
    name = owner(house, family)
    limit = house.place.limits[family.quota]
    house.perform(family.put, **name, PolicyName="a", PolicyDocument=long(limit - 100))
    house.perform(family.put, **name, PolicyName="b", PolicyDocument=long(100))
    refusal = house.refused(family.put, **name, PolicyName="c", PolicyDocument=long(100))
    sentence = f"Maximum policy size of {limit} bytes exceeded for {family.owner.kind} Owner"
    assert (refusal.code, refusal.message) == ("LimitExceeded", sentence)


@each_family
def test_a_replaced_policy_no_longer_counts(house: IamHouse, family: Family) -> None:
    name = owner(house, family)
    for _ in range(2):
        house.perform(family.put, **name, PolicyName="a", PolicyDocument=long(house.place.limits[family.quota]))


def test_names_come_in_pages(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    for name in ("b", "A", "c"):
        house.perform("iam:PutUserPolicy", UserName="alice", PolicyName=name, PolicyDocument=DOCUMENT)
    first = house.perform("iam:ListUserPolicies", UserName="alice", MaxItems=2)
    second = house.perform("iam:ListUserPolicies", UserName="alice", MaxItems=2, Marker=first["Marker"])
    assert (first["PolicyNames"], second["PolicyNames"]) == (["A", "b"], ["c"])
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)


def test_two_owners_may_have_policies_of_one_name(house: IamHouse) -> None:
    for user, document in (("alice", DOCUMENT), ("bob", OTHER)):
        house.perform("iam:CreateUser", UserName=user)
        house.perform("iam:PutUserPolicy", UserName=user, PolicyName="inner", PolicyDocument=document)
    shown = house.perform("iam:GetUserPolicy", UserName="alice", PolicyName="inner")["PolicyDocument"]
    assert unquote(shown) == DOCUMENT


def test_a_text_that_is_no_policy_is_refused(house: IamHouse) -> None:
    house.perform("iam:CreateUser", UserName="alice")
    refusal = house.refused("iam:PutUserPolicy", UserName="alice", PolicyName="inner", PolicyDocument="{")
    assert refusal.code == "MalformedPolicyDocument"
