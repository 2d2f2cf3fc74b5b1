"""What the engine says of a caller and an action that no operation of this server has."""

from __future__ import annotations

from tests.served import ACCOUNT, Client
from tests.unit.access.calls import call_of

from locum.iam.principals import principal_of, standing_of
from locum.policy import Question, decide
from locum.store.tx import Tx


def allowed(client: Client, action: str, resource: str) -> bool:
    """Whether this client's credentials may do that to a resource of the account that has no policy of its own."""

    def step(tx: Tx) -> bool:
        caller = call_of(client, "sts:GetCallerIdentity", tx, {}).caller
        return decide(
            Question(
                principal=principal_of(caller),
                action=action,
                resource=resource,
                resource_account=ACCOUNT,
                context={},
                bound=standing_of(caller, tx).bound,
            )
        ).allowed

    return client.house.house.store.read(step)
