"""SCPs and RCPs: kept, attached, and in force with the next request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.served import ACCOUNT, NOW, OTHER, ServedHouse, allow, deny, document, trusting
from tests.unit.organizations.org import ORGS, Org, begun

from locum.iam.organization import Member, member_id
from locum.store.entity import Author
from locum.store.tx import Tx

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"


@pytest.fixture
def org() -> Iterator[Org]:
    found = begun()
    yield found
    found.house.close()


def policy(org: Org, *statements: Any, name: str = "policy", type: str = SCP) -> str:
    made = org.admin(f"{ORGS}CreatePolicy", Name=name, Description="", Type=type, Content=document(*statements))
    id: str = made["Policy"]["PolicySummary"]["Id"]
    return id


def attach(org: Org, policy: str, target: str) -> None:
    org.admin(f"{ORGS}AttachPolicy", PolicyId=policy, TargetId=target)


def detach(org: Org, policy: str, target: str) -> None:
    org.admin(f"{ORGS}DetachPolicy", PolicyId=policy, TargetId=target)


def test_an_scp_holds_at_every_level_from_the_next_request_and_lets_go_with_it(org: Org) -> None:
    unit, account = org.unit("unit"), org.account("dev")
    inside = org.inside(account)
    no = policy(org, deny("iam:ListUsers"))
    for target in (org.root, account):
        inside("iam:ListUsers")
        attach(org, no, target)
        refused = inside.ask("iam:ListUsers")
        assert refused.code == "AccessDenied"
        assert refused.message.endswith("with an explicit deny in a service control policy")
        detach(org, no, target)
    attach(org, no, unit)
    inside("iam:ListUsers")
    org.admin(f"{ORGS}MoveAccount", AccountId=account, SourceParentId=org.root, DestinationParentId=unit)
    assert inside.ask("iam:ListUsers").code == "AccessDenied"
    org.admin(f"{ORGS}MoveAccount", AccountId=account, SourceParentId=unit, DestinationParentId=org.root)
    inside("iam:ListUsers")


def test_a_level_that_does_not_allow_denies(org: Org) -> None:
    account = org.account("dev")
    inside = org.inside(account)
    attach(org, policy(org, allow("iam:Get*")), account)
    detach(org, FULL, account)
    refused = inside.ask("iam:ListUsers")
    assert refused.code == "AccessDenied"
    assert refused.message.endswith("with an explicit deny in a service control policy")  # AWS's words for silence too
    inside("iam:GetAccountSummary")


def test_a_changed_document_is_in_force_at_once(org: Org) -> None:
    account = org.account("dev")
    inside = org.inside(account)
    id = policy(org, deny("iam:ListUsers"))
    attach(org, id, org.root)
    assert inside.ask("iam:ListUsers").code == "AccessDenied"
    org.admin(f"{ORGS}UpdatePolicy", PolicyId=id, Content=document(deny("iam:ListRoles")))
    inside("iam:ListUsers")
    assert inside.ask("iam:ListRoles").code == "AccessDenied"


def test_an_scp_holds_the_root_user_of_a_member_too(org: Org) -> None:
    """Root of an account that was there before, put into the organization as an invitation would."""
    [root] = org.admin(f"{ORGS}ListRoots")["Roots"]
    member = Member(
        id=member_id(OTHER),
        account=OTHER,
        name=OTHER,
        owner=root["Id"],
        created=NOW,
        organization=org.id,
        management=ACCOUNT,
        label="other",
        joined=NOW,
        joined_method="INVITED",
        policies=(FULL,),
    )
    org.house.house.store.write(lambda tx: _joined(tx, member))
    org.house.other_root("iam:ListUsers")
    attach(org, policy(org, deny("iam:*")), OTHER)
    assert org.house.other_root.ask("iam:ListUsers").code == "AccessDenied"
    org.house.other_root("sts:GetCallerIdentity")


def _joined(tx: Tx, member: Member) -> None:
    tx.written_by(Author(arn="arn:aws:iam::111122223333:root", at=NOW, request_id="test"))
    tx.add(member)


def test_the_management_account_is_held_by_nothing(org: Org) -> None:
    attach(org, policy(org, deny("iam:*")), org.root)
    org.admin("iam:ListUsers")
    attach(org, policy(org, deny("iam:*"), name="second"), ACCOUNT)
    org.admin("iam:ListUsers")


def test_a_stranger_to_the_organization_is_held_by_nothing(org: Org) -> None:
    attach(org, policy(org, deny("iam:*")), org.root)
    org.house.other_admin("iam:ListUsers")


def test_an_account_that_left_is_free(org: Org) -> None:
    account = org.account("dev")
    inside = org.inside(account)
    attach(org, policy(org, deny("iam:ListUsers")), account)
    assert inside.ask("iam:ListUsers").code == "AccessDenied"
    org.admin(f"{ORGS}RemoveAccountFromOrganization", AccountId=account)
    inside("iam:ListUsers")


def test_a_type_that_is_disabled_is_detached_everywhere_and_begins_anew(org: Org) -> None:
    account = org.account("dev")
    inside = org.inside(account)
    no = policy(org, deny("iam:ListUsers"))
    attach(org, no, account)
    root = org.admin(f"{ORGS}DisablePolicyType", RootId=org.root, PolicyType=SCP)["Root"]
    assert root["PolicyTypes"] == []
    inside("iam:ListUsers")
    assert org.admin.ask(f"{ORGS}AttachPolicy", PolicyId=no, TargetId=account).code == "PolicyTypeNotEnabledException"
    org.admin(f"{ORGS}EnablePolicyType", RootId=org.root, PolicyType=SCP)
    inside("iam:ListUsers")
    listed = org.admin(f"{ORGS}ListPoliciesForTarget", TargetId=account, Filter=SCP)["Policies"]
    assert [one["Id"] for one in listed] == [FULL]


def test_an_rcp_holds_strangers_off_the_roles_of_members(org: Org) -> None:
    org.admin(f"{ORGS}EnablePolicyType", RootId=org.root, PolicyType=RCP)
    account = org.account("dev")
    inside = org.inside(account)
    inside("iam:CreateRole", RoleName="open", AssumeRolePolicyDocument=document(trusting(OTHER, ACCOUNT)))
    arn = f"arn:aws:iam::{account}:role/open"
    stranger = {"RoleArn": arn, "RoleSessionName": "stranger"}
    org.house.other_admin("sts:AssumeRole", **stranger)
    outside = {"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": org.id}}}
    id = policy(org, {**deny("sts:AssumeRole"), "Principal": "*", **outside}, type=RCP)
    attach(org, id, org.root)
    assert org.house.other_admin.ask("sts:AssumeRole", **stranger).code == "AccessDenied"
    org.admin("sts:AssumeRole", **stranger)
    detach(org, id, org.root)
    org.house.other_admin("sts:AssumeRole", **stranger)


def test_an_rcp_does_not_hold_the_management_account(org: Org) -> None:
    org.admin(f"{ORGS}EnablePolicyType", RootId=org.root, PolicyType=RCP)
    arn = org.house.role("open", trust=[trusting(OTHER)])
    attach(org, policy(org, {**deny("sts:*"), "Principal": "*"}, type=RCP), org.root)
    org.house.other_admin("sts:AssumeRole", RoleArn=arn, RoleSessionName="xx")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "{org}"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-other00000"}}, False),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "{org}/{root}/*"}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "{org}/r-none/*"}}, False),
        ({"StringEquals": {"aws:ResourceOrgID": "${{aws:PrincipalOrgID}}"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:ResourceOrgPaths": "{org}/{root}/"}}, True),
    ],
)
def test_the_keys_of_the_organization_say_where_caller_and_resource_stand(
    org: Org, condition: dict[str, dict[str, str]], holds: bool
) -> None:
    filled = {
        operator: {key: value.format(org=org.id, root=org.root) for key, value in keys.items()}
        for operator, keys in condition.items()
    }
    user = org.house.user("user", allow("iam:ListUsers", Condition=filled))
    assert user.ask("iam:ListUsers").code == ("" if holds else "AccessDenied")


def test_without_an_organization_the_keys_are_absent() -> None:
    house = ServedHouse()
    user = house.user("user", allow("iam:ListUsers", Condition={"Null": {"aws:PrincipalOrgID": "true"}}))
    user("iam:ListUsers")
    house.admin(f"{ORGS}CreateOrganization")
    assert user.ask("iam:ListUsers").code == "AccessDenied"
    house.close()


def test_the_last_scp_stays_and_five_are_the_most(org: Org) -> None:
    account = org.account("dev")
    refused = org.admin.ask(f"{ORGS}DetachPolicy", PolicyId=FULL, TargetId=account)
    assert refused.code == "ConstraintViolationException"
    assert b"MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED" in refused.response.body
    for index in range(4):
        attach(org, policy(org, deny("s3:*"), name=f"policy {index}"), account)
    more = policy(org, deny("s3:*"), name="more")
    refused = org.admin.ask(f"{ORGS}AttachPolicy", PolicyId=more, TargetId=account)
    assert b"MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED" in refused.response.body


def test_a_policy_is_kept_changed_and_deleted_when_nothing_needs_it(org: Org) -> None:
    id = policy(org, deny("s3:*"))
    assert org.admin.ask(
        f"{ORGS}CreatePolicy", Name="POLICY", Description="", Type=SCP, Content=document(deny("s3:*"))
    ).code == ("DuplicatePolicyException")
    org.admin(f"{ORGS}UpdatePolicy", PolicyId=id, Name="renamed", Description="why")
    shown = org.admin(f"{ORGS}DescribePolicy", PolicyId=id)["Policy"]["PolicySummary"]
    assert (shown["Name"], shown["Description"], shown["AwsManaged"]) == ("renamed", "why", False)
    attach(org, id, org.root)
    assert org.admin.ask(f"{ORGS}DeletePolicy", PolicyId=id).code == "PolicyInUseException"
    [target] = org.admin(f"{ORGS}ListTargetsForPolicy", PolicyId=id)["Targets"]
    assert (target["TargetId"], target["Type"]) == (org.root, "ROOT")
    assert org.admin.ask(f"{ORGS}AttachPolicy", PolicyId=id, TargetId=org.root).code == (
        "DuplicatePolicyAttachmentException"
    )
    detach(org, id, org.root)
    assert org.admin.ask(f"{ORGS}DetachPolicy", PolicyId=id, TargetId=org.root).code == "PolicyNotAttachedException"
    org.admin(f"{ORGS}DeletePolicy", PolicyId=id)
    assert org.admin.ask(f"{ORGS}DescribePolicy", PolicyId=id).code == "PolicyNotFoundException"


def test_aws_s_own_policies_are_shown_and_not_changed(org: Org) -> None:
    shown = org.admin(f"{ORGS}DescribePolicy", PolicyId=FULL)["Policy"]["PolicySummary"]
    assert shown["Arn"] == "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    assert shown["AwsManaged"] is True
    for operation in ("UpdatePolicy", "DeletePolicy"):
        assert org.admin.ask(f"{ORGS}{operation}", PolicyId=FULL).code == "InvalidInputException"
    assert org.admin.ask(f"{ORGS}DescribePolicy", PolicyId="p-RCPFullAWSAccess").code == "PolicyNotFoundException"


@pytest.mark.parametrize(
    ("type", "content"),
    [
        (SCP, "{}"),
        (SCP, document({**deny("s3:*"), "Principal": "*"})),
        (RCP, document({**allow("s3:*"), "Principal": "*"})),
        (RCP, document(deny("s3:*"))),
    ],
)
def test_a_document_that_is_none_of_its_type_is_refused(org: Org, type: str, content: str) -> None:
    org.admin(f"{ORGS}EnablePolicyType", RootId=org.root, PolicyType=RCP)
    refused = org.admin.ask(f"{ORGS}CreatePolicy", Name="x", Description="", Type=type, Content=content)
    assert refused.code == "MalformedPolicyDocumentException"


def test_a_document_has_a_longest_length(org: Org) -> None:
    content = document(deny("s3:*", on=["arn:aws:s3:::" + "x" * 100 + str(index) for index in range(60)]))
    refused = org.admin.ask(f"{ORGS}CreatePolicy", Name="x", Description="", Type=SCP, Content=content)
    assert b"POLICY_CONTENT_LIMIT_EXCEEDED" in refused.response.body


def test_policies_that_decide_nothing_are_not_kept(org: Org) -> None:
    assert org.admin(f"{ORGS}ListPolicies", Filter="TAG_POLICY")["Policies"] == []
    refused = org.admin.ask(f"{ORGS}EnablePolicyType", RootId=org.root, PolicyType="TAG_POLICY")
    assert refused.code == "NotImplemented"


def test_what_a_policy_denies_of_organizations_itself_counts(org: Org) -> None:
    on = f"arn:aws:organizations::{ACCOUNT}:root/{org.id}/{org.root}"
    user = org.house.user("user", allow("organizations:List*"), deny("organizations:ListChildren", on=on))
    unit = org.unit("unit")
    user(f"{ORGS}ListChildren", ParentId=unit, ChildType="ACCOUNT")
    assert user.ask(f"{ORGS}ListChildren", ParentId=org.root, ChildType="ACCOUNT").code == "AccessDeniedException"
