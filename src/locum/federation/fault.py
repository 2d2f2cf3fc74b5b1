"""The refusal of a token, an assertion or a metadata document, in AWS's codes."""

from __future__ import annotations

from locum.aws.faults import Refusal


class Rejected(Refusal):
    """What an identity provider is said to have said is not accepted. `rule` names the check of docs/spec/federation.md
    that refused it; the sentence is for whoever sent it."""

    def __init__(self, code: str, message: str, rule: str) -> None:
        super().__init__(code, message, rule=rule)
        self.rule = rule
