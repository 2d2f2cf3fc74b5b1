"""The policies that AWS provides: `arn:aws:iam::aws:policy/…`.

Law: facts from one file (`data/managed_policies.zip`, with its origin and date inside; made by
`scripts/regenerate_managed_policies.py`). Nothing is opened before the first question, one document is read at a time.
Only the version in force is known. Their ids are derived, not AWS's. An ARN is compared exactly; its partition may be
any, and the ARNs inside a document follow it.
"""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Iterator
from datetime import datetime
from importlib import resources

import msgspec

from locum.aws.arn import Arn, ArnError

OWNER = "aws"  # the account field of their ARNs

# Those that bound a session of sts:AssumeRoot, and those of service-linked roles: nobody attaches them.
ROOT_TASK, SERVICE_LINKED = "/root-task/", "/aws-service-role/"

_REMEMBERED = 256  # documents


class About(msgspec.Struct, frozen=True):
    """Where the file comes from, and the date of its newest policy (`edition`)."""

    origin: str
    edition: str
    policies: int


class ManagedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One AWS managed policy: its facts, without the document."""

    name: str
    path: str
    id: str
    default_version: str
    created: datetime
    updated: datetime

    @property
    def attachable(self) -> bool:
        """Whether a customer may attach it."""
        return self.path not in (ROOT_TASK, SERVICE_LINKED)

    def arn(self, partition: str) -> str:
        """Its ARN in a partition."""
        return f"arn:{partition}:iam::{OWNER}:policy{self.path}{self.name}"

    def document(self, partition: str) -> str:
        """The document of the version in force, with ARNs of that partition."""
        return _document(self.name, partition)


def is_provided(arn: str) -> bool:
    """Whether an ARN is of the form that AWS's own policies have; there may be none of that name."""
    return _resource(arn) is not None


def find(arn: str) -> ManagedDocument | None:
    """The AWS managed policy of that ARN, or None."""
    resource = _resource(arn)
    if resource is None:
        return None
    policy = _index().get(resource.rpartition("/")[2])
    return policy if policy is not None and resource == f"policy{policy.path}{policy.name}" else None


def every() -> Iterator[ManagedDocument]:
    """All of them, by name without regard to case."""
    return iter(_index().values())


def about() -> About:
    """Origin and date of the file, for `locum doctor` (decisions 22)."""
    return msgspec.json.decode(_archive().read("about.json"), type=About)


def _resource(arn: str) -> str | None:
    """The resource field of an ARN whose account is `aws`."""
    try:
        parsed = Arn.parse(arn)
    except ArnError:
        return None
    own = parsed.service == "iam" and not parsed.region and parsed.account == OWNER
    return parsed.resource if own and parsed.resource.startswith("policy/") else None


@functools.cache
def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile((resources.files("locum.aws") / "data" / "managed_policies.zip").open("rb"))


@functools.cache
def _index() -> dict[str, ManagedDocument]:
    rows = msgspec.json.decode(_archive().read("index.json"), type=list[ManagedDocument])
    return {policy.name: policy for policy in rows}


@functools.lru_cache(_REMEMBERED)
def _document(name: str, partition: str) -> str:
    text = _archive().read(f"documents/{name}.json").decode("utf-8")
    return text if partition == "aws" else text.replace('"arn:aws:', f'"arn:{partition}:')
