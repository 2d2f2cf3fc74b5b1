"""Which inputs never enter a record: those that AWS's models mark sensitive, and a list of our own.

Law: by the member's name, at any depth. The models mark passwords, private keys, assertions and web tokens; they do not
mark the codes of MFA devices, which are secrets for as long as they can be used.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from locum.aws import shapes

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"  # as CloudTrail writes it

#: sensitive though no model says so
OURS = frozenset(
    {
        "AuthenticationCode1",
        "AuthenticationCode2",
        "ClientSecret",
        "Password",
        "NewPassword",
        "OldPassword",
        "PrivateKey",
        "AddPrivateKey",
        "SAMLAssertion",
        "SecretAccessKey",
        "SessionToken",
        "TokenCode",
        "TradeInToken",
        "WebIdentityToken",
    }
)


def without_secrets(action: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs of `iam:ChangePassword` and its kin with a fixed word in the place of what is sensitive. The same
    mapping where the operation takes nothing sensitive. Raises KeyError for an operation that AWS does not have."""
    names = members(action)
    return _cleaned(inputs, names) if names else inputs


@functools.cache
def members(action: str) -> frozenset[str]:
    """The names of an operation's sensitive inputs, at any depth."""
    shape = shapes.operation(action)
    found: set[str] = set()
    if shape.input is not None:
        _collect(shape.input, shape.shapes, found, set())
    return frozenset(found)


def _collect(shape: shapes.Shape, by_name: Mapping[str, shapes.Shape], found: set[str], seen: set[str]) -> None:
    for name, ref in shape.members.items():
        if by_name[ref.shape].sensitive or name in OURS:
            found.add(name)
    refs = [*shape.members.values(), *(ref for ref in (shape.member, shape.key, shape.value) if ref is not None)]
    for ref in refs:
        if ref.shape not in seen:
            seen.add(ref.shape)
            _collect(by_name[ref.shape], by_name, found, seen)


def _cleaned(value: Any, names: frozenset[str]) -> Any:
    if type(value) is str:  # nearly all of them
        return value
    if isinstance(value, Mapping):
        return {name: HIDDEN if name in names else _cleaned(one, names) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one, names) for one in value]
    return value
