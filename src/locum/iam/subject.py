"""Whom a request is about when it may leave out the user's name: the caller.

Law: the one place of that rule ("If you do not specify a user name, IAM determines the user name implicitly based on
the access key ID signing the request", IAM API reference). Only a user and root can be meant implicitly.
"""

from __future__ import annotations

import msgspec

from locum.aws.faults import Refusal
from locum.call import Call
from locum.iam.entities import User
from locum.store.tx import Tx


class Root(msgspec.Struct, frozen=True):
    """An account's root user. Its id is the account id; what is root's has it as owner."""

    account: str

    @property
    def id(self) -> str:
        """The account id."""
        return self.account


def subject(call: Call, tx: Tx, user_name: str | None) -> User | Root:
    """The user named, or the caller when no name is given.

    Raises NoSuchEntity when there is no such user, ValidationError when nobody is named and the caller is neither a
    user nor root (a role session, a federated user).
    """
    if user_name is not None:
        return tx.get(User, call.account, user_name)
    if call.caller.kind == "root":
        return Root(call.account)
    if call.caller.kind != "user":
        raise Refusal("ValidationError", "Must specify userName when calling with non-User credentials")
    user = tx.find_id(User, call.caller.entity_id)
    if user is None:  # removed between authentication and here
        raise Refusal("NoSuchEntity", User.missing.format(name=call.caller.name))
    return user
