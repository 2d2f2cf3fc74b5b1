"""Invariant: any text is either a policy or a PolicyError with findings; nothing else ever comes out of `parse`.

100,000 mutations of real documents by default. A failure prints the seed and the text; LOCUM_MUTATIONS and LOCUM_SEED
replay or lengthen the run.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

from locum.policy import (
    Attached,
    Policy,
    PolicyError,
    PolicyKind,
    Principal,
    PrincipalType,
    Question,
    bind,
    decide,
    parse,
)

CASES = Path(__file__).parents[1] / "cases" / "policy"
SEED = int(os.environ.get("LOCUM_SEED", "20260115"))
MUTATIONS = int(os.environ.get("LOCUM_MUTATIONS", "100000"))
KINDS = tuple(PolicyKind)

TOKENS = (
    *'{}[]",:\\ \n\t',
    *(
        "null",
        "true",
        "false",
        "NaN",
        "-0",
        "1e999",
        "9" * 5000,
        "\ufeff",
        "\ud800",
        '"\\ud800"',
        "\u212a",
        "\x00",
        "é",
    ),
    *(
        "Statement",
        "statement",
        "Effect",
        "Allow",
        "Deny",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Sid",
        "Id",
    ),
    *(
        "Principal",
        "NotPrincipal",
        "AWS",
        "Service",
        "Federated",
        "Condition",
        "StringEquals",
        "ForAnyValue:StringLike",
    ),
    *(
        "Null",
        "IfExists",
        "NumericLessThan",
        "IpAddress",
        "DateEquals",
        "BinaryEquals",
        "Bool",
        "ArnLike",
        "2008-10-17",
    ),
    *("*", "?", "s3:*", "arn:aws:s3:::b/*", "arn:aws:*", "${aws:username}", "${", "${*}", "111122223333", "[" * 40),
)

ALICE = Principal(
    PrincipalType.USER,
    "arn:aws:iam::111122223333:user/alice",
    "111122223333",
    ("arn:aws:iam::111122223333:user/alice",),
)
CONTEXT: dict[str, str | tuple[str, ...]] = {"aws:username": "alice", "aws:TagKeys": ("a", "b"), "s3:max-keys": "10"}


def documents() -> list[str]:
    """Every statement of the project's cases, as a document of its own."""
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, dict):
            if "Statement" in value:
                found.append(json.dumps(value))
            for verb in ("allow", "deny"):
                if verb in value:
                    statement = {"Effect": verb.capitalize(), "Action": value[verb], "Resource": value.get("on", "*")}
                    statement |= {"Condition": value["if"]} if "if" in value else {}
                    found.append(json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1))
            for inner in value.values():
                collect(inner)
        if isinstance(value, list):
            for inner in value:
                collect(inner)

    for path in sorted(CASES.glob("*.json")):
        collect(json.loads(path.read_text()))
    trust = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    return [*found, json.dumps({"Version": "2012-10-17", "Statement": trust})]


def mutations(seed: int, count: int) -> Iterator[str]:
    """`count` texts, each some random edits away from a document."""
    dice = random.Random(seed)
    pool = documents()
    for _ in range(count):
        text = dice.choice(pool)
        for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
            at, to = sorted((dice.randrange(len(text) + 1), dice.randrange(len(text) + 1)))
            edit = dice.randrange(5)
            if edit == 0:
                text = text[:at] + dice.choice(TOKENS) + text[at:]
            elif edit == 1:
                text = text[:at] + text[at + dice.randrange(1, 9) :]
            elif edit == 2:
                text = text[:at] + text[at : min(to, at + 60)] + text[at:]
            elif edit == 3:
                text = text[:at] + dice.choice(TOKENS) + text[min(to, at + 12) :]
            else:
                other = dice.choice(pool)
                text = text[:at] + other[dice.randrange(len(other)) :]
        yield text


def _read(text: str, kind: PolicyKind, where: str) -> Policy | None:
    """The policy, or None after a refusal that says all it must."""
    try:
        return parse(text, kind)
    except PolicyError as error:
        refusal = error
    except Exception as error:
        raise AssertionError(where) from error
    assert refusal.findings, where
    assert refusal.code == "MalformedPolicyDocument", where
    assert all(one.line >= 1 and one.column >= 1 and one.sentence for one in refusal.findings), where
    return None


def test_every_text_is_a_policy_or_a_policy_error() -> None:
    read = 0
    for number, text in enumerate(mutations(SEED, MUTATIONS)):
        kind = KINDS[number % len(KINDS)]
        where = f"LOCUM_SEED={SEED}, mutation {number}, kind {kind.value}: {text!r}"
        policy = _read(text, kind, where)
        if policy is None:
            continue
        assert policy.statements, where
        read += 1
        bound = bind([Attached("mutated", policy)])
        question = Question(ALICE, "s3:GetObject", "arn:aws:s3:::b/k", "111122223333", CONTEXT, bound)
        assert decide(question).verdict in ("allowed", "explicitDeny", "implicitDeny"), where
    assert read > MUTATIONS // 500, f"only {read} of {MUTATIONS} texts were policies: the mutations are too wild"
