"""What is noted of an authenticated call: when a key and a role were last used, and what a user or a role did last.

Law: after authentication, whatever is decided then ("the date and time when the access key was most recently used",
IAM API reference, AccessKeyLastUsed); never on the way of a decision, never a reason to fail. Only the noun's id is
noted, never a secret or a token.
"""

from __future__ import annotations

from datetime import datetime

from locum.call import Activity, Caller, Use


def record(
    caller: Caller, activity: Activity, *, service: str, region: str, now: datetime, action: str | None = None
) -> None:
    """Notes the use of the caller's long-term key, or of the role behind a session, and the action that a user or a
    role asked for. Root's deeds are in no report of AWS's."""
    use = Use(at=now, service=service, region=region)
    if action is not None and caller.kind != "root":
        activity.used(f"{caller.entity_id} {action}", use)
    if caller.kind == "assumed-role":
        activity.used(caller.entity_id, use)
    elif caller.session is None and caller.access_key_id:
        activity.used(caller.access_key_id, use)
