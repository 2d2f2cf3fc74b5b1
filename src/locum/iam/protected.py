"""Roles that belong to a service and that its customers cannot change.

Law: facts about paths. Tags and description may change all the same (wire.md 9).
"""

from __future__ import annotations

from locum.aws.faults import Refusal
from locum.aws.service_linked_roles import PATH
from locum.iam.entities import Role

SERVICE_LINKED = PATH


def require_modifiable(role: Role) -> Role:
    """The role, unless it is linked to a service. Raises UnmodifiableEntity in the words of AWS."""
    if role.path.startswith(SERVICE_LINKED):
        raise Refusal(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS",
            role=role.name,
        )
    return role
