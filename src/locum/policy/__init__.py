"""The policy engine: AWS's policy language, what it decides and why.

    from locum.policy import Attached, Question, bind, decide, parse

Law: pure. Text and facts come in, values go out; no clock, no randomness, no disk, no network, and neither the service
models nor a server is imported. `docs/spec/policy.md` numbers the rules that the code cites.
"""

from __future__ import annotations

from locum.policy.bound import NOBODY, Attached, Bound, bind
from locum.policy.compile import Policy, PolicyError, Statement, parse
from locum.policy.context import Context
from locum.policy.decide import decide
from locum.policy.decision import Decision, StatementRef, Verdict, combined
from locum.policy.explain import Explanation, explain
from locum.policy.grammar import Finding, PolicyKind, findings, size
from locum.policy.principals import ANONYMOUS, Principal, PrincipalType
from locum.policy.question import Question
from locum.policy.recall import recall
from locum.policy.sentence import denial_sentence
from locum.policy.trust import display_form, principals_of, store_form

__all__ = [
    "ANONYMOUS",
    "NOBODY",
    "Attached",
    "Bound",
    "Context",
    "Decision",
    "Explanation",
    "Finding",
    "Policy",
    "PolicyError",
    "PolicyKind",
    "Principal",
    "PrincipalType",
    "Question",
    "Statement",
    "StatementRef",
    "Verdict",
    "bind",
    "combined",
    "decide",
    "denial_sentence",
    "display_form",
    "explain",
    "findings",
    "parse",
    "principals_of",
    "recall",
    "size",
    "store_form",
]
