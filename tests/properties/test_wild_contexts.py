"""Invariant: whatever stands where a context should, it is refused when the Context is made, or decided; nothing else.

Random values, good and bad, stand under random names in the contexts of policies that look at every kind of key. A
failure prints the seed and the context; LOCUM_CONTEXTS and LOCUM_SEED lengthen or replay the run.
"""

from __future__ import annotations

import os
import random
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from locum.policy import Context, Question, decide, explain
from locum.policy.cases import read_case
from locum.policy.conditions import OPERATORS

SEED = int(os.environ.get("LOCUM_SEED", "20260115"))
CONTEXTS = int(os.environ.get("LOCUM_CONTEXTS", "4000"))
GOOD: tuple[Any, ...] = (
    "", "x", "1", "true", "2026-01-15T12:00:00Z", "10.0.0.1", "arn:aws:s3:::b", "YQ==", "\x00", "\ud83d", "*", "${a:b}",
    (), ("x",), ("x", "1", ""), ("x",) * 300,
)  # fmt: skip
BAD: tuple[Any, ...] = (
    None, True, 7, 1.5, float("nan"), b"x", ["x"], {"x": "y"}, {"x"}, frozenset(), object(), str, ("x", None), (7,),
    (("x",),), (b"x",), ([],), range(2), Context({}),
)  # fmt: skip
NAMES: tuple[str, ...] = ("k", "K", "aws:username", "aws:PrincipalTag/team", "aws:SourceIp", "", "\u212a")
BAD_NAMES: tuple[Any, ...] = (None, 7, b"k", ("k",), True)


def asked() -> Question:
    """A question whose policies look at `k` by every operator, at a variable and at the other names."""
    operators = [one for one in OPERATORS if one != "Null"]
    every = [
        {"allow": "s3:*", "if": {f"{qualifier}{one}": {"k": ["x", "1", "${aws:username}"]}}}
        for one in operators
        for qualifier in ("", "ForAnyValue:", "ForAllValues:")
    ]
    names = [{"deny": "s3:*", "if": {"StringEquals": {name: "never"}}} for name in NAMES if name]
    fields = {"id": "x", "name": "x", "expect": "allowed", "principal": "user/alice", "action": "s3:GetObject"}
    resource = {
        "resource": "arn:aws:s3:::b/alice",
        "identity": [*names, *every, "allow s3:* on arn:aws:s3:::b/${aws:username}"],
    }
    return read_case({**fields, **resource}).questions[0]


def test_a_wild_context_is_refused_or_decided() -> None:
    dice = random.Random(SEED)
    question = asked()
    refused = sent = 0
    for number in range(CONTEXTS):
        keys = {dice.choice(NAMES): dice.choice(GOOD) for _ in range(dice.randrange(5))}
        wild = dice.random() < 0.5
        if wild and dice.random() < 0.2:
            keys[dice.choice(BAD_NAMES)] = "x"
        elif wild:
            keys[dice.choice(NAMES)] = dice.choice(BAD)
        sent += wild
        given = MappingProxyType(keys) if dice.random() < 0.2 else keys
        where = f"LOCUM_SEED={SEED}, context {number}: {keys!r}"
        try:
            context = Context({}, given) if dice.random() < 0.5 else Context(given)
        except TypeError as error:
            refused += wild and "would be right" in str(error)
            continue
        assert not wild, where
        asks = msgspec.structs.replace(question, context=context)
        assert decide(asks).verdict in ("allowed", "explicitDeny", "implicitDeny"), where
        if number % 200 == 0:
            assert explain(asks).text, where
    assert 0 < refused == sent < CONTEXTS, f"LOCUM_SEED={SEED}: {refused} refused of {sent}"


@pytest.mark.parametrize("value", [None, 7, "aws:username", ["k"], b"", object()])
def test_what_is_no_mapping_is_no_context(value: Any) -> None:
    with pytest.raises(TypeError, match="a mapping from keys to values would be right"):
        Context(value)


def test_the_key_is_named_and_its_value_is_not() -> None:
    with pytest.raises(TypeError) as refused:
        Context({"sts:ExternalId": ("hunter2", 4711)})  # type: ignore[dict-item]
    said = "context key `sts:ExternalId` is of type `int` in a tuple; a text or a tuple of texts would be right"
    assert str(refused.value) == said
