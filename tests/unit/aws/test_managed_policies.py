"""The policies that AWS provides."""

from __future__ import annotations

import json

from locum.aws import managed_policies

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def test_administrator_access_allows_everything() -> None:
    policy = managed_policies.find(ADMINISTRATOR)
    assert policy is not None
    assert json.loads(policy.document)["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


def test_every_policy_is_found_by_its_arn_and_is_a_document_with_statements() -> None:
    policies = list(managed_policies.every())
    assert len(policies) == managed_policies.about().policies
    for policy in policies:
        assert managed_policies.find(policy.arn) is policy
        assert json.loads(policy.document)["Statement"]


def test_no_two_policies_share_an_id() -> None:
    ids = [policy.id for policy in managed_policies.every()]
    assert len(set(ids)) == len(ids)
    assert all(len(each) == 21 and each.startswith("ANPA") for each in ids)


def test_a_policy_that_is_old_enough_has_the_id_that_aws_shows() -> None:
    policy = managed_policies.find(ADMINISTRATOR)
    assert policy is not None
    assert policy.id == "ANPAIWMBCKSKIEE64ZLYK"


def test_a_path_is_part_of_the_arn() -> None:
    assert managed_policies.find("arn:aws:iam::aws:policy/job-function/Billing") is not None
    assert managed_policies.find("arn:aws:iam::aws:policy/Billing") is None


def test_another_case_is_another_policy() -> None:
    assert managed_policies.find(ADMINISTRATOR.lower()) is None


def test_a_customer_policy_of_the_same_name_is_not_one_of_them() -> None:
    assert managed_policies.find("arn:aws:iam::123456789012:policy/AdministratorAccess") is None


def test_a_text_that_is_no_arn_is_none_of_them() -> None:
    assert managed_policies.find("AdministratorAccess") is None


def test_the_arns_of_a_document_follow_the_partition() -> None:
    policy = managed_policies.find("arn:aws-cn:iam::aws:policy/IAMUserChangePassword")
    assert policy is not None
    assert "arn:aws-cn:iam::" in policy.document
    assert "arn:aws:" not in policy.document


def test_what_bounds_root_sessions_and_service_linked_roles_cannot_be_attached() -> None:
    refused = {policy.path for policy in managed_policies.every() if not policy.attachable}
    assert refused == {"/root-task/", "/aws-service-role/"}


def test_a_policy_of_service_linked_roles_is_shown_as_attachable_and_is_not() -> None:
    (policy,) = [one for one in managed_policies.every() if one.name == "AWSSupportServiceRolePolicy"]
    assert policy.shown_attachable
    assert not policy.attachable


def test_the_file_says_where_it_comes_from() -> None:
    about = managed_policies.about()
    assert about.origin.startswith("moto ")
    assert len(about.edition.split("-")) == 3


def test_a_partition_that_does_not_exist_has_none() -> None:
    assert managed_policies.find("arn:aws-moon:iam::aws:policy/AdministratorAccess") is None
