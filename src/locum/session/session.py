"""`Session`: what AssumeRole and its relatives create, as far as it must be remembered until it ends.

Law: the claims of rule T6 and nothing else, frozen. A session says who it is *for* by unique id, so that a role that
was deleted and made anew does not inherit it. What ends it before its time (a deleted principal, an older epoch, the
deny list: rule T11) is looked up elsewhere; only its own time is checked here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from locum.aws.faults import Refusal

Kind = Literal["assumed-role", "federated-user", "session", "web", "saml", "root-task"]
Origin = Literal["imds", "ecs", "lambda", "console"]

INVALID = "The security token included in the request is invalid"
EXPIRED = "The security token included in the request is expired"


class TokenError(Refusal):
    """A token that is not accepted. Says nothing about why: every cause has one code and one sentence (rule T3)."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Temporary credentials, seen from inside. Instants are UTC; sealing keeps their milliseconds.

    `principal_id` is the unique id of the role or user (the account id for root), `name` the role session name or the
    federated user's name. `policy` is the inline session policy as it was sent; `policy_ids` name managed policies by
    id, or by ARN where AWS manages them. `tags` are in the order sent; `transitive` are keys among them. `epoch` is the
    principal's `session_epoch` when the session was made. `source_key_hash` tells which long-term key asked (T12).
    """

    kind: Kind
    partition: str
    account: str
    principal_id: str
    name: str
    issued: datetime
    expires: datetime
    not_before: datetime | None = None
    chained: bool = False
    mfa_at: datetime | None = None
    source_identity: str | None = None
    provider: str | None = None
    policy: str | None = None
    policy_ids: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    epoch: int = 0
    region: str | None = None
    origin: Origin | None = None
    source_key_hash: bytes | None = None

    def require_live(self, now: datetime) -> None:
        """Raises TokenError (ExpiredToken) unless `now` is within the session: from `not_before`, or else `issued`, up
        to but without `expires` (rule T3). Does NOT check epochs or the deny list."""
        if not (self.not_before or self.issued) <= now < self.expires:
            raise TokenError("ExpiredToken", EXPIRED)
