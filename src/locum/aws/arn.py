"""Amazon Resource Names, and the identifiers inside them.

Law: text becomes an `Arn` once, at the edge. Facts only: nothing here knows which resources exist.
Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
"""

from __future__ import annotations

import re
from typing import NewType

import msgspec

AccountId = NewType("AccountId", str)

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


class ArnError(ValueError):
    """A text that is not an ARN. `seen` is that text."""

    def __init__(self, seen: str) -> None:
        super().__init__(f"`{seen}` is not an ARN: six fields separated by colons, the first one `arn`")
        self.seen = seen


class Arn(msgspec.Struct, frozen=True):
    """`arn:partition:service:region:account:resource`; the resource keeps its own colons and slashes."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @classmethod
    def parse(cls, text: str) -> Arn:
        """The ARN that `text` is. Raises ArnError when a field is missing, or partition, service or resource empty."""
        fields = text.split(":", 5)
        if len(fields) != 6 or fields[0] != "arn":
            raise ArnError(text)
        arn = cls(*fields[1:])
        if not (arn.partition and arn.service and arn.resource):
            raise ArnError(text)
        return arn


def account_id(text: str) -> AccountId:
    """The account id that `text` is: exactly twelve ASCII digits. Raises ValueError otherwise."""
    if not _ACCOUNT.fullmatch(text):
        raise ValueError(f"`{text}` is not an account id: twelve digits")
    return AccountId(text)
