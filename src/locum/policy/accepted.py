"""Documents at the door: what an API call may hand in as a policy of each kind.

Law: parse and say no more; the text is kept as it was submitted. Each raises PolicyError (MalformedPolicyDocument).
"""

from __future__ import annotations

from locum.policy.compile import Policy, parse
from locum.policy.grammar import PolicyKind


def require_identity_policy(text: str) -> Policy:
    """The identity policy that `text` is."""
    return parse(text, kind=PolicyKind.IDENTITY)


def require_trust_policy(text: str) -> Policy:
    """The role trust policy that `text` is."""
    return parse(text, kind=PolicyKind.TRUST)


def require_session_policy(text: str) -> Policy:
    """The session policy that `text` is."""
    return parse(text, kind=PolicyKind.SESSION)
