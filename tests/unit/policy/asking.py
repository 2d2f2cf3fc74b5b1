"""Questions in one line, for the unit tests of the engine."""

from __future__ import annotations

from typing import Any

from locum.policy import Question
from locum.policy.cases import read_case


def ask(principal: Any = "user/alice", action: str = "s3:GetObject", resource: str = "*", **fields: Any) -> Question:
    """The question that these fields of a policy test mean."""
    raw = {"id": "x", "name": "x", "expect": "allowed", "principal": principal, "action": action, "resource": resource}
    return read_case({**raw, **fields}).questions[0]
