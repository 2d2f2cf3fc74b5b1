"""What is kept of a call: from what the spine saw of it to the record of the audit trail (rule A1).

Law: sees, never decides. Nothing here changes an answer, and no record holds a secret, a token or a signature: inputs
go through `without_secrets`, of a session only what names it.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from locum.access import Judgement
from locum.audit.record import ALLOWED, Record, SessionUsed
from locum.audit.sensitive import without_secrets
from locum.aws.faults import Refusal
from locum.call import Call, Caller
from locum.http import Request
from locum.session.session import Session
from locum.sigv4 import Carrier
from locum.wire.route import Routed

IMPLICIT = "implicitDeny"
LONGEST_AGENT = 1_024
NOBODY = Caller(kind="", account="", arn="", user_id="")


class Witness(msgspec.Struct):
    """What was learnt of one request on its way. A step that runs again begins anew."""

    caller: Caller | None = None
    generation: int = 0
    call: Call | None = None
    judgement: Judgement | None = None

    def begin(self, caller: Caller, generation: int) -> None:
        """Somebody was authenticated, and the account's generation is this."""
        self.caller, self.generation, self.call, self.judgement = caller, generation, None, None

    def outcome(self, refusal: Refusal | None) -> str:
        """How the call ended: `allowed`, the kind of denial, or the code of another refusal."""
        if refusal is None:
            return ALLOWED
        judged = self.judgement
        if refusal.code != "AccessDenied" or judged is None or judged.allowed:
            return refusal.code
        decision = judged.decision
        return IMPLICIT if decision is None or decision.allowed else decision.verdict

    def record(
        self,
        request: Request,
        carried: Carrier | None,
        routed: Routed,
        request_id: str,
        refusal: Refusal | None,
        *,
        changes: bool,
        at: datetime,
    ) -> Record:
        """The record of this call. A key id that nobody has proved to hold is the one that was claimed."""
        caller, call = self.caller or NOBODY, self.call
        claimed = carried.access_key_id if carried is not None else ""
        judged = self.judgement
        decision = judged.decision if refusal is not None and judged is not None and not judged.allowed else None
        return Record(
            at=at,
            request_id=request_id,
            outcome=self.outcome(refusal),
            operation=routed.action,
            changes=changes,
            account=caller.account,
            caller=caller.arn,
            caller_kind=caller.kind,
            caller_id=caller.user_id,
            access_key_id=caller.access_key_id or claimed,
            session=None if caller.session is None else _session(caller.session),
            inputs=without_secrets(routed.action, call.inputs) if call is not None else {},
            statements=() if decision is None else tuple(map(str, decision.statements)),
            layers=() if decision is None else tuple(dict.fromkeys((*decision.decided_by, *decision.silent))),
            reason="" if decision is None else decision.reason,
            generation=self.generation,
            source_ip=request.peer,
            user_agent=request.header("user-agent")[:LONGEST_AGENT],
            region=carried.region if carried is not None else "",
            service=routed.service,
        )


def turned_away(
    request: Request | None, request_id: str, refusal: Refusal, *, at: datetime, source_ip: str, service: str
) -> Record:
    """The record of what was refused before its operation was known."""
    agent = request.header("user-agent")[:LONGEST_AGENT] if request is not None else ""
    return Record(
        at=at, request_id=request_id, outcome=refusal.code, source_ip=source_ip, user_agent=agent, service=service
    )


def _session(session: Session) -> SessionUsed:
    return SessionUsed(
        name=session.name,
        issued=session.issued,
        expires=session.expires,
        mfa_at=session.mfa_at,
        source_identity=session.source_identity,
        provider=session.provider,
        chained=session.chained,
    )
