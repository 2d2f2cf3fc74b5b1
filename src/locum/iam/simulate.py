"""The policy simulator: SimulateCustomPolicy and SimulatePrincipalPolicy.

Law: nothing is performed and nothing is kept. What a simulation discloses is asked for: the policies of a principal by
the action itself, the trust policy of a stored role by iam:GetRole on it. A page holds whole actions, and is shorter
than asked for where it would cost too much, as AWS says pages may be; one action that would is refused (rule D4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from locum.aws.faults import Refusal
from locum.call import Asked, Call, Result, operation
from locum.iam import simulation_inputs as inputs
from locum.iam.entities import Identity, Role
from locum.iam.listing import answered, page_of
from locum.iam.organization import place_of
from locum.iam.principals import organization_keys
from locum.iam.simulation import Simulation
from locum.iam.simulation_inputs import Entry, Level, invalid
from locum.iam.simulation_sources import Simulated, caller_of, find_identity, named, source_of, without
from locum.iam.simulation_trust import OwnPolicies, is_assumption
from locum.iam.trust_principals import displayed
from locum.policy import Bound, bind
from locum.policy.context import Value
from locum.store.entity import Page
from locum.store.tx import Tx

# What one page may cost: statements that are held against a resource, and rows that say which of them matched.
WORK, ROWS = 50_000, 10_000


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What both operations take besides policies."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    resource_policy: str | None
    resource_owner: str | None
    entries: tuple[Entry, ...]
    handling: str | None
    marker: str | None
    max_items: int


def asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """The right to simulate, and that to read the trust policies which the answer tells about."""
    given = call.inputs
    arn = given.get("PolicySourceArn", "*")
    identity = _found(call, tx, arn)
    tags = {tag.key: tag.value for tag in getattr(identity, "tags", ())}
    first = Asked(action=call.operation.name, arn=arn, account=inputs.account_of(arn, call.account), tags=tags)
    if given.get("ResourcePolicy") is not None or not any(map(is_assumption, given.get("ActionNames", ()))):
        return (first,)
    return (first, *_reads(call, tx, given.get("ResourceArns", ())))


def _reads(call: Call, tx: Tx, resources: Sequence[str]) -> Iterator[Asked]:
    for arn in dict.fromkeys(resources):
        role = _found(call, tx, arn)
        if isinstance(role, Role):
            tags = {tag.key: tag.value for tag in role.tags}
            yield Asked(action="iam:GetRole", arn=arn, account=call.account, tags=tags)


def _found(call: Call, tx: Tx, arn: str) -> Identity | None:
    try:
        return find_identity(call, tx, arn)
    except Refusal:
        return None


@operation("iam:SimulateCustomPolicy", asks=asks)
def simulate_custom_policy(
    call: Call,
    tx: Tx,
    *,
    policy_input_list: tuple[str, ...],
    action_names: tuple[str, ...],
    permissions_boundary_policy_input_list: tuple[str, ...] = (),
    ordered_organization_policy_input_list: tuple[Level, ...] = (),
    resource_arns: tuple[str, ...] = (),
    resource_policy: str | None = None,
    resource_owner: str | None = None,
    caller_arn: str | None = None,
    context_entries: tuple[Entry, ...] = (),
    resource_handling_option: str | None = None,
    max_items: int = 100,
    marker: str | None = None,
) -> Result:
    """Decides about policies that are given. Nothing that is stored is read but the trust policies of roles."""
    bound = bind(
        inputs.identity_policies(policy_input_list),
        inputs.boundary(permissions_boundary_policy_input_list),
        scps=inputs.levels(ordered_organization_policy_input_list),
    )
    given = Given(
        actions=action_names,
        resources=resource_arns,
        resource_policy=resource_policy,
        resource_owner=resource_owner,
        entries=context_entries,
        handling=resource_handling_option,
        marker=marker,
        max_items=max_items,
    )
    return _simulated(call, tx, named(caller_arn, call.account), bound, given)


@operation("iam:SimulatePrincipalPolicy", asks=asks)
def simulate_principal_policy(
    call: Call,
    tx: Tx,
    *,
    policy_source_arn: str,
    action_names: tuple[str, ...],
    policy_input_list: tuple[str, ...] = (),
    permissions_boundary_policy_input_list: tuple[str, ...] = (),
    policy_exclusion_list: tuple[Mapping[str, Any], ...] = (),
    resource_arns: tuple[str, ...] = (),
    resource_policy: str | None = None,
    resource_owner: str | None = None,
    caller_arn: str | None = None,
    context_entries: tuple[Entry, ...] = (),
    resource_handling_option: str | None = None,
    max_items: int = 100,
    marker: str | None = None,
) -> Result:
    """Decides about the policies of a user, group or role of the account, those of its organization that hold it, and
    those that are given besides. A boundary that is given takes the place of the one that is stored."""
    source = without(source_of(call, tx, policy_source_arn), policy_exclusion_list)
    given_boundary = inputs.boundary(permissions_boundary_policy_input_list)
    boundary = source.boundary if given_boundary is None else (given_boundary,)
    place = place_of(tx, call.account)
    held = place if {"PolicyType": "scp"} not in policy_exclusion_list else None
    bound = bind(
        (*source.policies, *inputs.identity_policies(policy_input_list)),
        boundary or None,
        scps=None if held is None else held.scps,
    )
    if caller_arn in (None, policy_source_arn):
        caller = caller_of(source.identity, tx, call.place.partition, now=call.now)
    else:
        caller = named(caller_arn, call.account)
    given = Given(
        actions=action_names,
        resources=resource_arns,
        resource_policy=resource_policy,
        resource_owner=resource_owner,
        entries=context_entries,
        handling=resource_handling_option,
        marker=marker,
        max_items=max_items,
    )
    if caller.principal.account == call.account:
        caller = msgspec.structs.replace(caller, keys={**caller.keys, **organization_keys("Principal", place)})
    home = call.account if held is not None else None
    return _simulated(call, tx, caller, bound, given, home=home, home_keys=organization_keys("Resource", place))


def _simulated(
    call: Call,
    tx: Tx,
    caller: Simulated,
    bound: Bound,
    given: Given,
    *,
    home: str | None = None,
    home_keys: Mapping[str, Value] | None = None,
) -> Mapping[str, Any]:
    """A page of results, action by action, in the order in which they were asked for."""
    actions = inputs.actions(given.actions)
    resources = tuple(inputs.resources(given.resources))
    inputs.require_handling(given.handling, actions, resources)
    if given.resource_policy is not None:
        if not caller.principal.arn:
            raise invalid("Invalid caller - Caller cannot be null or empty.")
        if resources == ("*",):
            raise invalid("Invalid Entity Arn: * does not clearly define entity type and name.")

    def trust(arn: str) -> str | None:
        role = _found(call, tx, arn)
        return displayed(tx, role.trust, call.place.partition) if isinstance(role, Role) else None

    account = caller.principal.account or call.account
    simulation = Simulation(
        caller=caller,
        bound=bound,
        supplied=inputs.supplied(given.entries),
        resources=resources,
        owner=inputs.owner(given.resource_owner) or account,
        own=OwnPolicies(given.resource_policy, trust, account),
        home=home,
        home_keys=home_keys or {},
    )
    if simulation.weight > WORK:
        raise invalid(f"{simulation.weight} statements times resources; {WORK} for one action would be right")
    limit = min(given.max_items, WORK // simulation.weight)
    page = _page(call, actions, given.marker, limit)
    results: list[Mapping[str, Any]] = []
    rows = 0
    for _, action in page.items:
        result = simulation.result(action)
        rows += sum(len(one.get("MatchedStatements", ())) for one in result.get("ResourceSpecificResults", ()))
        if rows > ROWS and not results:
            raise invalid(f"{rows} matched statements; {ROWS} for one action would be right")
        if rows > ROWS:
            page = _page(call, actions, given.marker, len(results))
            break
        results.append(result)
    return answered("EvaluationResults", results, page.marker)


def _page(call: Call, actions: Sequence[str], marker: str | None, limit: int) -> Page[tuple[int, str]]:
    """A page of the actions, each with its place."""
    try:
        return page_of(
            enumerate(actions),
            key=lambda numbered: f"{numbered[0]:09}",
            listing=f"{call.operation.name} {call.account}",
            marker=marker,
            limit=limit,
        )
    except Refusal:
        raise invalid("Invalid marker for pagination.") from None
