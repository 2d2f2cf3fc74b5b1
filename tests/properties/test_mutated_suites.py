"""Invariant: any JSON value is either a suite with a result for each scenario or a CaseError; nothing else comes out,
and a scenario that asks what no request could carry is an error, never a verdict.

Random values stand in random places of the project's own suites. A failure prints the seed and the mutation;
LOCUM_SUITE_MUTATIONS and LOCUM_SEED lengthen or replay the run.
"""

from __future__ import annotations

import copy
import json
import os
import random
from pathlib import Path
from typing import Any

from locum.policy.cases import run
from locum.policy.shorthand import CaseError

CASES = Path(__file__).parents[1] / "cases" / "policy"
SEED = int(os.environ.get("LOCUM_SEED", "20260115"))
MUTATIONS = int(os.environ.get("LOCUM_SUITE_MUTATIONS", "3000"))
VALUES: tuple[Any, ...] = (
    None, True, "", "*", "role/app", "allow", "allow a:b on", [], [[]], [None], [{}], {}, {"a": None}, {"allow": 7},
    {"Statement": 7}, {"Statement": [7]}, {"is": []}, {"allow": {"a": "b"}, "to": [None]}, ["a", ["b"]], "é\ud83d",
    "\x00", "s3:", ":Get", "s3:Get*", "arn:aws:s3:::", "arn:::::", "12", "9" * 5000, "yesterday", "2026-13-01",
    -1, 1e400,
)  # fmt: skip

# What no request could carry, by field: each in place of the right value makes every scenario an error.
NONSENSE: dict[str, tuple[Any, ...]] = {
    "action": ("", "Get", "s3:", ":Get", "s3:Get*", "*", "s3:Get:Put", "s3 :Get", "s3:Gét", {}, None, [[]], 7),
    "resource": ("", "b/k", "arn", "arn:aws:s3", "arn:aws:s3:::", "arn::s3:::b", "arn:aws:S3:::b", "arn:aws:?:::b",
                 "arn:aws:iam::1:root", "arn:aws:iam::1234567890123:root", {}, [{}], [""], None, 7),
    "account": ("", "12", "1234567890123", "11112222333a", "\uff11" * 12, "111122223333\n", {}, [], None, True),
    "now": ("", "yesterday", "2026-13-01", "2026-01-15 12:00:00", "2026-01-15T25:00:00Z", {}, [], None, True),
    "principal": ("", "alice", "role/app", "*", "12:user/alice", "arn:aws:iam::12:user/a", "arn:aws:iam::1", {}, [], 7),
}  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key below `value`."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]


def test_every_value_is_a_suite_or_a_case_error() -> None:
    dice = random.Random(SEED)
    suites = [json.loads(path.read_text()) for path in sorted(CASES.glob("*.json"))]
    for number in range(MUTATIONS):
        original = dice.choice(suites)
        suite = {**original, "scenarios": [copy.deepcopy(dice.choice(original["scenarios"]))]}
        container, key = dice.choice(places(suite))
        value = copy.deepcopy(dice.choice(VALUES))
        container[key] = value
        where = f"LOCUM_SEED={SEED}, mutation {number}: {value!r} at {key!r} of {json.dumps(suite)}"
        try:
            results = list(run(suite))
        except CaseError:
            continue
        except Exception as error:
            raise AssertionError(where) from error
        for result in results:
            assert result.decision in ("allowed", "explicitDeny", "implicitDeny", "error"), where
            json.dumps(result.to_dict())


def test_what_no_request_could_carry_is_never_a_verdict() -> None:
    dice = random.Random(SEED)
    suites = [json.loads(path.read_text()) for path in sorted(CASES.glob("*.json"))]
    for number in range(MUTATIONS // 3):
        original = dice.choice(suites)
        (scenario,) = copy.deepcopy(dice.choices(original["scenarios"]))
        field = dice.choice(tuple(NONSENSE))
        value = dice.choice(NONSENSE[field])
        for one in (scenario, *scenario.get("cases", ())):
            one[field] = copy.deepcopy(value)
        for result in run({**original, "scenarios": [scenario]}):
            where = f"LOCUM_SEED={SEED}, mutation {number}: {field}: {value!r} in {result.id}"
            assert (result.decision, result.passed) == ("error", False), where
