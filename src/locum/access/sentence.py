"""The sentence of AccessDenied, in AWS's words.

Law: one type of policy is named even if several deny; calls that assume a role give no reason (wire 7). Source: IAM
User Guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

from locum.policy import Decision, Question

# Layer of the engine -> AWS's name of the policy type, for an explicit deny and for a missing allow.
NAMES = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "endpoint": "VPC endpoint policy",
}
# A silent service control policy reads like one that denies (wire 7).
ALWAYS_EXPLICIT = frozenset({"scp", "rcp"})


def denial_sentence(question: Question, decision: Decision) -> str:
    """Why this was denied, as AWS says it to the caller."""
    who = question.principal.arn or "anonymous"
    sentence = f"User: {who} is not authorized to perform: {question.action} on resource: {question.resource}"
    if question.resource_policy_kind == "trust":
        return sentence
    layer = next((layer for layer in decision.decided_by if layer in NAMES), "identity")
    name = NAMES[layer]
    if decision.verdict == "explicitDeny" or layer in ALWAYS_EXPLICIT:
        article = "an" if name[0] in "aeiou" else "a"
        return f"{sentence} with an explicit deny in {article} {name}"
    return f"{sentence} because no {name} allows the {question.action} action"
