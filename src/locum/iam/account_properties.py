"""Properties of the account: settings of IAM that hold in all of it.

Law: one property is known, `RoleManager/Enabled`, off until it is put on. It is kept and shown; what it lets AWS's
services do (make roles from templates) nobody here does. A property that AWS does not document is refused. Source: IAM
API reference, PutAccountProperties, GetAccountProperties; the sentences are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.call import Asked, Call, Result, operation
from locum.store.entity import Entity
from locum.store.tx import Tx

NAME = "properties"
# Property -> what it is before anybody put it. All of them are booleans.
DEFAULTS = {"RoleManager/Enabled": "false"}
BOOLEANS = ("true", "false")


class AccountProperties(Entity, frozen=True, kw_only=True):
    """What was put of an account's properties."""

    kind: ClassVar[str] = "account-properties"
    missing: ClassVar[str] = "The account has no properties."
    exists: ClassVar[str] = "The account has properties already."
    decides: ClassVar[bool] = False

    values: dict[str, str] = {}


def _asks(names: Callable[[Call], Sequence[str]]) -> Callable[[Call, Tx], Sequence[Asked]]:
    def asks(call: Call, tx: Tx) -> Sequence[Asked]:
        spaces = tuple(dict.fromkeys(name.partition("/")[0] for name in names(call)))
        context = {"iam:AccountPropertyNamespaces": spaces}
        return [Asked(action=call.operation.name, arn="*", account=call.account, context=context)]

    return asks


@operation("iam:GetAccountProperties", asks=_asks(lambda call: tuple(DEFAULTS)))
def get_account_properties(call: Call, tx: Tx) -> Result:
    """Answers with every property, as it was put or as it is before."""
    kept = tx.find(AccountProperties, call.account, NAME)
    return {"Properties": DEFAULTS | ({} if kept is None else kept.values)}


@operation("iam:PutAccountProperties", writes=True, asks=_asks(lambda call: tuple(call.inputs["Properties"])))
def put_account_properties(call: Call, tx: Tx, *, properties: Mapping[str, str]) -> Result:
    """Puts properties of one namespace. Raises InvalidInput for another property or another value."""
    if len({name.partition("/")[0] for name in properties}) > 1:
        raise Refusal("InvalidInput", "All properties of a request belong to the same namespace")
    for name, value in properties.items():
        if name not in DEFAULTS:
            raise Refusal("InvalidInput", f"`{name}` is not a property; one of {', '.join(DEFAULTS)}", name=name)
        if value not in BOOLEANS:
            raise Refusal("InvalidInput", f"`{value}` is not a value of `{name}`: true or false", name=name)
    kept = tx.find(AccountProperties, call.account, NAME)
    if kept is None:
        id = f"{call.account}/{NAME}"
        kept = tx.add(AccountProperties(id=id, account=call.account, name=NAME, created=call.now))
    tx.put(replace(kept, values={**kept.values, **properties}))
    return {}
