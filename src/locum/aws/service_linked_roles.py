"""The roles that AWS's services link to themselves: name, path, trust and policy of each.

Law: facts from one table, `data/service-linked-roles.json`, recorded from AWS, with its origin inside; nothing here
makes a role. A service that the table does not have is unknown, never guessed: role names follow no rule.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from locum.aws.managed_policies import OWNER
from locum.aws.managed_policies import SERVICE_LINKED as POLICY_PATH

PATH = "/aws-service-role/"


class ServiceLinkedRole(msgspec.Struct, frozen=True):
    """The role of one service, as AWS makes it. `description` is that of the ones a service made by itself."""

    service_principal: str
    role_name: str
    custom_suffix_allowed: bool
    attached_policy: str
    description: str | None = None

    @property
    def path(self) -> str:
        """Where the role stands: `/aws-service-role/batch.amazonaws.com/`."""
        return f"{PATH}{self.service_principal}/"

    @property
    def trust(self) -> str:
        """The trust policy: the service alone."""
        return (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"'
            + self.service_principal
            + '"},"Action":"sts:AssumeRole"}]}'
        )

    def named(self, suffix: str | None) -> str:
        """The role's name under that suffix."""
        return self.role_name if suffix is None else f"{self.role_name}_{suffix}"

    def policy_arn(self, partition: str) -> str:
        """The one policy that is attached to it."""
        return f"arn:{partition}:iam::{OWNER}:policy{POLICY_PATH}{self.attached_policy}"


class _File(msgspec.Struct, frozen=True):
    services: tuple[ServiceLinkedRole, ...]


@functools.cache
def services() -> Mapping[str, ServiceLinkedRole]:
    """The role of each service, by the service's name."""
    text = files("locum.aws").joinpath("data/service-linked-roles.json").read_bytes()
    return {one.service_principal: one for one in msgspec.json.decode(text, type=_File).services}
