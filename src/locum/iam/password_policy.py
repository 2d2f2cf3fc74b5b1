"""The account's password policy: what a password must be, how long it serves, and who may change the own one.

Law: one for an account or none; an update sets all of it, and what it leaves out goes back to AWS's default. Whether a
password keeps it is asked here; hashes are compared elsewhere. Without a policy a password has eight characters, and
fifteen for root (rule C1). Sources: IAM API reference, UpdateAccountPasswordPolicy; sentences of violations as users
report them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.call import Asked, Call, Result, operation
from locum.store.entity import Entity
from locum.store.tx import Tx

LEAST, LEAST_FOR_ROOT = 8, 15
UPPER, LOWER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), frozenset("abcdefghijklmnopqrstuvwxyz")
NUMBERS, SYMBOLS = frozenset("0123456789"), frozenset("!@#$%^&*()_+-=[]{}|'")


class PasswordPolicy(Entity, frozen=True, kw_only=True):
    """The password policy of an account. `id` and `name` are the account's. Ages are days; None is not set."""

    kind: ClassVar[str] = "password-policy"
    missing: ClassVar[str] = "The Password Policy with domain name {name} cannot be found."
    exists: ClassVar[str] = "The Password Policy with domain name {name} already exists."

    minimum_length: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    users_may_change: bool = False
    max_age: int | None = None
    reuse_prevention: int | None = None
    hard_expiry: bool | None = None


def find_policy(tx: Tx, account: str) -> PasswordPolicy | None:
    """The account's password policy, if it has one."""
    return tx.find_id(PasswordPolicy, account)


def require_conforming(policy: PasswordPolicy | None, password: Secret, *, root: bool) -> None:
    """Refuses a password that the policy does not take. Raises PasswordPolicyViolation; every reason is named, the
    password is not."""
    text = password.reveal()
    least = policy.minimum_length if policy is not None else LEAST
    missing = []
    if len(text) < (max(least, LEAST_FOR_ROOT) if root else least):
        missing.append(f"Password should have a minimum length of {max(least, LEAST_FOR_ROOT) if root else least}")
    if policy is not None:
        missing += [
            f"Password should have at least one {what}"
            for asked, characters, what in (
                (policy.uppercase, UPPER, "uppercase letter"),
                (policy.lowercase, LOWER, "lowercase letter"),
                (policy.numbers, NUMBERS, "number"),
                (policy.symbols, SYMBOLS, "symbol"),
            )
            if asked and characters.isdisjoint(text)
        ]
    if missing:
        raise Refusal("PasswordPolicyViolation", ", ".join(missing))


def expires_at(policy: PasswordPolicy | None, changed: datetime) -> datetime | None:
    """When a password that was set at `changed` must be followed by another; None for never."""
    if policy is None or policy.max_age is None:
        return None
    return changed + timedelta(days=policy.max_age)


def granted_to_users(call: Call, tx: Tx, action: str) -> str | None:
    """The policy by which the account lets each of its users do this about the own password, if it does ("gives users
    permissions to the iam:ChangePassword action for only their own user and to the iam:GetAccountPasswordPolicy
    action", IAM User Guide)."""
    policy = find_policy(tx, call.account)
    if policy is None or not policy.users_may_change or call.caller.kind != "user":
        return None
    statement = {"Effect": "Allow", "Principal": {"AWS": call.caller.entity_id}, "Action": action, "Resource": "*"}
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": statement}).decode()


def _asks(call: Call, tx: Tx) -> Sequence[Asked]:
    action = call.operation.name
    return [Asked(action=action, arn="*", account=call.account, granted=granted_to_users(call, tx, action))]


@operation("iam:UpdateAccountPasswordPolicy", writes=True)
def update_account_password_policy(
    call: Call,
    tx: Tx,
    *,
    minimum_password_length: int = 6,
    require_symbols: bool = False,
    require_numbers: bool = False,
    require_uppercase_characters: bool = False,
    require_lowercase_characters: bool = False,
    allow_users_to_change_password: bool = False,
    max_password_age: int | None = None,
    password_reuse_prevention: int | None = None,
    hard_expiry: bool | None = None,
) -> Result:
    """Sets the whole policy. Passwords that are in use stay; the next ones must keep it."""
    present = find_policy(tx, call.account)
    policy = present or tx.add(
        PasswordPolicy(id=call.account, account=call.account, name=call.account, created=call.now)
    )
    tx.put(
        replace(
            policy,
            minimum_length=minimum_password_length,
            symbols=require_symbols,
            numbers=require_numbers,
            uppercase=require_uppercase_characters,
            lowercase=require_lowercase_characters,
            users_may_change=allow_users_to_change_password,
            max_age=max_password_age,
            reuse_prevention=password_reuse_prevention,
            hard_expiry=hard_expiry,
        )
    )
    return None


@operation("iam:GetAccountPasswordPolicy", asks=_asks)
def get_account_password_policy(call: Call, tx: Tx) -> Result:
    """The policy, without what is not set. Raises NoSuchEntity when there is none."""
    policy = _get(call, tx)
    answer: dict[str, Any] = {
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.symbols,
        "RequireNumbers": policy.numbers,
        "RequireUppercaseCharacters": policy.uppercase,
        "RequireLowercaseCharacters": policy.lowercase,
        "AllowUsersToChangePassword": policy.users_may_change,
        "ExpirePasswords": policy.max_age is not None,
    }
    unset = {
        "MaxPasswordAge": policy.max_age,
        "PasswordReusePrevention": policy.reuse_prevention,
        "HardExpiry": policy.hard_expiry,
    }
    return {"PasswordPolicy": answer | {key: value for key, value in unset.items() if value is not None}}


@operation("iam:DeleteAccountPasswordPolicy", writes=True)
def delete_account_password_policy(call: Call, tx: Tx) -> Result:
    """Takes the policy away. Raises NoSuchEntity when there is none."""
    tx.remove(_get(call, tx))
    return None


def _get(call: Call, tx: Tx) -> PasswordPolicy:
    policy = find_policy(tx, call.account)
    if policy is None:
        raise Refusal("NoSuchEntity", PasswordPolicy.missing.format(name=call.account))
    return policy
