"""Paths and ARNs of IAM's entities.

Law: facts about texts; no rows, no decisions. A path is `/` or `/…/` of `!` to `~`; `//` is neither (wire.md 5.3). The
wire checks requests against the same pattern of AWS's model; here it holds for every entity, since ARNs are made of it.
"""

from __future__ import annotations

import re

from locum.aws.faults import Refusal
from locum.store.entity import Entity

_PATH = re.compile(r"/(?:[!-~]+/)?", re.ASCII)


def arn_of(entity: Entity, partition: str) -> str:
    """The ARN of an entity whose `kind` is AWS's word in ARNs: user, group, role, policy, instance-profile, mfa."""
    return f"arn:{partition}:iam::{entity.account}:{entity.kind}{entity.path}{entity.name}"


def require_path(path: str, member: str = "path") -> str:
    """The path, if it is one. Raises ValidationError in the words of AWS; `member` is the input's name there."""
    if not _PATH.fullmatch(path):
        raise Refusal(
            "ValidationError",
            f"The specified value for {member} is invalid. It must begin and end with / and contain only alphanumeric"
            " characters and/or / characters.",
            member=member,
            seen=path,
        )
    return path
