"""What a simulation is asked with: the inputs as the engine's values, or AWS's refusal.

Law: reads inputs and nothing that is stored. Documents that come in here are parsed and forgotten: nothing about them
is kept for another call. Origin of the sentences: answers of AWS published in September 2026 and in public issue
threads; where no sentence is known, ours says what was seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.policy import Attached, PolicyError, PolicyKind, parse
from locum.policy.context import Value
from locum.policy.instants import address_range, instant, number, octets
from locum.policy.match import fold


class Entry(msgspec.Struct, frozen=True, rename="pascal"):
    """One condition key that a caller supplies (`ContextEntry`)."""

    context_key_name: str | None = None
    context_key_values: tuple[str, ...] | None = None
    context_key_type: str | None = None


class Level(msgspec.Struct, frozen=True, rename="pascal"):
    """The service control policies of one level of an organization."""

    service_control_policy_input_list: tuple[str, ...] | None = None


def invalid(sentence: str, **facts: object) -> Refusal:
    """The refusal of an input."""
    return Refusal("InvalidInput", sentence, **facts)


# Type of a value -> whether a text is one, and what AWS says of another.
_FORMATS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "numeric": (number, "numeric format"),
    "date": (instant, "DateTime format"),
    "ip": (address_range, "IP address"),
    "binary": (octets, "base-64 encoded binary format"),
}


def supplied(entries: Sequence[Entry]) -> dict[str, Value]:
    """The condition keys that a caller supplies, as a policy reads them. A boolean is `true` or anything else."""
    keys: dict[str, Value] = {}
    seen: set[str] = set()
    for entry in entries:
        if entry == Entry():
            continue
        name, values, kind = entry.context_key_name, entry.context_key_values, entry.context_key_type
        if not name:
            raise invalid("ContextKeyName cannot be null or empty.")
        if kind is None:
            raise invalid(f"Context key {name} has invalid type null.", key=name)
        if not values:
            raise invalid(f"Context values for context key {name} cannot be null or empty.", key=name)
        single = kind.removesuffix("List")
        if single == kind and len(values) > 1:
            raise invalid(f"Context key {kind} expected a single value, but received {len(values)}.", key=name)
        if fold(name) in seen:
            raise invalid(f"Duplicate context key: {name}.", key=name)
        seen.add(fold(name))
        if single == "boolean":
            values = tuple("true" if text.lower() == "true" else "false" for text in values)
        read, right = _FORMATS.get(single, (str, ""))
        if any(read(text) is None for text in values):
            raise invalid(f"Invalid context value for key {name}: expected {right}.", key=name)
        keys[name] = values[0] if single == kind else values
    return keys


def actions(asked: Sequence[str]) -> Sequence[str]:
    """The actions, each with a service and a name."""
    if any(":" not in one for one in asked):
        raise invalid("The action is invalid since it is missing names")
    return asked


def resources(asked: Sequence[str]) -> Sequence[str]:
    """The resources: ARNs, or `*` alone."""
    for one in asked:
        if one != "*" or len(asked) > 1:
            require_arn(one)
    return asked or ("*",)


def require_arn(text: str) -> Arn:
    """The ARN that a resource is."""
    try:
        arn = Arn.parse(text)
    except ArnError:
        raise invalid(f"ResourceNames are not in a valid ARN format: {text}.", seen=text) from None
    if not (arn.partition and arn.service and arn.resource):
        raise invalid(f"ResourceNames are not in a valid ARN format: {text}.", seen=text)
    return arn


_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def owner(text: str | None) -> str | None:
    """The account of `ResourceOwner`, which is an ARN of IAM such as the account's root."""
    if text is None:
        return None
    try:
        arn = Arn.parse(text)
    except ArnError:
        arn = None
    if arn is None or arn.service != "iam" or not _ACCOUNT.fullmatch(arn.account):
        raise invalid(f"'{text}' is not a valid as a Resource Owner.", seen=text)
    return arn.account


def account_of(resource: str, otherwise: str) -> str:
    """Whose a resource is: by its ARN, else as told."""
    fields = resource.split(":", 5)
    return fields[4] if len(fields) == 6 and _ACCOUNT.fullmatch(fields[4]) else otherwise


def identity_policies(documents: Sequence[str]) -> tuple[Attached, ...]:
    """The policies of `PolicyInputList`."""
    found = []
    for place, text in enumerate(documents, 1):
        try:
            id = f"PolicyInputList.{place}"
            found.append(Attached(id, parse(text), id))
        except PolicyError as error:
            sentence = f"Policy input list item {place} has invalid content"
            raise invalid(sentence, findings=[str(one) for one in error.findings]) from None
    return tuple(found)


def boundary(documents: Sequence[str]) -> Attached | None:
    """The one policy of `PermissionsBoundaryPolicyInputList`, or None."""
    if len(documents) > 1:
        raise invalid("The list of Permissions Boundary policies cannot exceed 1 items.")
    for text in documents:
        return one_policy(text, PolicyKind.BOUNDARY, "PermissionsBoundaryPolicyInputList.1")
    return None


def levels(given: Sequence[Level]) -> tuple[tuple[Attached, ...], ...] | None:
    """The service control policies, level by level; None when there are none in force."""
    for place, level in enumerate(given, 1):
        if not level.service_control_policy_input_list:
            raise invalid(f"Organization policy at index {place} must contain at least one service control policy")
    return (
        tuple(
            tuple(
                one_policy(text, PolicyKind.SCP, f"OrderedOrganizationPolicyInputList.{place}.{number}")
                for number, text in enumerate(level.service_control_policy_input_list or (), 1)
            )
            for place, level in enumerate(given, 1)
        )
        or None
    )


def one_policy(text: str, kind: PolicyKind, id: str) -> Attached:
    """A policy of that kind, to be called by that id."""
    try:
        return Attached(id, parse(text, kind), id)
    except PolicyError as error:
        raise invalid(f"{id} has invalid content: {error.findings[0]}") from None


# The scenarios of ec2:RunInstances that the API reference lists, and the two of EC2-Classic that AWS still takes.
HANDLING = frozenset(
    f"EC2-{network}-{store}"
    for network, stores in (
        ("Classic", ("InstanceStore", "EBS")),
        ("VPC", ("InstanceStore", "InstanceStore-Subnet", "EBS", "EBS-Subnet")),
    )
    for store in stores
)


def require_handling(option: str | None, asked: Sequence[str], on: Sequence[str]) -> None:
    """Refuses a resource handling option that an action does not have. It alters no decision."""
    if option is None or on == ("*",):
        return
    for one in asked:
        if option not in HANDLING or fold(one) != "ec2:runinstances":
            raise invalid(
                f"Invalid input resource handling options. Action does not support resource handling options: {one}.",
                action=one,
            )
