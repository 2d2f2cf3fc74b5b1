"""Condition operators: one table, and what each means for one request.

Law: operators and keys are ANDed, the values of a key are ORed; a negated operator is true when the value differs
from all of them (rule 5.1). What an absent key means is decided in one place, `_absent` (rules 5.10 to 5.13). A test
never raises but Exhausted, and reads nothing but its Facts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt
from typing import Any, TypeAlias

import msgspec

from locum.policy.context import Facts, Value
from locum.policy.instants import address, address_range, instant, number, octets, truth
from locum.policy.match import Pieces, arn_matcher, compiled, fits, fold, matches
from locum.policy.variables import Template, filled, fixed, has_variable, reads, template

Test: TypeAlias = Callable[[Facts], bool]
# One value of the request against the whole list of the policy: does it match any?
AnyOf: TypeAlias = Callable[[str, Facts], bool]


class Operator(msgspec.Struct, frozen=True):
    """A condition operator: its family, whether it is negated, and the comparison of ordered families."""

    family: str
    negated: bool = False
    compare: Callable[[Any, Any], bool] = eq


OPERATORS: dict[str, Operator] = {
    "StringEquals": Operator("text"),
    "StringNotEquals": Operator("text", negated=True),
    "StringEqualsIgnoreCase": Operator("folded"),
    "StringNotEqualsIgnoreCase": Operator("folded", negated=True),
    "StringLike": Operator("glob"),
    "StringNotLike": Operator("glob", negated=True),
    "NumericEquals": Operator("number"),
    "NumericNotEquals": Operator("number", negated=True),
    "NumericLessThan": Operator("number", compare=lt),
    "NumericLessThanEquals": Operator("number", compare=le),
    "NumericGreaterThan": Operator("number", compare=gt),
    "NumericGreaterThanEquals": Operator("number", compare=ge),
    "DateEquals": Operator("date"),
    "DateNotEquals": Operator("date", negated=True),
    "DateLessThan": Operator("date", compare=lt),
    "DateLessThanEquals": Operator("date", compare=le),
    "DateGreaterThan": Operator("date", compare=gt),
    "DateGreaterThanEquals": Operator("date", compare=ge),
    "Bool": Operator("bool"),
    "BinaryEquals": Operator("binary"),
    "IpAddress": Operator("address"),
    "NotIpAddress": Operator("address", negated=True),
    "ArnEquals": Operator("arn"),
    "ArnLike": Operator("arn"),
    "ArnNotEquals": Operator("arn", negated=True),
    "ArnNotLike": Operator("arn", negated=True),
    "Null": Operator("null"),
}

# The families whose values take variables (rule 4.2), and those of them with wildcards.
WITH_VARIABLES = frozenset({"text", "folded", "glob", "arn"})
WITH_WILDCARDS = frozenset({"glob", "arn"})

# Values up to this length cost a glob no more than short ones.
LONG = 512

FOR_ALL, FOR_ANY = "ForAllValues", "ForAnyValue"


class OperatorName(msgspec.Struct, frozen=True):
    """An operator as a policy writes it: `ForAnyValue:StringLikeIfExists` in its three parts."""

    qualifier: str
    name: str
    if_exists: bool

    @classmethod
    def parse(cls, text: str) -> OperatorName | None:
        """The operator that `text` names, or None. `Null` takes neither `IfExists` nor a set operator (rule 5.12)."""
        qualifier, colon, name = text.rpartition(":")
        if colon and qualifier not in (FOR_ALL, FOR_ANY):
            return None
        plain = name.removesuffix("IfExists")
        if plain not in OPERATORS:
            return None
        if plain == "Null" and (colon or plain != name):
            return None
        return cls(qualifier, plain, plain != name)


class Clause(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One key under one operator: what a policy wants, and the test that says whether a request has it.

    `reads` are the folded names of all keys that the test may look at: its own and those of variables.
    """

    operator: str
    key: str
    wanted: tuple[str, ...]
    test: Test
    reads: frozenset[str]


def clause(operator: str, key: str, wanted: tuple[str, ...], *, variables: bool) -> Clause:
    """The compiled clause. `operator` must be one that `OperatorName.parse` knows; raises ValueError otherwise."""
    name = OperatorName.parse(operator)
    if name is None:
        raise ValueError(f"`{operator}` is not a condition operator")
    folded = fold(key)
    kind = OPERATORS[name.name]
    keys = frozenset({folded})
    if kind.family == "null":
        return Clause(operator, key, wanted, _null(folded, wanted), keys)
    any_of, plain, variable_keys = _any_of(kind, wanted, variables=variables)
    keys |= variable_keys
    # a value is looked up in a set of plain texts at once, however many there are
    weight = 1 if plain is not None else sum(map(len, wanted)) + len(wanted)
    if name.qualifier:
        return Clause(operator, key, wanted, _over_set(name, kind.negated, folded, any_of, weight), keys)
    if plain is not None:
        return Clause(operator, key, wanted, _membership(name, kind.negated, folded, plain, weight), keys)
    return Clause(operator, key, wanted, _single(name, kind.negated, folded, any_of, weight), keys)


def _absent(name: OperatorName, *, negated: bool) -> bool:
    """What the clause is when the key is absent: the table of rule 5.10."""
    if name.qualifier == FOR_ALL:
        return True
    if name.qualifier == FOR_ANY:
        return name.if_exists
    return negated or name.if_exists


def _null(key: str, wanted: tuple[str, ...]) -> Test:
    """`Null`: `true` wants the key absent, `false` present (rule 5.12)."""
    answers = {truth(text) for text in wanted}

    def test(facts: Facts) -> bool:
        value = facts.keys.get(key)
        return (value is None or value == ()) in answers

    return test


def _single(name: OperatorName, negated: bool, key: str, any_of: AnyOf, weight: int) -> Test:
    """A plain operator. On a key with several values: positive is any of them, negated is all (rule 5.14)."""
    absent = _absent(name, negated=negated)

    def test(facts: Facts) -> bool:
        value = facts.keys.get(key)
        if value.__class__ is str:
            if len(value) > LONG:
                facts.spend(weight * (len(value) // LONG))
            return any_of(value, facts) is not negated
        if not value:
            return absent
        facts.spend(_cost(weight, value))
        return any(any_of(one, facts) for one in value) is not negated

    return test


def _cost(weight: int, values: Sequence[str]) -> int:
    """The characters that are compared when each of `values` meets `weight` characters of a policy; a long value
    counts once for each LONG of it (rule 7.23)."""
    return weight * sum(1 + len(value) // LONG for value in values)


def _membership(name: OperatorName, negated: bool, key: str, wanted: frozenset[str], weight: int) -> Test:
    """`_single` for the commonest case: exact texts without variables."""
    absent = _absent(name, negated=negated)

    def test(facts: Facts) -> bool:
        value = facts.keys.get(key)
        if value.__class__ is str:
            return (value in wanted) is not negated
        if not value:
            return absent
        facts.spend(weight * len(value))
        return any(one in wanted for one in value) is not negated

    return test


def _over_set(name: OperatorName, negated: bool, key: str, any_of: AnyOf, weight: int) -> Test:
    """A set operator: each value of the request by itself (rule 5.13). A single value is a set of one."""
    absent = _absent(name, negated=negated)
    quantifier = all if name.qualifier == FOR_ALL else any

    def test(facts: Facts) -> bool:
        value: Value | None = facts.keys.get(key)
        if value is None or value == ():
            return absent
        values = (value,) if isinstance(value, str) else value
        facts.spend(_cost(weight, values))
        return quantifier(any_of(one, facts) is not negated for one in values)

    return test


def _any_of(
    kind: Operator, wanted: tuple[str, ...], *, variables: bool
) -> tuple[AnyOf, frozenset[str] | None, frozenset[str]]:
    """The comparison of one request value with the whole list; the plain set when it is nothing but equality; and the
    keys of its variables."""
    if kind.family not in WITH_VARIABLES:
        return _READERS[kind.family](kind, wanted), None, frozenset()
    wildcards = kind.family in WITH_WILDCARDS
    templates = [template(text, variables=variables, wildcards=wildcards) for text in wanted]
    moving = tuple(one for one in templates if has_variable(one))
    still = tuple(fixed(one) for one in templates if not has_variable(one))
    at_rest = _still(kind.family, still)
    if not moving:
        plain = frozenset("".join(map(str, one)) for one in still) if kind.family == "text" else None
        return at_rest, plain, frozenset()
    compare = _COMPARE[kind.family]

    def any_of(value: str, facts: Facts) -> bool:
        if at_rest(value, facts):
            return True
        for one in moving:
            pieces = filled(one, facts.keys)
            if pieces is not None and compare(pieces, value):
                return True
        return False

    return any_of, None, frozenset().union(*map(reads, moving))


def _still(family: str, wanted: tuple[Pieces, ...]) -> AnyOf:
    if family in ("text", "folded"):
        change = fold if family == "folded" else str
        texts = frozenset(change("".join(map(str, pieces))) for pieces in wanted)
        return lambda value, facts: change(value) in texts
    tests = tuple((arn_matcher if family == "arn" else compiled)(pieces) for pieces in wanted)
    if len(tests) == 1:
        one = tests[0]
        return lambda value, facts: one(value)
    return lambda value, facts: any(test(value) for test in tests)


def _same_folded(pieces: Pieces, value: str) -> bool:
    return fits(pieces, value) and fold("".join(map(str, pieces))) == fold(value)


def _same_arn(pieces: Pieces, value: str) -> bool:
    return fits(pieces, value) and arn_matcher(pieces)(value)


# How a value with a variable in it is compared once the variable's text is there.
_COMPARE: dict[str, Callable[[Pieces, str], bool]] = {
    "text": matches,
    "folded": _same_folded,
    "glob": matches,
    "arn": _same_arn,
}


def _ordered(read: Callable[[str], Any]) -> Callable[[Operator, tuple[str, ...]], AnyOf]:
    """Families whose values are read and then compared: what cannot be read matches nothing (rules 5.4 to 5.7)."""

    def build(kind: Operator, wanted: tuple[str, ...]) -> AnyOf:
        compare = kind.compare
        known = tuple(value for value in map(read, wanted) if value is not None)

        def any_of(value: str, facts: Facts) -> bool:
            seen = read(value)
            return seen is not None and any(compare(seen, one) for one in known)

        return any_of

    return build


def _addresses(kind: Operator, wanted: tuple[str, ...]) -> AnyOf:
    """Ranges: IPv4 and IPv6 in one list, an address of one family outside every range of the other (rule 5.7)."""
    ranges = tuple(one for one in map(address_range, wanted) if one is not None)

    def any_of(value: str, facts: Facts) -> bool:
        seen = address(value)
        return seen is not None and any(seen in one for one in ranges)

    return any_of


_READERS: dict[str, Callable[[Operator, tuple[str, ...]], AnyOf]] = {
    "number": _ordered(number),
    "date": _ordered(instant),
    "bool": _ordered(truth),
    "binary": _ordered(octets),
    "address": _addresses,
}

__all__ = ["FOR_ALL", "FOR_ANY", "OPERATORS", "Clause", "Operator", "OperatorName", "Template", "Test", "clause"]
