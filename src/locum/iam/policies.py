"""Managed policies: the customer's own, kept in numbered versions, beside those that AWS provides.

Law: a document is kept as it was submitted and checked once, when it comes in. An ARN is compared exactly, never
without regard to case (rule H17): the ARN that was authorized is the one that is acted on. AWS's own policies are not
rows (decisions 15) and nobody can change them.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from locum.aws.tag import Tags
from locum.store.entity import Entity


class ManagedPolicy(Entity, frozen=True, kw_only=True):
    """A policy that stands by itself and can be attached. `default_version` is the one in force (`v1`).

    `last_version` is the highest number that was ever given: numbers are not reused. `updated` is when a version was
    last made the one in force. Its ARN is `arn:PARTITION:iam::ACCOUNT:policy/PATH/NAME`.
    """

    kind: ClassVar[str] = "policy"
    missing: ClassVar[str] = "Policy {name} was not found."
    exists: ClassVar[str] = "A policy called {name} already exists. Duplicate names are not allowed."

    updated: datetime
    description: str | None = None
    tags: Tags = ()
    default_version: str = "v1"
    last_version: int = 1


class PolicyVersion(Entity, frozen=True, kw_only=True):
    """One version of a managed policy: `owner` is the policy's id, `name` is `v1`, `id` is `POLICY-ID/v1`."""

    kind: ClassVar[str] = "policy-version"
    missing: ClassVar[str] = "Policy version {name} does not exist or is not attachable."
    exists: ClassVar[str] = "Policy version {name} already exists."

    document: str


def version_id(policy_id: str, version: str) -> str:
    """The written key of a version (decisions 15)."""
    return f"{policy_id}/{version}"
