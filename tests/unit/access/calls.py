"""A call as the server makes it of a signed request, for tests that ask `access` directly."""

from __future__ import annotations

from typing import Any

from tests.served import REQUEST_ID, Client, request

from locum import sigv4
from locum.access import authenticate
from locum.access.resources import asked
from locum.aws import shapes
from locum.call import OPERATIONS, Asked, Call, Origin
from locum.store.tx import Tx
from locum.wire import query


def call_of(client: Client, action: str, tx: Tx, inputs: dict[str, Any]) -> Call:
    """The call that this client's request becomes."""
    house = client.house.house
    signed = client.signed(request(action, inputs), action.partition(":")[0])
    shape = shapes.operation(action)
    moment = house.clocks.moment()
    caller = authenticate(
        signed,
        sigv4.carrier(signed),
        shape,
        tx,
        house.verification,
        place=house.place,
        now=moment.now,
        wire_now=moment.wire_now,
    )
    return Call(
        operation=OPERATIONS[action],
        caller=caller,
        inputs=query.read(signed, shape),
        now=moment.now,
        wire_now=moment.wire_now,
        mint=house.mint,
        place=house.place,
        origin=Origin(request_id=REQUEST_ID),
        activity=house.activity,
        keyring=house.verification.keyring,
    )


def asks(client: Client, action: str, /, **inputs: Any) -> tuple[Asked, ...]:
    """Everything that this client's call needs permission for."""
    return client.house.house.store.read(lambda tx: tuple(asked(call_of(client, action, tx, inputs), tx)))
