"""The policies that AWS provides: `arn:aws:iam::aws:policy/…`.

Law: facts from one file (`data/managed_policies.zip`, with its origin and date inside; made by
`scripts/regenerate_managed_policies.py`). Nothing is opened before the first question, one document is read at a time.
Only the version in force is known. Ids are AWS's where they are published, else derived. An ARN is compared exactly;
its partition may be any, and the ARNs inside a document follow it.
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import resources

import msgspec
from msgspec.structs import replace

from locum.aws.arn import Arn, ArnError

OWNER = "aws"  # the account field of their ARNs

# Those that bound a session of sts:AssumeRoot, and those of service-linked roles: nobody attaches them.
ROOT_TASK, SERVICE_LINKED = "/root-task/", "/aws-service-role/"

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")  # bounds what an ARN from outside can make us keep (rule D8)

_REMEMBERED = 256  # documents


class About(msgspec.Struct, frozen=True):
    """Where the file comes from, and the date of its newest policy (`edition`)."""

    origin: str
    edition: str
    policies: int


class ManagedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One AWS managed policy, as it is in one partition. The document is read when it is asked for."""

    name: str
    path: str
    id: str
    default_version: str
    created: datetime
    updated: datetime
    partition: str = "aws"

    @property
    def attachable(self) -> bool:
        """Whether a customer may attach it."""
        return self.path not in (ROOT_TASK, SERVICE_LINKED)

    @property
    def shown_attachable(self) -> bool:
        """What AWS says about that: of the policies of service-linked roles yes, though attaching one is refused."""
        return self.path != ROOT_TASK

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:{self.partition}:iam::{OWNER}:policy{self.path}{self.name}"

    @property
    def document(self) -> str:
        """The document of the version in force."""
        return _document(self.name, self.partition)


def find(arn: str) -> ManagedDocument | None:
    """The AWS managed policy of that ARN, or None."""
    try:
        asked = Arn.parse(arn)
    except ArnError:
        return None
    policy = _index(asked.partition).get(asked.resource.rpartition("/")[2])
    return policy if policy is not None and policy.arn == arn else None


def every(partition: str = "aws") -> Iterator[ManagedDocument]:
    """All of them, by name without regard to case."""
    return iter(_index(partition).values())


def about() -> About:
    """Origin and date of the file, for `locum doctor` (decisions 22)."""
    return msgspec.json.decode(_archive().read("about.json"), type=About)


@functools.cache
def _archive() -> zipfile.ZipFile:
    # In memory, still compressed (1.2 MB): an open file would share its position with workers that are forked later.
    octets = (resources.files("locum.aws") / "data" / "managed_policies.zip").read_bytes()
    return zipfile.ZipFile(io.BytesIO(octets))


def _index(partition: str) -> Mapping[str, ManagedDocument]:
    """The policies by name; none in a partition that AWS does not have."""
    return _partition(partition) if partition in PARTITIONS else {}


@functools.cache
def _partition(partition: str) -> Mapping[str, ManagedDocument]:
    rows = msgspec.json.decode(_archive().read("index.json"), type=list[ManagedDocument])
    return {row.name: row if partition == "aws" else replace(row, partition=partition) for row in rows}


@functools.lru_cache(_REMEMBERED)
def _document(name: str, partition: str) -> str:
    text = _archive().read(f"documents/{name}.json").decode("utf-8")
    return text if partition == "aws" else text.replace('"arn:aws:', f'"arn:{partition}:')
