"""How the result of a policy test differs from what was expected, in lines for people.

Law: results in, text out; the engine is asked again only to explain.
"""

from __future__ import annotations

from locum.policy.cases import Result
from locum.policy.explain import explain


def difference(result: Result) -> list[str]:
    """The expectation after `-`, the decision or the error after `+`, then why, for each question of the scenario."""
    if result.error:
        return [f"- {wanted(result)}", f"+ error: {result.error}"]
    by = f" by {', '.join(result.decided_by)}" if result.decided_by else ""
    lines = [f"- {wanted(result)}", f"+ {result.decision}{by}"]
    for question in result.case.questions if result.case is not None else ():
        lines += explain(question).text.splitlines()
    return lines


def wanted(result: Result) -> str:
    """What the scenario expects, with the layers if it names them."""
    by = f" by {', '.join(result.expected_by)}" if result.expected_by else ""
    return f"{result.expect or 'no expectation'}{by}"
