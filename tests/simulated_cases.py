"""The shared policy cases as calls of the simulator, and which of them its API cannot express.

Law: a case is read by `locum.policy.cases`, as `locum test` reads it; here it becomes inputs in AWS's member names, or
the reason why it cannot. `python -m tests.simulated_cases` prints how many there are of each.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from locum.iam.simulation_trust import is_assumption
from locum.policy import Attached, Context, PrincipalType, Question
from locum.policy.bound import attached
from locum.policy.casefile import read_json
from locum.policy.cases import Case, read_case, scenarios

FOLDER = Path(__file__).parent / "cases" / "policy"

# What the simulator says of its caller and of a resource unless it is told otherwise.
ALWAYS = ("aws:principalaccount", "aws:principalisawsservice", "aws:resourceaccount")
OF_CALLERS = ("aws:principalarn", "aws:principaltype")

REASONS = (
    "a caller that is no user or role",
    "a session of a role by its name, or somebody by unique id",
    "session policies",
    "resource control policies",
    "a VPC endpoint policy",
    "the management account, which no SCP holds",
    "a level of the organization without a policy",
    "several or no boundaries as one",
    "several resource policies",
    "a resource policy without a resource",
    "a role that is assumed without a trust policy",
    "a key policy that is not there",
    "an owner that is not the one in the ARN, or several",
    "a key that every simulation has taken away",
    "a key without values",
)


class Inexpressible(Exception):
    """A case that no call of the simulator says."""


def cases() -> Iterator[Case]:
    """Every shared case."""
    for file in sorted(FOLDER.glob("*.json")):
        for raw in scenarios(read_json(file.read_bytes())):
            yield read_case(raw)


def texts(policies: Sequence[Attached] | None) -> list[str]:
    """The documents of these policies."""
    return [one.policy.text for one in policies or ()]


def common(case: Case) -> dict[str, Any]:
    """The inputs that both operations take. Raises Inexpressible."""
    first = case.questions[0]
    for question in case.questions:
        _require_expressible(question)
    resources = list(dict.fromkeys(one.resource for one in case.questions))
    owners = {_owner(one) for one in case.questions}
    inputs: dict[str, Any] = {
        "ActionNames": list(dict.fromkeys(one.action for one in case.questions)),
        "ContextEntries": list(_entries(first)),
        "MaxItems": 1000,
    }
    if resources != ["*"]:
        inputs["ResourceArns"] = resources
    if len(owners) > 1:
        raise Inexpressible("an owner that is not the one in the ARN, or several")
    inputs["ResourceOwner"] = f"arn:aws:iam::{owners.pop()}:root"
    if own := texts(attached(first.resource_policy)):
        inputs["ResourcePolicy"] = own[0]
    return inputs


def custom(case: Case) -> dict[str, Any]:
    """The inputs of SimulateCustomPolicy. Raises Inexpressible."""
    bound = case.questions[0].bound
    inputs = common(case) | {"PolicyInputList": texts(bound.identity), "CallerArn": caller_arn(case)}
    if bound.boundary is not None:
        inputs["PermissionsBoundaryPolicyInputList"] = texts(bound.boundary)
    if bound.scps:
        inputs["OrderedOrganizationPolicyInputList"] = [
            {"ServiceControlPolicyInputList": texts(level)} for level in bound.scps
        ]
    return inputs


def caller_arn(case: Case) -> str:
    """The user or role that calls."""
    principal = case.questions[0].principal
    return principal.arn if principal.type is PrincipalType.USER else principal.names[1]


def _require_expressible(question: Question) -> None:  # noqa: PLR0912 - a list of what there is not
    principal, bound = question.principal, question.bound
    if principal.type not in (PrincipalType.USER, PrincipalType.ROLE_SESSION):
        raise Inexpressible("a caller that is no user or role")
    own = attached(question.resource_policy)
    said = "".join(texts(own))
    ids = [name for name in principal.names if re.fullmatch(r"A(?:IDA|ROA)[A-Z0-9]+", name, re.ASCII)]
    if ":assumed-role/" in said or any(id in said for id in ids):
        raise Inexpressible("a session of a role by its name, or somebody by unique id")
    if bound.session is not None:
        raise Inexpressible("session policies")
    if any(level for level in question.rcps or ()):
        raise Inexpressible("resource control policies")
    if question.endpoint is not None:
        raise Inexpressible("a VPC endpoint policy")
    if principal.management_account and bound.scps is not None:
        raise Inexpressible("the management account, which no SCP holds")
    if bound.scps is not None and not (bound.scps and all(bound.scps)):
        raise Inexpressible("a level of the organization without a policy")
    if bound.boundary is not None and len(bound.boundary) != 1:
        raise Inexpressible("several or no boundaries as one")
    if len(own) > 1 or (question.resource_policy is not None and not own):
        raise Inexpressible("several resource policies")
    if own and question.resource == "*":
        raise Inexpressible("a resource policy without a resource")
    of_role = ":role/" in question.resource
    if (question.resource_policy_kind == "trust" or is_assumption(question.action)) and not (
        own and question.resource_policy_kind == "trust" and of_role and is_assumption(question.action)
    ):
        raise Inexpressible("a role that is assumed without a trust policy")
    if question.resource_policy_kind == "key" and not (
        own and ":kms:" in question.resource and ":key/" in question.resource
    ):
        raise Inexpressible("a key policy that is not there")


def _owner(question: Question) -> str:
    fields = question.resource.split(":", 5)
    named = fields[4] if len(fields) == 6 else ""
    if re.fullmatch("[0-9]{12}", named, re.ASCII) and named != question.resource_account:
        raise Inexpressible("an owner that is not the one in the ARN, or several")
    return question.resource_account


def _entries(question: Question) -> Iterator[Mapping[str, Any]]:
    context = question.context
    assert isinstance(context, Context)
    always = [*OF_CALLERS, *ALWAYS[: 3 if question.resource != "*" else 2]]
    if question.principal.type is PrincipalType.USER:
        always.append("aws:username")
    if not context.keys.keys() >= set(always):
        raise Inexpressible("a key that every simulation has taken away")
    for key, value in context.keys.items():
        if value == ():
            raise Inexpressible("a key without values")
        several = not isinstance(value, str)
        yield {
            "ContextKeyName": key,
            "ContextKeyValues": list(value) if several else [value],
            "ContextKeyType": "stringList" if several else "string",
        }


def main() -> None:
    """Prints how many cases are calls of the simulator, and why the others are not."""
    found: Counter[str] = Counter()
    for case in cases():
        try:
            custom(case)
            found["expressed"] += 1
        except Inexpressible as reason:
            found[str(reason)] += 1
    for reason, number in found.most_common():
        sys.stdout.write(f"{number:5}  {reason}\n")


if __name__ == "__main__":
    main()
