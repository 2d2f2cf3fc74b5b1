"""Whose policies are simulated, and who calls: the caller of a simulation, and what binds it.

Law: the policies of a principal come from the functions that access asks (decisions 12). An ARN is compared exactly,
path included (rule H17): whose ARN was authorized is whose policies are read. A group is never a principal: its
policies can be simulated, but no policy names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.call import Call, Caller
from locum.iam.entities import Group, Identity, Role, User
from locum.iam.names import arn_of
from locum.iam.principals import Keys, boundary_of, holders_of, keys_of, policies_of, principal_of
from locum.iam.simulation_inputs import invalid
from locum.policy import Attached, Principal, PrincipalType
from locum.policy.context import Value
from locum.policy.match import glob, matches
from locum.store.tx import Tx

KINDS: Mapping[str, type[Identity]] = {"user": User, "group": Group, "role": Role}

# What stands for the session of a role that a simulation is about: nobody names it.
SESSION = "simulation"


class Simulated(msgspec.Struct, frozen=True):
    """Who calls in a simulation: as policies may name it, and the condition keys that follow from it."""

    principal: Principal
    keys: Mapping[str, Value]


class Source(msgspec.Struct, frozen=True):
    """An identity and the policies that bind it."""

    identity: Identity
    policies: tuple[Attached, ...]
    boundary: tuple[Attached, ...]


def find_identity(call: Call, tx: Tx, text: str) -> Identity | None:
    """The user, group or role of the caller's account with exactly this ARN, or None."""
    kind, _, name = _parts(text)
    found = tx.find(KINDS[kind], call.account, name)
    return found if found is not None and arn_of(found, call.place.partition) == text else None


def source_of(call: Call, tx: Tx, text: str) -> Source:
    """The identity of that ARN and what binds it. Raises InvalidInput for what is no identity's ARN, NoSuchEntity for
    one that is nobody's."""
    kind, _, name = _parts(text)
    found = find_identity(call, tx, text)
    if found is None:
        raise Refusal("NoSuchEntity", KINDS[kind].missing.format(name=name), arn=text)
    partition = call.place.partition
    policies: dict[str, Attached] = {}
    for holder in holders_of(found, tx):
        for one in policies_of(holder, tx, partition):
            policies.setdefault(one.source, one)  # a policy of several groups is one policy
    boundary = () if isinstance(found, Group) else tuple(boundary_of(found, tx, partition))
    return Source(found, tuple(policies.values()), boundary)


def caller_of(identity: Identity, tx: Tx, partition: str, *, now: datetime) -> Simulated:
    """A user or role of the account as the caller, with the keys that it brings whenever it calls."""
    arn = arn_of(identity, partition)
    if isinstance(identity, Group):
        return named(arn, identity.account)
    caller = Caller(
        kind="user", account=identity.account, arn=arn, user_id=identity.id, entity_id=identity.id, entity_arn=arn,
        name=identity.name,
    )  # fmt: skip
    if isinstance(identity, Role):
        session = f"arn:{partition}:sts::{identity.account}:assumed-role/{identity.name}/{SESSION}"
        caller = msgspec.structs.replace(caller, kind="assumed-role", arn=session, name="")
    keys: Keys = keys_of(caller, tx, now=now)
    if isinstance(identity, Role):
        del keys["aws:userid"]  # it holds the name of a session, which there is not
    linked = ":role/aws-service-role/" in arn
    return Simulated(msgspec.structs.replace(principal_of(caller), service_linked=linked), keys)


def named(text: str | None, account: str) -> Simulated:
    """Who an ARN names, and the keys that follow from the ARN alone; somebody of the account when there is none.

    Raises InvalidInput for an ARN that no user, group or role has.
    """
    keys: dict[str, Value] = {"aws:PrincipalAccount": account, "aws:PrincipalIsAWSService": "false"}
    if text is None:
        return Simulated(Principal(PrincipalType.USER, account=account), keys)
    try:
        kind, arn, name = _parts(text)
    except Refusal:
        sentence = "Invalid caller - Caller must be an IAM user, role or group in this context."
        raise invalid(sentence, seen=text) from None
    keys["aws:PrincipalAccount"] = arn.account
    if kind == "group":
        return Simulated(Principal(PrincipalType.USER, arn=text, account=arn.account), keys)
    keys["aws:PrincipalArn"] = text
    if kind == "user":
        keys |= {"aws:PrincipalType": "User", "aws:username": name}
        return Simulated(Principal(PrincipalType.USER, text, arn.account, (text,)), keys)
    keys["aws:PrincipalType"] = "AssumedRole"
    session = f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{name}/{SESSION}"
    linked = ":role/aws-service-role/" in text
    principal = Principal(PrincipalType.ROLE_SESSION, session, arn.account, (session, text), service_linked=linked)
    return Simulated(principal, keys)


def without(source: Source, exclusions: Sequence[Mapping[str, Any]]) -> Source:
    """The source without the policies that these identifiers name."""
    kept = tuple(one for one in source.policies if not any(_named(one, wanted) for wanted in exclusions))
    bounded = not any(wanted.get("PolicyType") == "permission-boundary" for wanted in exclusions)
    return Source(source.identity, kept, source.boundary if bounded else ())


def _named(policy: Attached, wanted: Mapping[str, Any]) -> bool:
    managed = policy.source.startswith("arn:")
    if kind := wanted.get("PolicyType"):
        provided = managed and policy.source.split(":", 5)[4] == "aws"
        return bool(kind == ("aws-managed" if provided else "user-managed" if managed else "inline"))
    if arn := wanted.get("PolicyArn"):
        return managed and matches(glob(arn), policy.source)
    inline = wanted["InlinePolicyIdentifier"]
    owner = f"{inline['AttachmentType']}_{inline['AttachmentName']}_{inline['PolicyName']}"
    return not managed and matches(glob(owner), policy.id)


def _parts(text: str) -> tuple[str, Arn, str]:
    """The kind, the ARN and the name in the ARN of an identity. Raises InvalidInput for another."""
    try:
        arn = Arn.parse(text)
    except ArnError:
        arn = None
    kind, _, rest = arn.resource.partition("/") if arn is not None else ("", "", "")
    name = rest.rpartition("/")[2]
    if arn is None or arn.service != "iam" or kind not in KINDS or not name:
        raise invalid(f"Invalid Entity Arn: {text} does not clearly define entity type and name.", seen=text)
    return kind, arn, name
