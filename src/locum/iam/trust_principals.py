"""The principals of a trust policy: ARNs on the way in, unique ids at rest, ARNs on the way out.

Law (semantics 2.2): a user or role is stored by its unique id, so that a namesake made after its deletion inherits
nothing; the id of one that is gone stays visible and matches nobody. Only AWS principals are looked at: services,
identity providers and everybody are what they say. Conditions are not converted. That an account exists is not checked:
an account that does not exist has nobody who could come.
"""

from __future__ import annotations

import re

from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.iam.entities import Principal, Role, User
from locum.iam.names import arn_of
from locum.policy import trust
from locum.store.tx import Tx

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_ID = re.compile(r"(AIDA|AROA)[A-Z2-7]{17}", re.ASCII)
_KINDS: dict[str, type[User] | type[Role]] = {"user": User, "role": Role}
_IDS: dict[str, type[User] | type[Role]] = {"AIDA": User, "AROA": Role}
# Principals of sessions: they name nothing that is stored.
_SESSIONS = ("assumed-role/", "federated-user/")


def stored(tx: Tx, document: str, partition: str) -> str:
    """The trust policy with unique ids in place of the ARNs of users and roles.

    Raises MalformedPolicyDocument for an AWS principal that is nobody.
    """
    return trust.store_form(document, {seen: _stored(tx, seen, partition) for seen in trust.aws_principals(document)})


def displayed(tx: Tx, document: str, partition: str) -> str:
    """The stored trust policy with ARNs in place of the unique ids of those who still exist."""
    return trust.display_form(
        document, {seen: _displayed(tx, seen, partition) for seen in trust.aws_principals(document)}
    )


def _stored(tx: Tx, seen: str, partition: str) -> str:
    if seen == "*" or _ACCOUNT.fullmatch(seen):
        return seen
    if _ID.fullmatch(seen):  # a displayed document that comes back: the id must still be somebody's
        if tx.find_id(_IDS[seen[:4]], seen) is None:
            raise _nobody(seen)
        return seen
    try:
        arn = Arn.parse(seen)
    except ArnError:
        raise _nobody(seen) from None
    if arn.partition != partition or arn.region or not _ACCOUNT.fullmatch(arn.account):
        raise _nobody(seen)
    if arn.service == "sts" and arn.resource.startswith(_SESSIONS):
        return seen
    if arn.service != "iam":
        raise _nobody(seen)
    if arn.resource == "root":
        return seen
    principal = _principal(tx, arn)
    if principal is None or arn_of(principal, partition) != seen:  # path and case included
        raise _nobody(seen)
    return principal.id


def _principal(tx: Tx, arn: Arn) -> Principal | None:
    """The user or role whose name the ARN ends in."""
    kind = _KINDS.get(arn.resource.partition("/")[0])
    return None if kind is None else tx.find(kind, arn.account, arn.resource.rpartition("/")[2])


def _displayed(tx: Tx, seen: str, partition: str) -> str:
    if _ACCOUNT.fullmatch(seen):
        return f"arn:{partition}:iam::{seen}:root"
    if not _ID.fullmatch(seen):
        return seen
    principal = tx.find_id(_IDS[seen[:4]], seen)
    return seen if principal is None else arn_of(principal, partition)


def _nobody(seen: str) -> Refusal:
    return Refusal("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{seen}"', principal=seen)
