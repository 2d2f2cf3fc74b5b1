"""Which condition keys policies refer to: GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy.

Law: the keys of conditions and of variables, each once whatever its case, as the policy that has it first spells it.
Nothing is decided.
"""

from __future__ import annotations

from collections.abc import Iterable

from locum.call import Call, Result, operation
from locum.iam.simulation_inputs import identity_policies
from locum.iam.simulation_sources import source_of
from locum.policy import Attached
from locum.policy.contributions import keys_of_statement
from locum.policy.match import fold
from locum.store.tx import Tx


@operation("iam:GetContextKeysForCustomPolicy")
def get_context_keys_for_custom_policy(call: Call, tx: Tx, *, policy_input_list: tuple[str, ...]) -> Result:
    """The keys of policies that are given."""
    return {"ContextKeyNames": _keys(identity_policies(policy_input_list))}


@operation("iam:GetContextKeysForPrincipalPolicy")
def get_context_keys_for_principal_policy(
    call: Call, tx: Tx, *, policy_source_arn: str, policy_input_list: tuple[str, ...] = ()
) -> Result:
    """The keys of the policies of a user with its groups, of a group, or of a role, and of those given besides."""
    source = source_of(call, tx, policy_source_arn)
    return {"ContextKeyNames": _keys((*source.policies, *identity_policies(policy_input_list)))}


def _keys(policies: Iterable[Attached]) -> list[str]:
    found: dict[str, str] = {}
    for policy in policies:
        for statement in policy.policy.statements:
            for name in keys_of_statement(statement):
                found.setdefault(fold(name), name)
    return list(found.values())
