"""The resource's own policy in a simulation: a resource policy, a key policy, or the trust policy of a role.

Law: a role that is to be assumed is asked for its trust policy, which AWS's simulator leaves out: the one given as
ResourcePolicy, else the one that the role has. Where nobody knows it (a role of another account, or no role named) a
trust policy that leaves everything to the caller's account stands for it, so that the caller's side alone decides.
"""

from __future__ import annotations

from collections.abc import Callable

from locum.iam.simulation_inputs import one_policy
from locum.policy import Attached, PolicyKind, parse
from locum.policy.actions import ACCOMPANYING
from locum.policy.match import fold
from locum.policy.question import ResourcePolicyKind

# What the policy that nobody knows is called; no answer shows it.
UNKNOWN = "an unknown trust policy"


def is_assumption(action: str) -> bool:
    """Whether this is asked of a role and its trust policy."""
    folded = fold(action)
    return folded.startswith("sts:assumerole") or folded in ACCOMPANYING


class OwnPolicies:
    """The policies of the resources of one simulation, each parsed once.

    `given` is ResourcePolicy, `trust` answers the trust policy of a role's ARN, `account` is the caller's.
    """

    __slots__ = ("_account", "_given", "_parsed", "_trust")

    def __init__(self, given: str | None, trust: Callable[[str], str | None], account: str) -> None:
        self._given = given
        self._trust = trust
        self._account = account
        self._parsed: dict[tuple[str, PolicyKind], Attached] = {}

    def of(self, action: str, resource: str) -> tuple[Attached | None, ResourcePolicyKind]:
        """The policy that a question about this action on this resource asks, and its kind. Raises InvalidInput when
        the one that was given is no policy of that kind."""
        if is_assumption(action):
            return self._of_role(resource), "trust"
        if self._given is None:
            return None, "resource"
        if ":kms:" in resource and ":key/" in resource:
            return self._policy(self._given, PolicyKind.KEY, "ResourcePolicy"), "key"
        return self._policy(self._given, PolicyKind.RESOURCE, "ResourcePolicy"), "resource"

    def _of_role(self, resource: str) -> Attached:
        if ":role/" in resource:
            if self._given is not None:
                return self._policy(self._given, PolicyKind.TRUST, "ResourcePolicy")
            stored = self._trust(resource)
            if stored is not None:
                return self._policy(stored, PolicyKind.TRUST, "AssumeRolePolicyDocument")
        text = f'{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{self._account}"}},"Action":"sts:*"}}}}'
        return Attached(UNKNOWN, parse(text, PolicyKind.TRUST))

    def _policy(self, text: str, kind: PolicyKind, id: str) -> Attached:
        found = self._parsed.get((text, kind))
        if found is None:
            found = self._parsed[text, kind] = one_policy(text, kind, id)
        return found
