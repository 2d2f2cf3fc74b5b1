"""A small house for tests of IAM's operations: the real store in memory, a clock that stands still, a mint that counts.

Law: no authentication and no authorization: `perform` runs an operation as whoever it is told. Nothing of Locum is
replaced.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

import locum.iam
from locum.aws.faults import Refusal
from locum.aws.limits import Limits
from locum.call import OPERATIONS, Call, Caller, Origin, Place, Use
from locum.iam.entities import Account, Role, User
from locum.iam.names import arn_of
from locum.server.hashing import Argon2, Cost
from locum.store.engine import open_store
from locum.store.entity import Author
from locum.store.tx import Tx

for _module in pkgutil.iter_modules(locum.iam.__path__):  # each declares its operations
    importlib.import_module(f"locum.iam.{_module.name}")

ACCOUNT = "111122223333"
OTHER = "444455556666"
CHEAP = Cost(memory=64)
NOW = datetime(2026, 11, 23, 19, 0, 0, tzinfo=UTC)


class CountingMint:
    """Octets that are never the same and always the same in the next run."""

    def __init__(self) -> None:
        self._next = 0

    def octets(self, count: int) -> bytes:
        self._next += 1
        return self._next.to_bytes(count, "big")[::-1]


class Uses:
    """What was used when, in a mapping."""

    def __init__(self) -> None:
        self._last: dict[str, Use] = {}

    def used(self, subject: str, use: Use) -> None:
        self._last[subject] = use

    def last_used(self, subject: str) -> Use | None:
        return self._last.get(subject)

    def uses_by(self, subject: str) -> dict[str, Use]:
        begin = subject + " "
        return {one.removeprefix(begin): use for one, use in self._last.items() if one.startswith(begin)}


def root(account: str = ACCOUNT) -> Caller:
    """The root user of an account."""
    arn = f"arn:aws:iam::{account}:root"
    return Caller(kind="root", account=account, arn=arn, user_id=account, entity_id=account, entity_arn=arn)


class IamHouse:
    """Two accounts, a caller (root of the first) and a clock that the test moves."""

    def __init__(self, **limits: int) -> None:
        self.mint = CountingMint()
        self.store = open_store(octets=self.mint.octets, clock=lambda: NOW)
        self.activity = Uses()
        self.hashing = Argon2(CHEAP)
        self.now = NOW
        self.caller = root()
        self.place = Place(limits=Limits.of(limits))
        for account in (ACCOUNT, OTHER):
            self.write(lambda tx, id=account: tx.add(Account(id=id, account=id, name=id, created=NOW)))

    def perform(self, operation: str, /, **inputs: Any) -> Mapping[str, Any]:
        """Runs an operation with inputs in AWS's member names, in the step that it asks for."""
        call = self.call(operation, **inputs)
        if call.operation.prepares is not None:
            call = msgspec.structs.replace(call, prepared=call.operation.prepares(call, self.store))

        def step(tx: Tx) -> Any:
            if call.operation.writes:
                tx.written_by(call.author)
            return call.operation.perform(call, tx)

        return (self.store.write(step) if call.operation.writes else self.store.read(step)) or {}

    def refused(self, operation: str, /, **inputs: Any) -> Refusal:
        """The refusal of an operation that must not succeed."""
        try:
            answer = self.perform(operation, **inputs)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"{operation} was not refused: {answer}")

    def call(self, operation: str, /, **inputs: Any) -> Call:
        """One use of an operation by the present caller."""
        return Call(
            operation=OPERATIONS[operation],
            caller=self.caller,
            inputs=inputs,
            now=self.now,
            wire_now=self.now,
            mint=self.mint,
            place=self.place,
            origin=Origin(request_id="00000000-0000-4000-8000-000000000000"),
            activity=self.activity,
            hashing=self.hashing,
        )

    def act_as_root(self, account: str = ACCOUNT) -> None:
        """From here on the root user of that account calls."""
        self.caller = root(account)

    def act_as_user(self, name: str) -> None:
        """From here on that user of the present account calls."""
        user = self.read(lambda tx: tx.get(User, self.caller.account, name))
        arn = arn_of(user, "aws")
        self.caller = Caller(
            kind="user",
            account=user.account,
            arn=arn,
            user_id=user.id,
            entity_id=user.id,
            entity_arn=arn,
            name=user.name,
        )

    def act_as_session_of(self, name: str) -> None:
        """From here on a session of that role of the present account calls."""
        role = self.read(lambda tx: tx.get(Role, self.caller.account, name))
        self.caller = Caller(
            kind="assumed-role",
            account=role.account,
            arn=f"arn:aws:sts::{role.account}:assumed-role/{role.name}/test",
            user_id=f"{role.id}:test",
            entity_id=role.id,
            entity_arn=arn_of(role, "aws"),
        )

    def read(self, step: Any) -> Any:
        """Runs a step of the test's own."""
        return self.store.read(step)

    def write(self, step: Any) -> Any:
        """Runs a writing step of the test's own, as if the present caller had."""

        def authored(tx: Tx) -> Any:
            tx.written_by(Author(arn=self.caller.arn, at=self.now, request_id="test"))
            return step(tx)

        return self.store.write(authored)

    def later(self, **by: int) -> None:
        """Moves the clock: `later(hours=1)`."""
        self.now += timedelta(**by)

    def close(self) -> None:
        """Lets go of the store."""
        self.store.close()
