"""The shared policy cases, asked of the simulator: it says what `locum test` says, wherever its API can say them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from tests import simulated_cases
from tests.iam_house import ACCOUNT, IamHouse
from tests.simulated_cases import REASONS, Inexpressible

from locum.aws.arn import Arn
from locum.policy import decide
from locum.policy.cases import Case
from locum.policy.decision import combined

CASES = list(simulated_cases.cases())
TRUST = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}
)


def expressible() -> list[Case]:
    found = []
    for case in CASES:
        try:
            simulated_cases.custom(case)
        except Inexpressible:
            continue
        found.append(case)
    return found


EXPRESSIBLE = expressible()


def of_account() -> Iterator[Case]:
    """Those whose caller can be made in the account, with its policies."""
    for case in EXPRESSIBLE:
        arn = Arn.parse(simulated_cases.caller_arn(case))
        ours = (arn.partition, arn.account) == ("aws", ACCOUNT) and "/aws-service-role/" not in arn.resource
        if ours and case.questions[0].bound.scps is None:
            yield case


PRINCIPALS = list(of_account())


@pytest.fixture(scope="module")
def house() -> Iterator[IamHouse]:
    house = IamHouse()
    yield house
    house.close()


def compare(case: Case, answer: dict[str, object]) -> None:
    """Every question of the case has the verdict of the engine in the answer, and the whole that of the case."""
    results = {one["EvalActionName"]: one for one in answer["EvaluationResults"]}  # type: ignore[attr-defined]
    for question in case.questions:
        result = results[question.action]
        verdict = result["EvalDecision"]
        for one in result.get("ResourceSpecificResults", ()):
            if one["EvalResourceName"] == question.resource:
                verdict = one["EvalResourceDecision"]
        assert verdict == decide(question).verdict, (question.action, question.resource)
    assert combined(tuple(map(decide, case.questions))).verdict == case.expect
    strictest = min(
        (one["EvalDecision"] for one in results.values()), key=["explicitDeny", "implicitDeny", "allowed"].index
    )
    assert strictest == case.expect


@pytest.mark.parametrize("case", EXPRESSIBLE, ids=[case.id for case in EXPRESSIBLE])
def test_a_simulation_of_given_policies_decides_as_the_case_says(house: IamHouse, case: Case) -> None:
    compare(case, dict(house.perform("iam:SimulateCustomPolicy", **simulated_cases.custom(case))))


@pytest.mark.parametrize("case", PRINCIPALS, ids=[case.id for case in PRINCIPALS])
def test_a_simulation_of_a_stored_principal_decides_as_the_case_says(case: Case) -> None:
    house = IamHouse(UserPolicySize=10**6, RolePolicySize=10**6, PolicySize=10**6)
    try:
        _make(house, case)
        inputs = simulated_cases.common(case) | {"PolicySourceArn": simulated_cases.caller_arn(case)}
        compare(case, dict(house.perform("iam:SimulatePrincipalPolicy", **inputs)))
    finally:
        house.close()


def _make(house: IamHouse, case: Case) -> None:
    """The caller of a case, with its identity policies inline and its boundary."""
    bound = case.questions[0].bound
    kind, _, rest = Arn.parse(simulated_cases.caller_arn(case)).resource.partition("/")
    path, _, name = rest.rpartition("/")
    word = kind.capitalize()
    made = {f"{word}Name": name, "Path": f"/{path}/" if path else "/"}
    if kind == "role":
        made["AssumeRolePolicyDocument"] = TRUST
    if bound.boundary is not None:
        (document,) = simulated_cases.texts(bound.boundary)
        policy = house.perform("iam:CreatePolicy", PolicyName="boundary", PolicyDocument=document)["Policy"]
        made["PermissionsBoundary"] = policy["Arn"]
    house.perform(f"iam:Create{word}", **made)
    for number, document in enumerate(simulated_cases.texts(bound.identity)):
        named = {f"{word}Name": name, "PolicyName": f"p{number}", "PolicyDocument": document}
        house.perform(f"iam:Put{word}Policy", **named)


def test_what_cannot_be_said_is_for_a_reason_that_is_listed_and_three_quarters_can() -> None:
    reasons: Counter[str] = Counter()
    for case in CASES:
        try:
            simulated_cases.custom(case)
        except Inexpressible as reason:
            reasons[str(reason)] += 1
    assert set(reasons) <= set(REASONS)
    assert sum(reasons.values()) + len(EXPRESSIBLE) == len(CASES)
    assert len(EXPRESSIBLE) >= 0.75 * len(CASES)
    assert len(PRINCIPALS) >= 0.6 * len(CASES)
