"""Names, paths and ARNs of IAM's entities, beyond what AWS's model already checks.

Law: facts about texts; no rows, no decisions. A name is ASCII, a path is `/` or `/…/` of `!` to `~`, and `//` alone is
refused although the model's pattern lets it pass.
"""

from __future__ import annotations

from locum.aws.faults import Refusal
from locum.store.entity import Entity


def arn_of(entity: Entity, partition: str) -> str:
    """The ARN of an entity whose `kind` is AWS's word in ARNs: user, group, role, policy, instance-profile, mfa."""
    return f"arn:{partition}:iam::{entity.account}:{entity.kind}{entity.path}{entity.name}"


def require_path(path: str, member: str = "path") -> str:
    """The path, unless it is `//`. Raises ValidationError in the words of AWS; `member` is the input's name there."""
    if path == "//":
        raise Refusal(
            "ValidationError",
            f"The specified value for {member} is invalid. It must begin and end with / and contain only alphanumeric"
            " characters and/or / characters.",
            member=member,
            seen=path,
        )
    return path
