"""The status of a credential: `Active`, `Inactive`, and `Expired`, which only time sets.

Law: one rule for every kind of credential that has a status.
"""

from __future__ import annotations

from locum.aws.faults import Refusal

ACTIVE, INACTIVE, EXPIRED = "Active", "Inactive", "Expired"


def require_settable(status: str) -> str:
    """The status, if somebody may set it. Raises InvalidInput, as AWS does (third party, September 2026)."""
    if status not in (ACTIVE, INACTIVE):
        raise Refusal("InvalidInput", f"`{status}` cannot be set by hand; {ACTIVE} or {INACTIVE}", status=status)
    return status
