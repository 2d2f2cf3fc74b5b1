"""The sentence of AccessDenied, as AWS says it.

Law: AWS's words to the byte where they are recorded; one layer is named even when several denied. That of an RCP is
modelled on the others (AWS's is not recorded). It decides nothing.
"""

from __future__ import annotations

from locum.policy.decision import EXPLICIT, Decision
from locum.policy.match import fold
from locum.policy.question import Question

_NAMES = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "endpoint": "VPC endpoint policy",
}
# Calls of STS about roles give no reason; the unsigned ones do not even name a caller.
_WITHOUT_REASON = frozenset({"sts:assumerole", "sts:assumeroot", "sts:tagsession", "sts:setsourceidentity"})
_UNSIGNED = frozenset({"sts:assumerolewithwebidentity", "sts:assumerolewithsaml"})


def denial_sentence(question: Question, decision: Decision) -> str:
    """AWS's AccessDenied text for this denial. It does not check that the decision is one, or of this question."""
    action = question.action
    folded = fold(action)
    if folded in _UNSIGNED:
        return f"Not authorized to perform {action}"
    caller = question.principal.arn or "anonymous"
    said = f"User: {caller} is not authorized to perform: {action} on resource: {question.resource}"
    if folded in _WITHOUT_REASON:
        return said
    return said + _reason(question, decision)


def _reason(question: Question, decision: Decision) -> str:
    layer = decision.decided_by[0] if decision.decided_by else ""
    if layer not in _NAMES:
        return ""
    of_trust = layer == "resource" and question.own_kind == "trust"
    name = "role trust policy" if of_trust else _NAMES[layer]
    if decision.verdict == EXPLICIT or layer == "scp":  # AWS speaks so of an SCP that is merely silent
        article = "the" if of_trust else "an" if layer == "identity" else "a"
        return f" with an explicit deny in {article} {name}"
    return f" because no {name} allows the {question.action} action"
