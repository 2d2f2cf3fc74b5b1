"""A boto3 program sets an account up, looks at it, and takes it down again."""

from __future__ import annotations

from datetime import UTC, datetime

import pyotp
import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import Key, boto
from tests.journeys.documents import allow, deny, policy, trust


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    """The error code of a refused call."""
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def iam(locum):
    return boto("iam", locum.url)


def user_with_key(iam, name: str) -> Key:
    """A new user's key."""
    iam.create_user(UserName=name)
    return Key.of(iam.create_access_key(UserName=name)["AccessKey"])


def test_a_group_gives_its_policy_to_its_members_and_takes_it_back(iam, locum):
    key = user_with_key(iam, "bob")
    iam.create_group(GroupName="readers")
    arn = iam.create_policy(PolicyName="list-users", PolicyDocument=policy(allow("iam:ListUsers")))["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="readers", PolicyArn=arn)
    bob = boto("iam", locum.url, key)

    with pytest.raises(ClientError) as before:
        bob.list_users()
    iam.add_user_to_group(GroupName="readers", UserName="bob")
    during = bob.list_users()["Users"]
    iam.remove_user_from_group(GroupName="readers", UserName="bob")
    with pytest.raises(ClientError) as after:
        bob.list_users()

    assert code_of(before) == code_of(after) == "AccessDenied"
    assert "bob" in [user["UserName"] for user in during]


def test_a_deny_of_a_managed_policy_wins_over_an_inline_allow(iam, locum):
    key = user_with_key(iam, "bob")
    iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=policy(allow("iam:*")))
    boto("iam", locum.url, key).list_roles()
    arn = iam.create_policy(PolicyName="not-roles", PolicyDocument=policy(deny("iam:ListRoles")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy") as refused:
        boto("iam", locum.url, key).list_roles()
    assert code_of(refused) == "AccessDenied"


def test_paging_shows_every_user_once(iam):
    names = [f"user-{number:03}" for number in range(25)]
    for name in names:
        iam.create_user(UserName=name, Path="/many/")
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix="/many/", PaginationConfig={"PageSize": 10}))
    assert [len(page["Users"]) for page in pages] == [10, 10, 5]
    assert [user["UserName"] for page in pages for user in page["Users"]] == names


def test_tags_are_set_replaced_and_removed(iam):
    trusted = trust("arn:aws:iam::111111111111:root")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusted, Tags=[{"Key": "team", "Value": "blue"}])
    iam.tag_role(RoleName="r", Tags=[{"Key": "team", "Value": "green"}, {"Key": "cost", "Value": "7"}])
    assert {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName="r")["Tags"]} == {
        "team": "green",
        "cost": "7",
    }
    iam.untag_role(RoleName="r", TagKeys=["team"])
    assert iam.get_role(RoleName="r")["Role"]["Tags"] == [{"Key": "cost", "Value": "7"}]


def test_a_principal_tag_opens_what_the_policy_says(iam, locum):
    key = user_with_key(iam, "bob")
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    iam.put_user_policy(
        UserName="bob", PolicyName="blue", PolicyDocument=policy(allow("iam:ListUsers", Condition=tagged))
    )
    with pytest.raises(ClientError):
        boto("iam", locum.url, key).list_users()
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "blue"}])
    assert boto("iam", locum.url, key).list_users()["Users"]


def test_a_policy_that_asks_for_mfa_opens_to_a_session_with_a_code_and_not_without(iam, locum):
    key = user_with_key(iam, "bob")
    strong = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    iam.put_user_policy(
        UserName="bob", PolicyName="mfa", PolicyDocument=policy(allow("iam:ListUsers", Condition=strong))
    )
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="bob")["VirtualMFADevice"]
    seed = pyotp.TOTP(device["Base32StringSeed"].decode())
    now = datetime.now(UTC).timestamp()
    iam.enable_mfa_device(
        UserName="bob",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=seed.at(now - 30),
        AuthenticationCode2=seed.at(now),
    )
    assert [mine["SerialNumber"] for mine in iam.list_mfa_devices(UserName="bob")["MFADevices"]] == [
        device["SerialNumber"]
    ]

    sts = boto("sts", locum.url, key)
    with_code = sts.get_session_token(SerialNumber=device["SerialNumber"], TokenCode=seed.at(now + 30))
    without = sts.get_session_token()

    assert boto("iam", locum.url, Key.of(with_code["Credentials"])).list_users()["Users"]
    with pytest.raises(ClientError) as long_term:
        boto("iam", locum.url, key).list_users()
    assert code_of(long_term) == "AccessDenied"
    # AWS's page of GetSessionToken: without a code its credentials call no operation of IAM at all.
    with pytest.raises(ClientError) as weak:
        boto("iam", locum.url, Key.of(without["Credentials"])).list_users()
    assert code_of(weak) == "InvalidClientTokenId"


def test_a_code_is_accepted_once(iam, locum):
    key = user_with_key(iam, "bob")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="bob")["VirtualMFADevice"]
    seed = pyotp.TOTP(device["Base32StringSeed"].decode())
    now = datetime.now(UTC).timestamp()
    iam.enable_mfa_device(
        UserName="bob",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=seed.at(now - 30),
        AuthenticationCode2=seed.at(now),
    )
    sts = boto("sts", locum.url, key)
    sts.get_session_token(SerialNumber=device["SerialNumber"], TokenCode=seed.at(now + 30))
    with pytest.raises(ClientError) as refused:
        sts.get_session_token(SerialNumber=device["SerialNumber"], TokenCode=seed.at(now + 30))
    assert code_of(refused) == "AccessDenied"


def test_the_last_use_of_a_key_is_shown(iam, locum):
    key = user_with_key(iam, "bob")
    before = iam.get_access_key_last_used(AccessKeyId=key.id)
    boto("sts", locum.url, key).get_caller_identity()
    after = iam.get_access_key_last_used(AccessKeyId=key.id)
    assert before["UserName"] == after["UserName"] == "bob"
    assert before["AccessKeyLastUsed"]["ServiceName"] == "N/A"
    assert after["AccessKeyLastUsed"]["ServiceName"] == "sts"
    assert after["AccessKeyLastUsed"]["Region"] == "us-east-1"


def test_a_key_that_is_inactive_is_refused_until_it_is_active_again(iam, locum):
    key = user_with_key(iam, "bob")
    sts = boto("sts", locum.url, key)
    iam.update_access_key(UserName="bob", AccessKeyId=key.id, Status="Inactive")
    with pytest.raises(ClientError) as refused:
        sts.get_caller_identity()
    iam.update_access_key(UserName="bob", AccessKeyId=key.id, Status="Active")
    assert code_of(refused) == "InvalidClientTokenId"
    assert sts.get_caller_identity()["Arn"].endswith(":user/bob")


def test_an_access_key_is_rotated_with_overlap(iam, locum):
    old = user_with_key(iam, "bob")
    new = Key.of(iam.create_access_key(UserName="bob")["AccessKey"])
    with pytest.raises(ClientError) as third:
        iam.create_access_key(UserName="bob")
    assert code_of(third) == "LimitExceeded"
    for key in (old, new):
        boto("sts", locum.url, key).get_caller_identity()
    iam.delete_access_key(UserName="bob", AccessKeyId=old.id)
    with pytest.raises(ClientError) as refused:
        boto("sts", locum.url, old).get_caller_identity()
    assert code_of(refused) == "InvalidClientTokenId"
    boto("sts", locum.url, new).get_caller_identity()


def test_a_new_policy_version_is_in_force_at_once(iam, locum):
    key = user_with_key(iam, "bob")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy(allow("iam:ListRoles")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    bob = boto("iam", locum.url, key)
    bob.list_roles()
    version = iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=policy(allow("iam:ListUsers")), SetAsDefault=True
    )["PolicyVersion"]
    assert version["VersionId"] == "v2"
    bob.list_users()
    with pytest.raises(ClientError):
        bob.list_roles()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    bob.list_roles()


def test_a_permissions_boundary_bounds_what_the_policy_gives(iam, locum):
    arn = iam.create_policy(PolicyName="fence", PolicyDocument=policy(allow("iam:ListUsers")))["Policy"]["Arn"]
    key = user_with_key(iam, "bob")
    iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=policy(allow("*")))
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=arn)
    bob = boto("iam", locum.url, key)
    bob.list_users()
    with pytest.raises(ClientError, match="because no permissions boundary allows the iam:ListRoles action"):
        bob.list_roles()


def test_what_is_in_use_is_not_deleted(iam):
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="bob")
    for delete in (lambda: iam.delete_user(UserName="bob"), lambda: iam.delete_group(GroupName="readers")):
        with pytest.raises(ClientError) as refused:
            delete()
        assert code_of(refused) == "DeleteConflict"
    iam.remove_user_from_group(GroupName="readers", UserName="bob")
    iam.delete_user(UserName="bob")
    iam.delete_group(GroupName="readers")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="The user with name bob cannot be found"):
        iam.get_user(UserName="bob")


def test_a_name_that_is_taken_is_refused_whatever_its_case(iam):
    iam.create_user(UserName="Bob")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="bob")


def test_the_whole_account_is_told_page_by_page_with_its_documents(iam):
    trusted = trust("arn:aws:iam::111111111111:root")
    for number in range(5):
        iam.create_role(RoleName=f"told-{number}", AssumeRolePolicyDocument=trusted)
    iam.put_role_policy(RoleName="told-0", PolicyName="own", PolicyDocument=policy(allow("s3:Get*")))
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["Role"], PaginationConfig={"PageSize": 2}
    )
    roles = {role["RoleName"]: role for page in pages for role in page["RoleDetailList"]}
    assert {f"told-{number}" for number in range(5)} <= set(roles)
    (own,) = roles["told-0"]["RolePolicyList"]
    assert own["PolicyDocument"]["Statement"][0]["Action"] == "s3:Get*"
