"""Last-accessed reports: who may use a service, and who did, from uses that were noted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.iam_house import ACCOUNT, NOW, OTHER
from tests.served import allow, deny, document

from locum.aws.actions import services
from locum.call import Use
from locum.iam.last_accessed import JOBS, AccessJob, granted
from locum.policy import PolicyKind, parse

IAM = f"arn:aws:iam::{ACCOUNT}"
READS = document(allow("iam:Get*", "s3:*"), deny("ec2:*"))


@pytest.fixture
def people(house):
    """Alice in a group with a policy, Bob with the same policy, and a role without any."""
    ids = {}
    arn = house.perform("iam:CreatePolicy", PolicyName="reads", PolicyDocument=READS)["Policy"]["Arn"]
    house.perform("iam:CreateGroup", GroupName="devs")
    for name in ("alice", "bob"):
        ids[name] = house.perform("iam:CreateUser", UserName=name, Path="/a/")["User"]["UserId"]
    house.perform("iam:AddUserToGroup", GroupName="devs", UserName="alice")
    house.perform("iam:AttachGroupPolicy", GroupName="devs", PolicyArn=arn)
    house.perform("iam:AttachUserPolicy", UserName="bob", PolicyArn=arn)
    return ids


def used(house, id, action, *, days=0, region="us-east-1"):
    house.activity.used(f"{id} {action}", Use(NOW + timedelta(days=days), action.partition(":")[0], region))


def report(house, arn, **more):
    job = house.perform("iam:GenerateServiceLastAccessedDetails", Arn=arn, **more)["JobId"]
    return job, house.perform("iam:GetServiceLastAccessedDetails", JobId=job)


def test_the_services_of_a_user_are_those_that_an_allow_names_and_unused_ones_say_nothing(house, people):
    job, answer = report(house, f"{IAM}:user/a/alice")
    assert len(job) == 36
    assert answer == {
        "JobStatus": "COMPLETED",
        "JobType": "SERVICE_LEVEL",
        "JobCreationDate": NOW,
        "JobCompletionDate": NOW,
        "IsTruncated": False,
        "ServicesLastAccessed": [
            {
                "ServiceName": "AWS Identity and Access Management (IAM)",
                "ServiceNamespace": "iam",
                "TotalAuthenticatedEntities": 0,
            },
            {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0},
        ],
    }


def test_the_latest_use_counts_with_its_region(house, people):
    used(house, people["alice"], "iam:GetUser", days=1)
    used(house, people["alice"], "iam:GetRole", days=2, region="eu-west-1")
    used(house, people["bob"], "iam:GetRole", days=3)
    house.later(days=4)
    _, answer = report(house, f"{IAM}:user/a/alice")
    assert answer["ServicesLastAccessed"][0] | {"ServiceName": ""} == {
        "ServiceName": "",
        "ServiceNamespace": "iam",
        "TotalAuthenticatedEntities": 1,
        "LastAuthenticated": NOW + timedelta(days=2),
        "LastAuthenticatedEntity": f"{IAM}:user/a/alice",
        "LastAuthenticatedRegion": "eu-west-1",
    }


def test_a_policy_s_report_is_about_everybody_who_has_it_through_a_group_or_directly(house, people):
    used(house, people["alice"], "iam:GetUser", days=1)
    used(house, people["bob"], "iam:GetRole", days=3)
    house.later(days=4)
    job, answer = report(house, f"{IAM}:policy/reads")
    assert answer["ServicesLastAccessed"][0]["TotalAuthenticatedEntities"] == 2
    assert answer["ServicesLastAccessed"][0]["LastAuthenticatedEntity"] == f"{IAM}:user/a/bob"
    entities = house.perform("iam:GetServiceLastAccessedDetailsWithEntities", JobId=job, ServiceNamespace="iam")
    assert {one["EntityInfo"]["Name"]: one["LastAuthenticated"] for one in entities["EntityDetailsList"]} == {
        "alice": NOW + timedelta(days=1),
        "bob": NOW + timedelta(days=3),
    }
    unused = house.perform("iam:GetServiceLastAccessedDetailsWithEntities", JobId=job, ServiceNamespace="s3")
    assert all("LastAuthenticated" not in one for one in unused["EntityDetailsList"])
    assert unused["EntityDetailsList"][0]["EntityInfo"] == {
        "Arn": f"{IAM}:user/a/alice",
        "Name": "alice",
        "Type": "USER",
        "Id": people["alice"],
        "Path": "/a/",
    }


def test_a_group_s_report_is_about_its_users(house, people):
    used(house, people["alice"], "iam:GetUser")
    _, answer = report(house, f"{IAM}:group/devs")
    assert answer["ServicesLastAccessed"][0]["LastAuthenticatedEntity"] == f"{IAM}:user/a/alice"


def test_at_the_level_of_actions_each_action_says_when(house, people):
    used(house, people["alice"], "iam:GetUser", days=1)
    house.later(days=2)
    _, answer = report(house, f"{IAM}:user/a/alice", Granularity="ACTION_LEVEL")
    iam, s3 = answer["ServicesLastAccessed"]
    actions = {one["ActionName"]: one for one in iam["TrackedActionsLastAccessed"]}
    assert actions["GetUser"] == {
        "ActionName": "GetUser",
        "LastAccessedEntity": f"{IAM}:user/a/alice",
        "LastAccessedTime": NOW + timedelta(days=1),
        "LastAccessedRegion": "us-east-1",
    }
    assert actions["GetRole"] == {"ActionName": "GetRole"}
    assert "TrackedActionsLastAccessed" not in s3


def test_what_was_done_more_than_400_days_ago_is_not_told(house, people):
    used(house, people["alice"], "iam:GetUser")
    house.later(days=400)
    _, answer = report(house, f"{IAM}:user/a/alice")
    assert answer["ServicesLastAccessed"][0]["TotalAuthenticatedEntities"] == 1
    house.later(seconds=1)
    _, answer = report(house, f"{IAM}:user/a/alice")
    assert answer["ServicesLastAccessed"][0]["TotalAuthenticatedEntities"] == 0


def test_a_report_is_of_its_moment_and_comes_in_pages(house, people):
    job, answer = report(house, f"{IAM}:user/a/alice")
    used(house, people["alice"], "iam:GetUser")
    assert house.perform("iam:GetServiceLastAccessedDetails", JobId=job) == answer
    first = house.perform("iam:GetServiceLastAccessedDetails", JobId=job, MaxItems=1)
    second = house.perform("iam:GetServiceLastAccessedDetails", JobId=job, MaxItems=1, Marker=first["Marker"])
    names = [one["ServiceNamespace"] for page in (first, second) for one in page["ServicesLastAccessed"]]
    assert names == ["iam", "s3"]
    assert second["IsTruncated"] is False


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("no arn at all, though long", "InvalidInput"),
        (f"{IAM}:user/nobody", "NoSuchEntity"),
        (f"{IAM}:user/alice", "NoSuchEntity"),  # the path is a part of it
        (f"{IAM}:policy/gone", "NoSuchEntity"),
        (f"{IAM}:instance-profile/x", "InvalidInput"),
    ],
)
def test_an_arn_of_nobody_is_refused(house, people, arn, code):
    assert house.refused("iam:GenerateServiceLastAccessedDetails", Arn=arn).code == code


def test_a_job_is_its_account_s_alone_and_a_service_must_be_of_the_report(house, people):
    job, _ = report(house, f"{IAM}:user/a/alice")
    more = {"JobId": job, "ServiceNamespace": "ec2"}
    assert house.refused("iam:GetServiceLastAccessedDetailsWithEntities", **more).code == "InvalidInput"
    house.act_as_root(OTHER)
    assert house.refused("iam:GetServiceLastAccessedDetails", JobId=job).code == "NoSuchEntity"


def test_the_oldest_jobs_make_room_for_new_ones(house, people):
    first, _ = report(house, f"{IAM}:user/a/alice")
    for _ in range(JOBS - 1):
        house.later(seconds=1)
        house.perform("iam:GenerateServiceLastAccessedDetails", Arn=f"{IAM}:user/a/alice")
    assert house.perform("iam:GetServiceLastAccessedDetails", JobId=first)
    house.later(seconds=1)
    house.perform("iam:GenerateServiceLastAccessedDetails", Arn=f"{IAM}:user/a/alice")
    assert house.refused("iam:GetServiceLastAccessedDetails", JobId=first).code == "NoSuchEntity"
    assert house.read(lambda tx: tx.count(AccessJob, ACCOUNT)) == JOBS


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow("*")], services()),
        ([allow("S3:Get*")], {"s3"}),
        ([allow("nosuchservice:*")], set()),
        ([{"Effect": "Allow", "NotAction": ["iam:*", "s3:Get*"], "Resource": "*"}], services() - {"iam"}),
        ([deny("*")], set()),
    ],
    ids=["everything", "one service", "an unknown service", "all but one", "a denial"],
)
def test_services_are_read_from_allows(statements, expected):
    assert granted([parse(document(*statements), kind=PolicyKind.IDENTITY)]) == set(expected)


def test_no_account_is_of_an_organization(house):
    path = {"EntityPath": "o-a1b2c3d4e5/r-f6g7"}
    assert house.refused("iam:GenerateOrganizationsAccessReport", **path).code == "OrganizationNotFoundException"
    assert house.refused("iam:GetOrganizationsAccessReport", JobId="0" * 36).code == "NoSuchEntity"
