"""What the caller could have said: condition keys that come with the call itself, and values that a policy wants.

Law: only keys of the table below, because nobody chooses a source address by calling again. A value is a proposal: who
makes it decides again with it. Pure; nothing is decided here. Rules 5.1 to 5.14 of docs/spec/policy.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from locum.policy.conditions import FOR_ALL, FOR_ANY, OPERATORS, WITH_WILDCARDS, Clause, Operator, OperatorName
from locum.policy.context import Context, Value, folded
from locum.policy.instants import truth
from locum.policy.match import fold
from locum.policy.variables import filled, template

# Folded key, or its beginning up to a slash -> how to say it; None says `KEY` = `VALUE`.
SUPPLIED: dict[str, str | None] = {
    "aws:multifactorauthpresent": "with MFA",
    "aws:multifactorauthage": "with a fresh MFA code",
    "aws:securetransport": "over TLS",
    "aws:requestedregion": None,
    "aws:requesttag/": None,
    "aws:tagkeys": None,
    "sts:externalid": None,
    "sts:sourceidentity": None,
    "sts:rolesessionname": None,
    "sts:transitivetagkeys": None,
    "aws:sourceidentity": None,
}

# What else is true of a call that brings this.
_ALONG = {"aws:multifactorauthpresent": ("aws:MultiFactorAuthAge", "0")}
_SAID_AS_TRUE = {key for key, words in SUPPLIED.items() if words and key != "aws:multifactorauthage"}

Supplied = Mapping[str, "Value | None"]
"""Keys as a policy spells them and the values to bring; None is a key to leave away."""


def can_supply(key: str) -> bool:
    """Whether a caller chooses what `key` is worth, by how it calls."""
    name = fold(key)
    return name in SUPPLIED or f"{name.partition('/')[0]}/" in SUPPLIED


def meeting(clause: Clause, keys: Mapping[str, Value]) -> Iterator[tuple[str, Value | None]]:
    """Values of the clause's key that should make it hold, the likeliest first; `keys` are those of the request."""
    name, kind = _operator(clause)
    if kind.family == "null":
        if truth(clause.wanted[0]):
            yield clause.key, None
        return
    if kind.negated:
        yield clause.key, None
        return
    for wanted in clause.wanted:
        value = _value(kind.family, name.name, wanted, keys)
        if value is not None:
            yield clause.key, _among(name.qualifier, value, keys.get(fold(clause.key)), clause)


def breaking(clause: Clause, keys: Mapping[str, Value]) -> Iterator[tuple[str, Value | None]]:
    """Values of the clause's key that should make it fail: what a Deny wants not to see."""
    name, kind = _operator(clause)
    if kind.family == "bool":
        yield clause.key, "false" if truth(clause.wanted[0]) else "true"
    elif kind.negated:
        for wanted in clause.wanted:
            value = _value(kind.family, name.name, wanted, keys)
            if value is not None:
                yield clause.key, value
    yield clause.key, None


def _operator(clause: Clause) -> tuple[OperatorName, Operator]:
    name = OperatorName.parse(clause.operator)
    assert name is not None  # or it could not have been compiled
    return name, OPERATORS[name.name]


def _value(family: str, operator: str, wanted: str, keys: Mapping[str, Value]) -> str | None:
    """A value that one value of a policy accepts."""
    if family == "number":
        step = {"NumericLessThan": -1, "NumericGreaterThan": 1}.get(operator, 0)
        return str(int(wanted) + step) if wanted.isascii() and wanted.isdigit() else None
    if family in ("text", "folded", "glob", "arn"):
        pieces = filled(template(wanted, variables=True, wildcards=family in WITH_WILDCARDS), keys)
        return None if pieces is None else "".join(one if isinstance(one, str) else "x" for one in pieces)
    return wanted


def _among(qualifier: str, value: str, seen: Value | None, clause: Clause) -> Value:
    """The value, beside those that the request has already when the operator is one of sets."""
    present = () if seen is None else (seen,) if isinstance(seen, str) else seen
    if qualifier == FOR_ANY:
        return (*present, value)
    if qualifier == FOR_ALL:
        return tuple(one for one in present if one in clause.wanted) or (value,)
    return value


def with_supplied(context: Mapping[str, Value] | Context, supplied: Supplied) -> Context:
    """The context of a call that brings these keys and is the same otherwise."""
    keys = dict(context.keys if isinstance(context, Context) else folded(context))
    for key, value in supplied.items():
        if value is None:
            keys.pop(fold(key), None)
            continue
        keys[fold(key)] = value
        along, worth = _ALONG.get(fold(key), ("", ""))
        if along and value == "true":
            keys.setdefault(fold(along), worth)
    return Context(keys)


def words(supplied: Supplied) -> str:
    """How to call, in words: "with MFA and with `sts:ExternalId` = `audit`"."""
    parts: list[str] = []
    for key, value in supplied.items():
        said = SUPPLIED.get(fold(key))
        if value is None:
            parts.append(f"without `{key}`")
        elif said and (value == "true" or fold(key) not in _SAID_AS_TRUE):
            parts.append(said)
        else:
            shown = value if isinstance(value, str) else "`, `".join(value)
            parts.append(f"with `{key}` = `{shown}`")
    return " and ".join(dict.fromkeys(parts))
