"""Organizations, roots, units and accounts: how the tree grows, moves and goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.served import ACCOUNT, ServedHouse
from tests.unit.organizations.org import ORGS, Org, begun


@pytest.fixture
def org() -> Iterator[Org]:
    found = begun()
    yield found
    found.house.close()


def test_without_an_organization_aws_says_so() -> None:
    house = ServedHouse()
    refused = house.admin.ask(f"{ORGS}DescribeOrganization")
    assert (refused.status, refused.code) == (400, "AWSOrganizationsNotInUseException")
    assert refused.message == "Your account is not a member of an organization."
    house.close()


def test_a_new_organization_has_no_type_of_policies_in_force() -> None:
    house = ServedHouse()
    house.admin(f"{ORGS}CreateOrganization")
    [root] = house.admin(f"{ORGS}ListRoots")["Roots"]
    assert root["PolicyTypes"] == []
    listed = house.admin(f"{ORGS}ListPoliciesForTarget", TargetId=ACCOUNT, Filter="SERVICE_CONTROL_POLICY")
    assert listed["Policies"] == []
    house.close()


def test_an_organization_has_its_maker_and_the_types_that_were_put_in_force(org: Org) -> None:
    made = org.admin(f"{ORGS}DescribeOrganization")["Organization"]
    assert (made["MasterAccountId"], made["FeatureSet"]) == (ACCOUNT, "ALL")
    [root] = org.admin(f"{ORGS}ListRoots")["Roots"]
    assert root["PolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    [account] = org.admin(f"{ORGS}ListAccounts")["Accounts"]
    assert account["Id"] == ACCOUNT
    assert account["Paths"] == [f"{org.id}/{org.root}/{ACCOUNT}/"]


def test_an_account_is_in_one_organization_at_most(org: Org) -> None:
    assert org.admin.ask(f"{ORGS}CreateOrganization").code == "AlreadyInOrganizationException"


def test_the_making_of_an_account_is_under_way_and_then_done(org: Org) -> None:
    begun = org.admin(f"{ORGS}CreateAccount", Email="dev@example.com", AccountName="dev")["CreateAccountStatus"]
    assert begun["State"] == "IN_PROGRESS"
    assert "AccountId" not in begun
    done = org.admin(f"{ORGS}DescribeCreateAccountStatus", CreateAccountRequestId=begun["Id"])["CreateAccountStatus"]
    assert done["State"] == "SUCCEEDED"
    made = org.admin(f"{ORGS}DescribeAccount", AccountId=done["AccountId"])["Account"]
    assert (made["Name"], made["Email"], made["Status"]) == ("dev", "dev@example.com", "ACTIVE")


def test_an_email_belongs_to_one_account(org: Org) -> None:
    org.account("dev")
    begun = org.admin(f"{ORGS}CreateAccount", Email="DEV@example.com", AccountName="other")["CreateAccountStatus"]
    done = org.admin(f"{ORGS}DescribeCreateAccountStatus", CreateAccountRequestId=begun["Id"])["CreateAccountStatus"]
    assert (done["State"], done["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert len(org.admin(f"{ORGS}ListAccounts")["Accounts"]) == 2


def test_the_management_account_gets_into_a_new_account_and_nobody_else(org: Org) -> None:
    account = org.account("dev")
    assert org.inside(account)("sts:GetCallerIdentity")["Account"] == account
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    assert org.house.other_admin.ask("sts:AssumeRole", RoleArn=role, RoleSessionName="xx").code == "AccessDenied"


def test_units_stand_in_one_another_and_names_are_unique_among_siblings(org: Org) -> None:
    first = org.unit("first")
    inner = org.unit("first", first)
    refused = org.admin.ask(f"{ORGS}CreateOrganizationalUnit", ParentId=org.root, Name="FIRST")
    assert refused.code == "DuplicateOrganizationalUnitException"
    shown = org.admin(f"{ORGS}DescribeOrganizationalUnit", OrganizationalUnitId=inner)["OrganizationalUnit"]
    assert shown["Path"] == f"{org.id}/{org.root}/{first}/{inner}/"
    assert org.admin(f"{ORGS}ListParents", ChildId=inner)["Parents"] == [{"Id": first, "Type": "ORGANIZATIONAL_UNIT"}]
    assert org.admin(f"{ORGS}ListParents", ChildId=first)["Parents"] == [{"Id": org.root, "Type": "ROOT"}]


def test_units_are_five_deep_at_most(org: Org) -> None:
    parent = org.root
    for depth in range(5):
        parent = org.unit(f"depth {depth}", parent)
    refused = org.admin.ask(f"{ORGS}CreateOrganizationalUnit", ParentId=parent, Name="deeper")
    assert refused.code == "ConstraintViolationException"
    assert b'"Reason": "OU_DEPTH_LIMIT_EXCEEDED"' in refused.response.body


def test_a_unit_that_holds_something_stays(org: Org) -> None:
    unit = org.unit("first")
    account = org.account("dev")
    org.admin(f"{ORGS}MoveAccount", AccountId=account, SourceParentId=org.root, DestinationParentId=unit)
    refused = org.admin.ask(f"{ORGS}DeleteOrganizationalUnit", OrganizationalUnitId=unit)
    assert refused.code == "OrganizationalUnitNotEmptyException"
    org.admin(f"{ORGS}MoveAccount", AccountId=account, SourceParentId=unit, DestinationParentId=org.root)
    org.admin(f"{ORGS}DeleteOrganizationalUnit", OrganizationalUnitId=unit)
    assert org.admin.ask(f"{ORGS}DescribeOrganizationalUnit", OrganizationalUnitId=unit).code == (
        "OrganizationalUnitNotFoundException"
    )


def test_a_moved_account_is_listed_where_it_is(org: Org) -> None:
    unit, account = org.unit("first"), org.account("dev")
    move = {"AccountId": account, "SourceParentId": org.root, "DestinationParentId": unit}
    org.admin(f"{ORGS}MoveAccount", **move)
    [child] = org.admin(f"{ORGS}ListChildren", ParentId=unit, ChildType="ACCOUNT")["Children"]
    assert child == {"Id": account, "Type": "ACCOUNT"}
    assert [one["Id"] for one in org.admin(f"{ORGS}ListAccountsForParent", ParentId=unit)["Accounts"]] == [account]
    assert org.admin.ask(f"{ORGS}MoveAccount", **move).code == "SourceParentNotFoundException"
    again = move | {"SourceParentId": unit}
    assert org.admin.ask(f"{ORGS}MoveAccount", **again).code == "DuplicateAccountException"


def test_a_closed_account_may_do_nothing_any_more(org: Org) -> None:
    account = org.account("dev")
    inside = org.inside(account)
    inside("iam:ListUsers")
    org.admin(f"{ORGS}CloseAccount", AccountId=account)
    assert inside.ask("iam:ListUsers").code == "AccessDenied"
    assert org.admin(f"{ORGS}DescribeAccount", AccountId=account)["Account"]["Status"] == "SUSPENDED"
    assert org.admin.ask(f"{ORGS}CloseAccount", AccountId=account).code == "AccountAlreadyClosedException"
    assert (
        org.admin.ask(f"{ORGS}RemoveAccountFromOrganization", AccountId=account).code == "ConstraintViolationException"
    )


def test_the_management_account_is_neither_closed_nor_removed(org: Org) -> None:
    assert org.admin.ask(f"{ORGS}CloseAccount", AccountId=ACCOUNT).code == "ConstraintViolationException"
    removed = org.admin.ask(f"{ORGS}RemoveAccountFromOrganization", AccountId=ACCOUNT)
    assert removed.code == "MasterCannotLeaveOrganizationException"


def test_an_organization_is_deleted_when_it_is_empty(org: Org) -> None:
    account = org.account("dev")
    assert org.admin.ask(f"{ORGS}DeleteOrganization").code == "OrganizationNotEmptyException"
    org.inside(account)(f"{ORGS}LeaveOrganization")
    org.unit("left")
    org.admin(f"{ORGS}DeleteOrganization")
    assert org.admin.ask(f"{ORGS}DescribeOrganization").code == "AWSOrganizationsNotInUseException"
    assert org.admin(f"{ORGS}CreateOrganization")["Organization"]["Id"] != org.id


def test_a_member_sees_that_there_is_an_organization_and_no_more(org: Org) -> None:
    inside = org.inside(org.account("dev"))
    assert inside(f"{ORGS}DescribeOrganization")["Organization"]["Id"] == org.id
    refused = inside.ask(f"{ORGS}ListAccounts")
    assert (refused.code, refused.message) == (
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    )


def test_another_organization_s_nodes_do_not_exist(org: Org) -> None:
    other = org.house.other_admin
    other(f"{ORGS}CreateOrganization")
    unit = org.unit("mine")
    assert other.ask(f"{ORGS}DescribeOrganizationalUnit", OrganizationalUnitId=unit).code == (
        "OrganizationalUnitNotFoundException"
    )
    assert other.ask(f"{ORGS}DescribeAccount", AccountId=ACCOUNT).code == "AccountNotFoundException"


def test_accounts_are_listed_page_by_page(org: Org) -> None:
    numbers = {ACCOUNT, *(org.account(f"dev{index}") for index in range(4))}
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = org.admin(f"{ORGS}ListAccounts", MaxResults=2, **token)
        seen += [one["Id"] for one in page["Accounts"]]
        if "NextToken" not in page.result:
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(seen) == sorted(numbers)
    assert org.admin.ask(f"{ORGS}ListRoots", NextToken="foreign").code == "InvalidInputException"


def test_what_it_consists_of_has_tags(org: Org) -> None:
    unit = org.unit("first")
    for id in (org.root, unit, ACCOUNT):
        org.admin(f"{ORGS}TagResource", ResourceId=id, Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}])
        org.admin(f"{ORGS}UntagResource", ResourceId=id, TagKeys=["a"])
        assert org.admin(f"{ORGS}ListTagsForResource", ResourceId=id)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert org.admin.ask(f"{ORGS}ListTagsForResource", ResourceId="ou-abcd-12345678").code == "TargetNotFoundException"


def test_services_are_given_access_and_lose_it(org: Org) -> None:
    org.admin(f"{ORGS}EnableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
    [service] = org.admin(f"{ORGS}ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"]
    assert service["ServicePrincipal"] == "iam.amazonaws.com"
    org.admin(f"{ORGS}DisableAWSServiceAccess", ServicePrincipal="iam.amazonaws.com")
    assert org.admin(f"{ORGS}ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"] == []
    assert org.admin.ask(f"{ORGS}EnableAWSServiceAccess", ServicePrincipal="iam").code == "InvalidInputException"


def test_what_is_not_built_says_so(org: Org) -> None:
    invite = org.admin.ask(f"{ORGS}InviteAccountToOrganization", Target={"Id": ACCOUNT, "Type": "ACCOUNT"})
    assert (invite.status, invite.code) == (501, "NotImplemented")


def test_no_report_of_an_organization_is_made_yet_and_none_is_said_to_be_missing() -> None:
    org = begun()
    try:
        answer = org.admin.ask("iam:GenerateOrganizationsAccessReport", EntityPath=f"{org.id}/{org.root}")
        assert (answer.status, answer.code) == (501, "NotImplemented")
    finally:
        org.house.close()
