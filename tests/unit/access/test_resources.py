"""What a call asks permission for: every action, every ARN, every key that follows from inputs and rows.

Source: Service Authorization Reference of IAM; what AWS refuses with, as reported in public issue threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.certified import certificate, ec_key, private
from tests.saml import ENTITY, metadata
from tests.served import ACCOUNT, OTHER, ServedHouse, allow, document, trusting
from tests.unit.access.calls import asks, call_of

from locum.access.resources import asked
from locum.aws.actions import action as facts_of
from locum.call import OPERATIONS

IAM = f"arn:aws:iam::{ACCOUNT}"
ALICE, DEVS, BUILDER, PROFILE = (
    f"{IAM}:user/sales/alice",
    f"{IAM}:group/teams/devs",
    f"{IAM}:role/ci/builder",
    f"{IAM}:instance-profile/ec2/web",
)
CERTIFICATE, CERTIFIED = f"{IAM}:server-certificate/tls/site", {"ServerCertificateName": "SITE"}
POLICY, DEVICE = f"{IAM}:policy/shared/read", f"{IAM}:mfa/phones/alice"
OIDC, SAML = f"{IAM}:oidc-provider/idp.example.com", f"{IAM}:saml-provider/corp"
BY_OIDC, BY_SAML = {"OpenIDConnectProviderArn": OIDC}, {"SAMLProviderArn": SAML}
METADATA = metadata(ENTITY, "idp", "next")
TRUST, ANY = document(trusting(ACCOUNT)), document(allow("*"))
USER, GROUP, ROLE, PROFILED = (
    {"UserName": "ALICE"},
    {"GroupName": "DEVS"},
    {"RoleName": "BUILDER"},
    {"InstanceProfileName": "WEB"},
)
BY_POLICY, BY_DEVICE = {"PolicyArn": POLICY}, {"SerialNumber": DEVICE}
TAGS = {"Tags": [{"Key": "Team", "Value": "red"}]}
CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "234567"}
KEY = {"AccessKeyId": "AKIAQ3EGRIT4EXAMPLE7"}
NAME = {"PolicyName": "own"}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"

# Operation -> inputs -> the ARNs that are asked about. Names are given in another case than they are stored in.
BATCH = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
READ_ONLY_TASK = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
LINKED = f"{IAM}:role/aws-service-role"
ECS = f"{LINKED}/ecs.amazonaws.com/AWSServiceRoleForECS"
CONNECT = f"{LINKED}/connect.amazonaws.com/AWSServiceRoleForAmazonConnect_x"
TASK = f"task/{ECS.partition(':role/')[2]}/00000000-0000-4000-8000-000000000000"

REQUEST = f"{IAM}:delegation-request/0123456789abcdef"
BY_REQUEST = {"DelegationRequestId": "0123456789abcdef"}
TEMPLATE = "arn:aws:iam::aws:role-template/ec2.amazonaws.com/Template:1"
DELEGATION = {
    "Description": "help",
    "Permissions": {"PolicyTemplateArn": "arn:aws:iam::aws:delegation-template/x"},
    "RequestorWorkflowId": "workflow",
    "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:topic",
    "SessionDuration": 900,
}
ARNS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("iam:GetDelegationRequest", BY_REQUEST, [REQUEST]),
    ("iam:AssociateDelegationRequest", BY_REQUEST, [REQUEST]),
    ("iam:AcceptDelegationRequest", BY_REQUEST, [REQUEST]),
    ("iam:RejectDelegationRequest", BY_REQUEST, [REQUEST]),
    ("iam:UpdateDelegationRequest", BY_REQUEST, [REQUEST]),
    ("iam:SendDelegationToken", BY_REQUEST, [REQUEST]),
    ("iam:CreateDelegationRequest", DELEGATION, [f"{IAM}:delegation-request/"]),
    ("iam:ListDelegationRequests", {}, ["*"]),
    ("iam:GetHumanReadableSummary", {"EntityArn": REQUEST}, [REQUEST]),
    ("iam:AcquireRole", {"TemplateArn": TEMPLATE}, [TEMPLATE]),
    ("iam:GetRoleTemplateVersion", {"TemplateArn": TEMPLATE}, [TEMPLATE]),
    ("iam:GetAccountProperties", {}, ["*"]),
    ("iam:PutAccountProperties", {"Properties": {"RoleManager/Enabled": "true"}}, ["*"]),
    ("sts:GetDelegatedAccessToken", {"TradeInToken": "x" * 64}, ["*"]),
    ("iam:EnableOrganizationsRootCredentialsManagement", {}, ["*"]),
    ("iam:EnableOrganizationsRootSessions", {}, ["*"]),
    ("iam:DisableOrganizationsRootCredentialsManagement", {}, ["*"]),
    ("iam:DisableOrganizationsRootSessions", {}, ["*"]),
    ("iam:ListOrganizationsFeatures", {}, ["*"]),
    ("sts:AssumeRoot", {"TargetPrincipal": ACCOUNT, "TaskPolicyArn": {"arn": READ_ONLY_TASK}}, [f"{IAM}:root"]),
    ("iam:AddRoleToInstanceProfile", PROFILED | ROLE, [PROFILE, BUILDER]),
    ("iam:AddUserToGroup", GROUP | USER, [DEVS]),
    ("iam:AttachGroupPolicy", GROUP | BY_POLICY, [DEVS]),
    ("iam:AttachRolePolicy", ROLE | BY_POLICY, [BUILDER]),
    ("iam:AttachUserPolicy", USER | BY_POLICY, [ALICE]),
    ("iam:CreateAccessKey", USER, [ALICE]),
    ("iam:CreateAccountAlias", {"AccountAlias": "acme"}, ["*"]),
    ("iam:CreateGroup", {"GroupName": "new"}, [f"{IAM}:group/new"]),
    ("iam:CreateGroup", {"GroupName": "new", "Path": "/a/b/"}, [f"{IAM}:group/a/b/new"]),
    ("iam:CreateInstanceProfile", {"InstanceProfileName": "new"}, [f"{IAM}:instance-profile/new"]),
    ("iam:CreateInstanceProfile", {"InstanceProfileName": "n", "Path": "/p/"}, [f"{IAM}:instance-profile/p/n"]),
    ("iam:CreatePolicy", {"PolicyName": "new", "PolicyDocument": ANY}, [f"{IAM}:policy/new"]),
    ("iam:CreatePolicy", {"PolicyName": "new", "PolicyDocument": ANY, "Path": "/p/"}, [f"{IAM}:policy/p/new"]),
    ("iam:CreatePolicyVersion", BY_POLICY | {"PolicyDocument": ANY}, [POLICY]),
    ("iam:CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}, [f"{IAM}:role/new"]),
    ("iam:CreateRole", {"RoleName": "n", "AssumeRolePolicyDocument": TRUST, "Path": "/p/"}, [f"{IAM}:role/p/n"]),
    ("iam:CreateUser", {"UserName": "new"}, [f"{IAM}:user/new"]),
    ("iam:CreateUser", {"UserName": "new", "Path": "/p/q/"}, [f"{IAM}:user/p/q/new"]),
    ("iam:CreateVirtualMFADevice", {"VirtualMFADeviceName": "new"}, [f"{IAM}:mfa/new"]),
    ("iam:CreateVirtualMFADevice", {"VirtualMFADeviceName": "new", "Path": "/p/"}, [f"{IAM}:mfa/p/new"]),
    ("iam:DeactivateMFADevice", USER | BY_DEVICE, [ALICE]),
    ("iam:DeleteAccessKey", USER | KEY, [ALICE]),
    ("iam:DeleteAccountAlias", {"AccountAlias": "acme"}, ["*"]),
    ("iam:DeleteGroup", GROUP, [DEVS]),
    ("iam:DeleteGroupPolicy", GROUP | NAME, [DEVS]),
    ("iam:DeleteInstanceProfile", PROFILED, [PROFILE]),
    ("iam:DeletePolicy", BY_POLICY, [POLICY]),
    ("iam:DeletePolicyVersion", BY_POLICY | {"VersionId": "v1"}, [POLICY]),
    ("iam:DeleteRole", ROLE, [BUILDER]),
    ("iam:DeleteRolePermissionsBoundary", ROLE, [BUILDER]),
    ("iam:DeleteRolePolicy", ROLE | NAME, [BUILDER]),
    ("iam:DeleteUser", USER, [ALICE]),
    ("iam:DeleteUserPermissionsBoundary", USER, [ALICE]),
    ("iam:DeleteUserPolicy", USER | NAME, [ALICE]),
    ("iam:DeleteVirtualMFADevice", BY_DEVICE, [DEVICE]),
    ("iam:DetachGroupPolicy", GROUP | BY_POLICY, [DEVS]),
    ("iam:DetachRolePolicy", ROLE | BY_POLICY, [BUILDER]),
    ("iam:DetachUserPolicy", USER | BY_POLICY, [ALICE]),
    ("iam:EnableMFADevice", USER | BY_DEVICE | CODES, [ALICE]),
    ("iam:GetAccessKeyLastUsed", KEY, ["*"]),
    ("iam:GetAccountSummary", {}, ["*"]),
    ("iam:GetContextKeysForCustomPolicy", {"PolicyInputList": [ANY]}, ["*"]),
    ("iam:GetContextKeysForPrincipalPolicy", {"PolicySourceArn": ALICE}, [ALICE]),
    ("iam:GetGroup", GROUP, [DEVS]),
    ("iam:GetGroupPolicy", GROUP | NAME, [DEVS]),
    ("iam:GetInstanceProfile", PROFILED, [PROFILE]),
    ("iam:GetMFADevice", BY_DEVICE | USER, [ALICE]),
    ("iam:GetPolicy", BY_POLICY, [POLICY]),
    ("iam:GetPolicy", {"PolicyArn": READ_ONLY}, [READ_ONLY]),
    ("iam:GetPolicyVersion", BY_POLICY | {"VersionId": "v1"}, [POLICY]),
    ("iam:GetRole", ROLE, [BUILDER]),
    ("iam:GetRolePolicy", ROLE | NAME, [BUILDER]),
    ("iam:GetUser", USER, [ALICE]),
    ("iam:GetUserPolicy", USER | NAME, [ALICE]),
    ("iam:ListAccessKeys", USER, [ALICE]),
    ("iam:ListAccountAliases", {}, ["*"]),
    ("iam:ListAttachedGroupPolicies", GROUP, [DEVS]),
    ("iam:ListAttachedRolePolicies", ROLE, [BUILDER]),
    ("iam:ListAttachedUserPolicies", USER, [ALICE]),
    ("iam:ListEntitiesForPolicy", BY_POLICY, [POLICY]),
    ("iam:ListGroupPolicies", GROUP, [DEVS]),
    ("iam:ListGroups", {}, [f"{IAM}:group/"]),
    ("iam:ListGroups", {"PathPrefix": "/teams/"}, [f"{IAM}:group/teams/"]),
    ("iam:ListGroupsForUser", USER, [ALICE]),
    ("iam:ListInstanceProfileTags", PROFILED, [PROFILE]),
    ("iam:ListInstanceProfiles", {}, [f"{IAM}:instance-profile/"]),
    ("iam:ListInstanceProfilesForRole", ROLE, [BUILDER]),
    ("iam:ListMFADeviceTags", BY_DEVICE, [DEVICE]),
    ("iam:ListMFADevices", USER, [ALICE]),
    ("iam:ListPolicies", {}, ["*"]),
    ("iam:ListPolicyTags", BY_POLICY, [POLICY]),
    ("iam:ListPolicyVersions", BY_POLICY, [POLICY]),
    ("iam:ListRolePolicies", ROLE, [BUILDER]),
    ("iam:ListRoleTags", ROLE, [BUILDER]),
    ("iam:ListRoles", {"PathPrefix": "/ci"}, [f"{IAM}:role/ci"]),
    ("iam:ListUserPolicies", USER, [ALICE]),
    ("iam:ListUserTags", USER, [ALICE]),
    ("iam:ListUsers", {}, [f"{IAM}:user/"]),
    ("iam:ListVirtualMFADevices", {}, [f"{IAM}:mfa/"]),
    ("iam:PutGroupPolicy", GROUP | NAME | {"PolicyDocument": ANY}, [DEVS]),
    ("iam:PutRolePermissionsBoundary", ROLE | {"PermissionsBoundary": POLICY}, [BUILDER]),
    ("iam:PutRolePolicy", ROLE | NAME | {"PolicyDocument": ANY}, [BUILDER]),
    ("iam:PutUserPermissionsBoundary", USER | {"PermissionsBoundary": POLICY}, [ALICE]),
    ("iam:PutUserPolicy", USER | NAME | {"PolicyDocument": ANY}, [ALICE]),
    ("iam:RemoveRoleFromInstanceProfile", PROFILED | ROLE, [PROFILE]),
    ("iam:RemoveUserFromGroup", GROUP | USER, [DEVS]),
    ("iam:ResyncMFADevice", USER | BY_DEVICE | CODES, [ALICE]),
    ("iam:SetDefaultPolicyVersion", BY_POLICY | {"VersionId": "v1"}, [POLICY]),
    ("iam:SimulateCustomPolicy", {"PolicyInputList": [ANY], "ActionNames": ["s3:GetObject"]}, ["*"]),
    ("iam:SimulatePrincipalPolicy", {"PolicySourceArn": ALICE, "ActionNames": ["s3:GetObject"]}, [ALICE]),
    ("iam:TagInstanceProfile", PROFILED | TAGS, [PROFILE]),
    ("iam:TagMFADevice", BY_DEVICE | TAGS, [DEVICE]),
    ("iam:TagPolicy", BY_POLICY | TAGS, [POLICY]),
    ("iam:TagRole", ROLE | TAGS, [BUILDER]),
    ("iam:TagUser", USER | TAGS, [ALICE]),
    ("iam:UntagInstanceProfile", PROFILED | {"TagKeys": ["Team"]}, [PROFILE]),
    ("iam:UntagMFADevice", BY_DEVICE | {"TagKeys": ["Team"]}, [DEVICE]),
    ("iam:UntagPolicy", BY_POLICY | {"TagKeys": ["Team"]}, [POLICY]),
    ("iam:UntagRole", ROLE | {"TagKeys": ["Team"]}, [BUILDER]),
    ("iam:UntagUser", USER | {"TagKeys": ["Team"]}, [ALICE]),
    ("iam:AddClientIDToOpenIDConnectProvider", BY_OIDC | {"ClientID": "x"}, [OIDC]),
    (
        "iam:CreateOpenIDConnectProvider",
        {"Url": "https://new.example.com/a"},
        [f"{IAM}:oidc-provider/new.example.com/a"],
    ),
    ("iam:CreateSAMLProvider", {"Name": "new", "SAMLMetadataDocument": METADATA}, [f"{IAM}:saml-provider/new"]),
    ("iam:DeleteOpenIDConnectProvider", BY_OIDC, [OIDC]),
    ("iam:DeleteSAMLProvider", BY_SAML, [SAML]),
    ("iam:CreateServiceLinkedRole", {"AWSServiceName": "ecs.amazonaws.com"}, [ECS]),
    ("iam:CreateServiceLinkedRole", {"AWSServiceName": "connect.amazonaws.com", "CustomSuffix": "x"}, [CONNECT]),
    ("iam:CreateServiceLinkedRole", {"AWSServiceName": "none.amazonaws.com"}, [f"{LINKED}/none.amazonaws.com/"]),
    ("iam:DeleteServiceLinkedRole", {"RoleName": "builder"}, [BUILDER]),
    ("iam:GetServiceLinkedRoleDeletionStatus", {"DeletionTaskId": TASK}, [ECS]),
    ("iam:GetServiceLinkedRoleDeletionStatus", {"DeletionTaskId": "none"}, [f"{LINKED}/"]),
    ("iam:GetOpenIDConnectProvider", BY_OIDC, [OIDC]),
    ("iam:GetSAMLProvider", BY_SAML, [SAML]),
    ("iam:ListOpenIDConnectProviderTags", BY_OIDC, [OIDC]),
    ("iam:ListOpenIDConnectProviders", {}, ["*"]),
    ("iam:ListSAMLProviderTags", BY_SAML, [SAML]),
    ("iam:ListSAMLProviders", {}, ["*"]),
    ("iam:RemoveClientIDFromOpenIDConnectProvider", BY_OIDC | {"ClientID": "x"}, [OIDC]),
    ("iam:TagOpenIDConnectProvider", BY_OIDC | TAGS, [OIDC]),
    ("iam:TagSAMLProvider", BY_SAML | TAGS, [SAML]),
    ("iam:UntagOpenIDConnectProvider", BY_OIDC | {"TagKeys": ["Team"]}, [OIDC]),
    ("iam:UntagSAMLProvider", BY_SAML | {"TagKeys": ["Team"]}, [SAML]),
    ("iam:UpdateOpenIDConnectProviderThumbprint", BY_OIDC | {"ThumbprintList": ["a" * 40]}, [OIDC]),
    ("iam:UpdateSAMLProvider", BY_SAML | {"SAMLMetadataDocument": METADATA}, [SAML]),
    ("iam:UpdateAccessKey", USER | KEY | {"Status": "Inactive"}, [ALICE]),
    ("iam:UpdateAssumeRolePolicy", ROLE | {"PolicyDocument": TRUST}, [BUILDER]),
    ("iam:UpdateGroup", GROUP | {"NewGroupName": "ops"}, [DEVS, f"{IAM}:group/teams/ops"]),
    ("iam:UpdateGroup", GROUP | {"NewPath": "/x/"}, [DEVS, f"{IAM}:group/x/devs"]),
    ("iam:UpdateGroup", GROUP, [DEVS]),
    ("iam:UpdateRole", ROLE, [BUILDER]),
    ("iam:UpdateRoleDescription", ROLE | {"Description": "x"}, [BUILDER]),
    ("iam:UpdateUser", USER | {"NewUserName": "bob", "NewPath": "/"}, [ALICE, f"{IAM}:user/bob"]),
    ("iam:UpdateUser", USER | {"NewUserName": "Alice"}, [ALICE, f"{IAM}:user/sales/Alice"]),
    ("iam:UpdateUser", USER | {"NewUserName": "alice"}, [ALICE]),
    ("iam:ChangePassword", {"OldPassword": "a", "NewPassword": "b"}, [f"{IAM}:user/admin"]),
    ("iam:CreateLoginProfile", USER | {"Password": "a"}, [ALICE]),
    ("iam:GetLoginProfile", USER, [ALICE]),
    ("iam:GetLoginProfile", {}, [f"{IAM}:user/admin"]),
    ("iam:UpdateLoginProfile", USER, [ALICE]),
    ("iam:DeleteLoginProfile", USER, [ALICE]),
    ("iam:GetAccountAuthorizationDetails", {}, ["*"]),
    ("iam:ListPoliciesGrantingServiceAccess", {"Arn": ALICE, "ServiceNamespaces": ["s3"]}, [ALICE]),
    ("iam:SetSecurityTokenServicePreferences", {"GlobalEndpointTokenVersion": "v2Token"}, ["*"]),
    ("iam:GetAccountPasswordPolicy", {}, ["*"]),
    ("iam:UpdateAccountPasswordPolicy", {}, ["*"]),
    ("iam:DeleteAccountPasswordPolicy", {}, ["*"]),
    (
        "iam:UploadServerCertificate",
        {"ServerCertificateName": "n", "Path": "/p/", "CertificateBody": "c", "PrivateKey": "k"},
        [f"{IAM}:server-certificate/p/n"],
    ),
    ("iam:GetServerCertificate", CERTIFIED, [CERTIFICATE]),
    ("iam:ListServerCertificates", {"PathPrefix": "/p"}, [f"{IAM}:server-certificate/p"]),
    ("iam:UpdateServerCertificate", CERTIFIED | {"NewPath": "/p/"}, [CERTIFICATE, f"{IAM}:server-certificate/p/site"]),
    ("iam:DeleteServerCertificate", CERTIFIED, [CERTIFICATE]),
    ("iam:TagServerCertificate", CERTIFIED | TAGS, [CERTIFICATE]),
    ("iam:UntagServerCertificate", CERTIFIED | {"TagKeys": ["Team"]}, [CERTIFICATE]),
    ("iam:ListServerCertificateTags", CERTIFIED, [CERTIFICATE]),
    ("iam:UploadSigningCertificate", USER | {"CertificateBody": "{certificate}"}, [ALICE]),
    ("iam:ListSigningCertificates", USER, [ALICE]),
    ("iam:UpdateSigningCertificate", USER | {"CertificateId": "C" * 32, "Status": "Active"}, [ALICE]),
    ("iam:DeleteSigningCertificate", USER | {"CertificateId": "C" * 32}, [ALICE]),
    ("iam:UploadSSHPublicKey", USER | {"SSHPublicKeyBody": "{ssh key}"}, [ALICE]),
    ("iam:GetSSHPublicKey", USER | {"SSHPublicKeyId": "APKAALICE000000000001", "Encoding": "SSH"}, [ALICE]),
    ("iam:ListSSHPublicKeys", USER, [ALICE]),
    ("iam:UpdateSSHPublicKey", USER | {"SSHPublicKeyId": "APKAALICE000000000001", "Status": "Inactive"}, [ALICE]),
    ("iam:DeleteSSHPublicKey", USER | {"SSHPublicKeyId": "APKAALICE000000000001"}, [ALICE]),
    ("iam:CreateServiceSpecificCredential", USER | {"ServiceName": "codecommit.amazonaws.com"}, [ALICE]),
    ("iam:ListServiceSpecificCredentials", USER, [ALICE]),
    ("iam:ListServiceSpecificCredentials", {"UserName": "nobody"}, [f"{IAM}:user/nobody"]),
    ("iam:ListServiceSpecificCredentials", {}, [f"{IAM}:user/admin"]),
    ("iam:ListServiceSpecificCredentials", {"AllUsers": True}, ["*"]),
    (
        "iam:UpdateServiceSpecificCredential",
        USER | {"ServiceSpecificCredentialId": "ACCAALICE000000000001", "Status": "Inactive"},
        [ALICE],
    ),
    ("iam:ResetServiceSpecificCredential", USER | {"ServiceSpecificCredentialId": "ACCAALICE000000000001"}, [ALICE]),
    ("iam:DeleteServiceSpecificCredential", USER | {"ServiceSpecificCredentialId": "ACCAALICE000000000001"}, [ALICE]),
    ("iam:GenerateCredentialReport", {}, ["*"]),
    ("iam:GetCredentialReport", {}, ["*"]),
    (
        "iam:CreateServiceLinkedRole",
        {"AWSServiceName": "batch.amazonaws.com"},
        [f"{IAM}:role/{BATCH}"],
    ),
    ("iam:DeleteServiceLinkedRole", ROLE, [BUILDER]),
    (
        "iam:GetServiceLinkedRoleDeletionStatus",
        {"DeletionTaskId": f"task/{BATCH}/00000000-0000-4000-8000-000000000000"},
        [f"{IAM}:role/{BATCH}"],
    ),
    ("iam:GenerateServiceLastAccessedDetails", {"Arn": ALICE}, [ALICE]),
    ("iam:GenerateServiceLastAccessedDetails", {"Arn": POLICY}, [POLICY]),
    ("iam:GetServiceLastAccessedDetails", {"JobId": "j" * 36}, ["*"]),
    ("iam:GetServiceLastAccessedDetailsWithEntities", {"JobId": "j" * 36, "ServiceNamespace": "iam"}, ["*"]),
    (
        "iam:GenerateOrganizationsAccessReport",
        {"EntityPath": "o-a1b2c3d4e5/r-f6g7"},
        [f"{IAM}:access-report/o-a1b2c3d4e5/r-f6g7"],
    ),
    ("iam:GetOrganizationsAccessReport", {"JobId": "j" * 36}, ["*"]),
    ("sts:AssumeRole", {"RoleArn": BUILDER, "RoleSessionName": "job"}, [BUILDER]),
    ("sts:DecodeAuthorizationMessage", {"EncodedMessage": "x"}, ["*"]),
    ("sts:GetAccessKeyInfo", KEY, ["*"]),
    ("sts:GetFederationToken", {"Name": "bob"}, [f"arn:aws:sts::{ACCOUNT}:federated-user/bob"]),
    ("iam:EnableOutboundWebIdentityFederation", {}, ["*"]),
    ("iam:DisableOutboundWebIdentityFederation", {}, ["*"]),
    ("iam:GetOutboundWebIdentityFederationInfo", {}, ["*"]),
    (
        "sts:GetWebIdentityToken",
        {"Audience": ["https://service.example.com"], "SigningAlgorithm": "RS256"},
        [f"arn:aws:sts::{ACCOUNT}:self"],
    ),
    ("sts:GetSessionToken", {}, ["*"]),
]
# What is asked of nobody.
FREE = {"sts:GetCallerIdentity"}
# What is asked by whom an identity provider vouches for: tests/unit/sts has it.
VOUCHED = {"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}


def stock(served: ServedHouse) -> ServedHouse:
    """One of each, with paths, and tags where there can be tags."""
    served.user("alice", Path="/sales/", Tags=[{"Key": "Team", "Value": "blue"}])
    served.admin("iam:CreateGroup", GroupName="devs", Path="/teams/")
    served.role("builder", Path="/ci/", Tags=[{"Key": "Team", "Value": "green"}])
    served.admin("iam:CreateInstanceProfile", InstanceProfileName="web", Path="/ec2/", Tags=TAGS["Tags"])
    served.admin("iam:CreatePolicy", PolicyName="read", Path="/shared/", PolicyDocument=ANY, Tags=TAGS["Tags"])
    served.admin("iam:CreateVirtualMFADevice", VirtualMFADeviceName="alice", Path="/phones/", Tags=TAGS["Tags"])
    leaf = {"CertificateBody": certificate("site"), "PrivateKey": private(ec_key("site"))}
    served.admin("iam:UploadServerCertificate", ServerCertificateName="site", Path="/tls/", Tags=TAGS["Tags"], **leaf)
    return served


@pytest.fixture
def stocked(served: ServedHouse) -> ServedHouse:
    """A stocked house of the test's own."""
    return stock(served)


@pytest.fixture(scope="module")
def shelf() -> Iterator[ServedHouse]:
    """A stocked house for tests that only look."""
    house = stock(ServedHouse())
    yield house
    house.close()


@pytest.mark.parametrize(("action", "inputs", "arns"), ARNS, ids=[f"{row[0]}-{at}" for at, row in enumerate(ARNS)])
def test_a_call_is_asked_about_the_resource_that_it_touches(
    shelf: ServedHouse, action: str, inputs: dict[str, Any], arns: list[str]
) -> None:
    found = asks(shelf.admin, action, **inputs)
    assert [one.arn for one in found] == arns
    assert found[0].action == action
    assert {one.account for one in found} == {ACCOUNT}


def test_no_operation_is_missing_from_the_table() -> None:
    """Those of Organizations are named by ids and stand in `tests/unit/organizations/test_asks.py`."""
    named = {action for action in OPERATIONS if not action.startswith("organizations:")}
    assert {action for action, _, _ in ARNS} | FREE | VOUCHED == named


def test_an_arn_is_asked_about_wherever_aws_has_a_resource() -> None:
    """`*` stands only where AWS's reference has no resource, for a key that is nobody's and for everybody's keys."""
    starred = {action for action, _, arns in ARNS if "*" in arns}
    assert {one for one in starred if facts_of(*one.split(":")).resources} == {
        "iam:GetAccessKeyLastUsed",
        "iam:ListServiceSpecificCredentials",
    }


# ---- who is meant without a name


@pytest.mark.parametrize(
    "action", ["iam:GetUser", "iam:CreateAccessKey", "iam:ListAccessKeys", "iam:ListMFADevices", "iam:DeleteAccessKey"]
)
def test_without_a_name_the_caller_is_meant(stocked: ServedHouse, action: str) -> None:
    inputs = KEY if action == "iam:DeleteAccessKey" else {}
    assert [one.arn for one in asks(stocked.admin, action, **inputs)] == [f"{IAM}:user/admin"]
    assert [one.arn for one in asks(stocked.root, action, **inputs)] == [f"{IAM}:root"]
    session = stocked.admin.assume(BUILDER)
    assert [one.arn for one in asks(session, action, **inputs)] == [BUILDER]


def test_a_caller_meant_by_silence_brings_its_tags(served: ServedHouse) -> None:
    alice = served.user("alice", Tags=[{"Key": "Team", "Value": "blue"}])
    assert asks(alice, "iam:GetUser")[0].tags == {"Team": "blue"}


def test_the_owner_of_a_key_is_asked_about_when_it_is_of_this_account(stocked: ServedHouse) -> None:
    own = stocked.admin("iam:CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    foreign = stocked.other_admin("iam:CreateAccessKey")["AccessKey"]["AccessKeyId"]
    assert asks(stocked.admin, "iam:GetAccessKeyLastUsed", AccessKeyId=own)[0].arn == ALICE
    assert asks(stocked.admin, "iam:GetAccessKeyLastUsed", AccessKeyId=foreign)[0].arn == "*"
    assert asks(stocked.admin, "iam:GetAccessKeyLastUsed", AccessKeyId="AKIDROOT00000001")[0].arn == f"{IAM}:root"


# ---- what does not exist, and what is somebody else's


@pytest.mark.parametrize(
    ("action", "inputs", "arn"),
    [
        ("iam:GetUser", {"UserName": "nobody"}, f"{IAM}:user/nobody"),
        ("iam:GetGroup", {"GroupName": "nobody"}, f"{IAM}:group/nobody"),
        ("iam:GetRole", {"RoleName": "nobody"}, f"{IAM}:role/nobody"),
        ("iam:UpdateUser", {"UserName": "nobody", "NewUserName": "x"}, f"{IAM}:user/nobody"),
        ("iam:GetPolicy", {"PolicyArn": f"{IAM}:policy/nobody"}, f"{IAM}:policy/nobody"),
    ],
)
def test_what_does_not_exist_is_asked_about_by_its_name(
    stocked: ServedHouse, action: str, inputs: dict[str, str], arn: str
) -> None:
    (one,) = asks(stocked.admin, action, **inputs)
    assert (one.arn, one.tags) == (arn, {})


def test_a_role_that_does_not_exist_needs_the_right_to_be_passed_as_any_other(stocked: ServedHouse) -> None:
    """Else whoever may fill a profile could find out which roles there are."""
    bob = stocked.user("bob", allow("iam:AddRoleToInstanceProfile"))
    answers = [
        bob.ask("iam:AddRoleToInstanceProfile", InstanceProfileName="web", RoleName=name)
        for name in ("builder", "nobody")
    ]
    assert [one.code for one in answers] == ["AccessDenied", "AccessDenied"]
    assert answers[1].message == answers[0].message.replace(BUILDER, f"{IAM}:role/nobody")


@pytest.mark.parametrize(
    ("action", "inputs"),
    [
        ("iam:GetPolicy", {"PolicyArn": f"arn:aws:iam::{OTHER}:policy/NAME"}),
        ("iam:TagPolicy", {"PolicyArn": f"arn:aws:iam::{OTHER}:policy/NAME"} | TAGS),
        ("iam:DeletePolicy", {"PolicyArn": f"arn:aws:iam::{OTHER}:policy/NAME"}),
        ("iam:DeleteVirtualMFADevice", {"SerialNumber": f"arn:aws:iam::{OTHER}:mfa/NAME"}),
        ("iam:ListMFADeviceTags", {"SerialNumber": f"arn:aws:iam::{OTHER}:mfa/NAME"}),
    ],
)
def test_nothing_tells_whether_another_account_has_a_policy_or_device(
    stocked: ServedHouse, action: str, inputs: dict[str, Any]
) -> None:
    stocked.other_admin("iam:CreatePolicy", PolicyName="there", PolicyDocument=ANY, Tags=TAGS["Tags"])
    stocked.other_admin("iam:CreateVirtualMFADevice", VirtualMFADeviceName="there", Tags=TAGS["Tags"])
    for client in (stocked.admin, stocked.root):
        answers = []
        for name in ("there", "absent"):
            given = {k: v.replace("NAME", name) if isinstance(v, str) else v for k, v in inputs.items()}
            answer = client.ask(action, **given)
            answers.append((answer.status, answer.code, answer.message.replace(name, "NAME")))
            assert asks(client, action, **given)[0].tags == {}
        assert answers[0] == answers[1]
        assert answers[0][:2] == (403, "AccessDenied")


def test_an_arn_of_another_partition_or_case_finds_nothing(stocked: ServedHouse) -> None:
    for arn in (POLICY.replace("arn:aws:", "arn:aws-cn:"), POLICY.replace("read", "READ"), f"{IAM}:policy/read"):
        assert stocked.admin.ask("iam:GetPolicy", PolicyArn=arn).code == "NoSuchEntity"


def test_a_text_that_is_no_arn_is_refused_after_the_question(stocked: ServedHouse) -> None:
    alice = stocked.user("bob")
    assert alice.ask("iam:GetPolicy", PolicyArn="this-is-no-arn-at-all").code == "AccessDenied"
    assert stocked.admin.ask("iam:GetPolicy", PolicyArn="this-is-no-arn-at-all").code == "ValidationError"


@pytest.mark.parametrize(
    ("action", "member"),
    [
        ("iam:SimulatePrincipalPolicy", "PolicySourceArn"),
        ("iam:GetContextKeysForPrincipalPolicy", "PolicySourceArn"),
        ("iam:GenerateServiceLastAccessedDetails", "Arn"),
        ("iam:ListPoliciesGrantingServiceAccess", "Arn"),
    ],
)
@pytest.mark.parametrize(
    ("arn", "tags"),
    [(ALICE, {"Team": "blue"}), (BUILDER, {"Team": "green"}), (DEVS, {}), (f"{IAM}:user/alice", {}), ("no arn", {})],
)
def test_an_operation_that_names_its_subject_by_arn_is_never_asked_about_as_the_caller(
    shelf: ServedHouse, action: str, member: str, arn: str, tags: dict[str, str]
) -> None:
    """Not performed yet; asked with another operation's call, so that it is right on the day it is."""

    def step(tx: Any) -> Any:
        call = call_of(shelf.admin, "iam:ListUsers", tx, {})
        operation = msgspec.structs.replace(call.operation, name=action)
        return asked(msgspec.structs.replace(call, operation=operation, inputs={member: arn}), tx)

    (one,) = shelf.house.store.read(step)
    assert (one.action, one.arn, one.tags) == (action, arn, tags)


# ---- condition keys of the action


def test_tags_of_the_resource_come_from_what_is_stored(stocked: ServedHouse) -> None:
    assert asks(stocked.admin, "iam:GetUser", **USER)[0].tags == {"Team": "blue"}
    assert asks(stocked.admin, "iam:TagUser", **USER, **TAGS)[0].tags == {"Team": "blue"}
    assert asks(stocked.admin, "iam:DeleteRole", **ROLE)[0].tags == {"Team": "green"}
    for action, by in (("iam:GetPolicy", BY_POLICY), ("iam:ListMFADeviceTags", BY_DEVICE), ("iam:DeleteGroup", GROUP)):
        assert asks(stocked.admin, action, **by)[0].tags == ({} if by is GROUP else {"Team": "red"})


def test_tags_of_the_request_become_keys(stocked: ServedHouse) -> None:
    tags = [{"Key": "Team", "Value": "red"}, {"Key": "Cost", "Value": ""}, {"Key": "Team", "Value": "last"}]
    (one,) = asks(stocked.admin, "iam:TagUser", **USER, Tags=tags)
    assert one.context == {
        "aws:RequestTag/Team": "last",
        "aws:RequestTag/Cost": "",
        "aws:TagKeys": ("Team", "Cost"),
    }
    (one,) = asks(stocked.admin, "iam:UntagUser", **USER, TagKeys=["Team", "Team"])
    assert one.context == {"aws:TagKeys": ("Team",)}


@pytest.mark.parametrize(
    ("action", "also", "inputs"),
    [
        ("iam:CreateUser", "iam:TagUser", {"UserName": "new"}),
        ("iam:CreateRole", "iam:TagRole", {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}),
        ("iam:CreatePolicy", "iam:TagPolicy", {"PolicyName": "new", "PolicyDocument": ANY}),
        ("iam:CreateInstanceProfile", "iam:TagInstanceProfile", {"InstanceProfileName": "new"}),
        ("iam:CreateVirtualMFADevice", "iam:TagMFADevice", {"VirtualMFADeviceName": "new"}),
        ("iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", {"Url": "https://idp.example.com"}),
        ("iam:CreateSAMLProvider", "iam:TagSAMLProvider", {"Name": "new", "SAMLMetadataDocument": METADATA}),
    ],
)
def test_making_something_with_tags_needs_the_right_to_tag(
    served: ServedHouse, action: str, also: str, inputs: dict[str, Any]
) -> None:
    bob = served.user("bob", allow(action))
    refused = bob.ask(action, **inputs, **TAGS)
    assert refused.code == "AccessDenied"
    assert f"is not authorized to perform: {also} on resource: {IAM}:" in refused.message
    first, second = asks(served.admin, action, **inputs, **TAGS)
    assert (second.action, second.arn, second.context) == (also, first.arn, first.context)
    assert bob.ask(action, **inputs).status == 200


def test_every_operation_that_makes_something_with_tags_is_in_that_table() -> None:
    taking = {name for name, one in OPERATIONS.items() if "Tags" in {f.encode_name for f in fields(one)}}
    made = {name for name in taking if name.startswith("iam:Create")}
    assert made == {
        "iam:CreateUser",
        "iam:CreateRole",
        "iam:CreatePolicy",
        "iam:CreateInstanceProfile",
        "iam:CreateVirtualMFADevice",
        "iam:CreateOpenIDConnectProvider",
        "iam:CreateSAMLProvider",
    }


@pytest.mark.parametrize("action", ["iam:AttachUserPolicy", "iam:DetachUserPolicy"])
def test_the_policy_that_is_attached_becomes_a_key(stocked: ServedHouse, action: str) -> None:
    assert asks(stocked.admin, action, **USER, **BY_POLICY)[0].context == {"iam:PolicyARN": POLICY}


def test_the_boundary_in_the_request_becomes_a_key(stocked: ServedHouse) -> None:
    key = {"iam:PermissionsBoundary": POLICY}
    given = {"PermissionsBoundary": POLICY}
    for action, inputs in (
        ("iam:CreateUser", {"UserName": "new"}),
        ("iam:CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}),
        ("iam:PutUserPermissionsBoundary", USER),
        ("iam:PutRolePermissionsBoundary", ROLE),
    ):
        assert asks(stocked.admin, action, **inputs, **given)[0].context == key


def test_the_boundary_that_stands_becomes_a_key(stocked: ServedHouse) -> None:
    stocked.admin("iam:PutUserPermissionsBoundary", **USER, PermissionsBoundary=POLICY)
    stocked.admin("iam:PutRolePermissionsBoundary", **ROLE, PermissionsBoundary=READ_ONLY)
    for action, inputs, key in (
        ("iam:PutUserPolicy", USER | NAME | {"PolicyDocument": ANY}, POLICY),
        ("iam:DeleteUserPermissionsBoundary", USER, POLICY),
        ("iam:UpdateAssumeRolePolicy", ROLE | {"PolicyDocument": TRUST}, READ_ONLY),
    ):
        assert asks(stocked.admin, action, **inputs)[0].context["iam:PermissionsBoundary"] == key
    assert "iam:PermissionsBoundary" not in asks(stocked.admin, "iam:TagUser", **USER, **TAGS)[0].context
    assert (
        "iam:PermissionsBoundary"
        not in asks(stocked.admin, "iam:DeleteUserPermissionsBoundary", UserName="admin")[0].context
    )


def test_handing_a_role_on_says_to_whom(stocked: ServedHouse) -> None:
    first, passed = asks(stocked.admin, "iam:AddRoleToInstanceProfile", **PROFILED, **ROLE)
    assert first.tags == {"Team": "red"}
    assert (passed.action, passed.tags) == ("iam:PassRole", {"Team": "green"})
    assert passed.context == {"iam:PassedToService": "ec2.amazonaws.com"}


def test_renaming_needs_the_right_on_both_names(stocked: ServedHouse) -> None:
    bob = stocked.user("bob", allow("iam:UpdateUser", on=ALICE))
    assert bob.ask("iam:UpdateUser", UserName="alice", NewUserName="eve").code == "AccessDenied"
    stocked.admin(
        "iam:PutUserPolicy",
        UserName="bob",
        PolicyName="own",
        PolicyDocument=document(allow("iam:UpdateUser", on=[ALICE, f"{IAM}:user/sales/eve"])),
    )
    assert bob.ask("iam:UpdateUser", UserName="alice", NewUserName="eve").status == 200


def fields(operation: Any) -> Any:
    """The inputs of an operation."""
    return msgspec.structs.fields(operation.inputs)
