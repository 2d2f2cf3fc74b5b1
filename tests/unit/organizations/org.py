"""A house with an organization, and short ways to fill it."""

from __future__ import annotations

import msgspec
from tests.served import Client, ServedHouse

ORGS = "organizations:"


class Org(msgspec.Struct):
    """A house with an organization."""

    house: ServedHouse
    id: str
    root: str

    @property
    def admin(self) -> Client:
        return self.house.admin

    def unit(self, name: str, parent: str = "") -> str:
        made = self.admin(f"{ORGS}CreateOrganizationalUnit", ParentId=parent or self.root, Name=name)
        id: str = made["OrganizationalUnit"]["Id"]
        return id

    def account(self, name: str) -> str:
        request = self.admin(f"{ORGS}CreateAccount", Email=f"{name}@example.com", AccountName=name)[
            "CreateAccountStatus"
        ]
        status = self.admin(f"{ORGS}DescribeCreateAccountStatus", CreateAccountRequestId=request["Id"])
        number: str = status["CreateAccountStatus"]["AccountId"]
        return number

    def inside(self, account: str) -> Client:
        """The management account's administrator in another account."""
        return self.admin.assume(f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole")


def begun() -> Org:
    house = ServedHouse()
    made = house.admin(f"{ORGS}CreateOrganization")["Organization"]
    [root] = house.admin(f"{ORGS}ListRoots")["Roots"]
    house.admin(f"{ORGS}EnablePolicyType", RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    return Org(house, made["Id"], root["Id"])
