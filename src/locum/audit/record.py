"""`Record`: what is kept of one call.

Law: a frozen value without a secret and without a token (rule K14); plain words, so that a record can be read without
Locum. What has its default value is left out of the text. A record that would be longer than `LONGEST` leaves out its
inputs and says so: records are bounded (rule D8).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

#: octets of one record's text; AWS leaves out the parameters of an event above 256 KB in the same way
LONGEST = 65_536

#: what stands in the place of inputs that are too long
OMITTED: Mapping[str, Any] = {"omitted": "the inputs are too long for a record"}

ALLOWED = "allowed"


class SessionUsed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The session that the caller's temporary credentials belong to: never its token."""

    name: str
    issued: datetime
    expires: datetime
    mfa_at: datetime | None = None
    source_identity: str | None = None
    provider: str | None = None
    chained: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="call"):
    """One call, authenticated or refused.

    `outcome` is `allowed`, `explicitDeny`, `implicitDeny`, or the error code of any other refusal. `caller` is empty
    when nobody was authenticated; `access_key_id` is then the one that was claimed. `statements` determined a denial,
    `layers` say where they stood or where an Allow was missing. `generation` is the caller's account's, as the decision
    saw it. `changes` says whether the operation changes something. Times are real ones, UTC.
    """

    at: datetime
    request_id: str
    outcome: str
    operation: str = ""
    changes: bool = False
    account: str = ""
    caller: str = ""
    caller_kind: str = ""
    caller_id: str = ""
    access_key_id: str = ""
    session: SessionUsed | None = None
    inputs: Mapping[str, Any] = {}
    statements: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    reason: str = ""
    generation: int = 0
    source_ip: str = ""
    user_agent: str = ""
    region: str = ""
    service: str = ""

    def octets(self) -> bytes:
        """The record as JSON, on one line, of at most about `LONGEST` octets."""
        text = _encode(self)
        if len(text) <= LONGEST:
            return text
        text = _encode(msgspec.structs.replace(self, inputs=OMITTED))
        if len(text) <= LONGEST:
            return text
        return _encode(msgspec.structs.replace(self, inputs=OMITTED, statements=(), user_agent=self.user_agent[:1024]))


def _other(value: object) -> str:
    """What JSON cannot say, as the text it shows of itself: a `Secret` shows none."""
    return repr(value)


_encode = msgspec.json.Encoder(enc_hook=_other).encode
