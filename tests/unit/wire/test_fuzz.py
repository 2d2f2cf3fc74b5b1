"""Invariant: whatever the bytes, `route` and `read` give a value or a Refusal, never another exception; the value
meets the constraints of the model; and the answer to a Refusal is well-formed XML that says its sentence."""

from __future__ import annotations

import os
from random import Random
from xml.etree import ElementTree

from tests.unit.wire import values
from tests.unit.wire.test_round_trip import OPERATIONS, written_by_botocore

from locum.aws import shapes
from locum.aws.faults import Refusal
from locum.http import Request
from locum.wire import constraints, fault
from locum.wire.query import read
from locum.wire.route import route

SEED = int(os.environ.get("LOCUM_SEED", "20261124"))
TURNS = int(os.environ.get("LOCUM_FUZZ", "50000"))
PIECES = (
    b"& = % %00 %ff + . .member. .member.1. .member.0 .entry.1.key 1 99999999999 - %0A \xff \x00 Action Version %41 "
    b"%ED%A0%80 \xe2\x80\xa8"
).split(b" ")
SENT = "{https://iam.amazonaws.com/doc/2010-05-08/}Error/{https://iam.amazonaws.com/doc/2010-05-08/}Message"


def mutated(body: bytes, random: Random) -> bytes:
    """The body with one to four cuts, insertions, repetitions or exchanged bytes."""
    for _ in range(random.randint(1, 4)):
        at, to = sorted(random.choices(range(len(body) + 1), k=2))
        match random.randrange(5):
            case 0:
                body = body[:at] + body[min(to, at + 8) :]
            case 1:
                body = body[:at] + random.choice(PIECES) + body[at:]
            case 2:
                body = body[:at] + random.randbytes(1) + body[at + 1 :]
            case 3:
                body = body[:to] + b"&" + body[at:to] + body[to:]
            case _:
                pairs = body.split(b"&")
                random.shuffle(pairs)
                body = b"&".join(pairs)
    return body


def test_mutated_bodies_give_a_value_or_a_refusal() -> None:
    random = Random(SEED)
    bodies = [
        written_by_botocore(one, values.value(one.input, one, random) if one.input else {}).body for one in OPERATIONS
    ]
    outcomes = {"value": 0}
    for turn in range(TURNS):
        body = mutated(random.choice(bodies), random)
        request = Request("POST", "/", "", (), body)
        try:
            operation = route(request).shape
            inputs = read(request, operation)
        except Refusal as refusal:
            root = ElementTree.fromstring(fault.render(refusal, "iam", "id"))
            assert root.findtext(SENT) is not None
            outcomes[refusal.code] = outcomes.get(refusal.code, 0) + 1
        except Exception as error:
            raise AssertionError(f"LOCUM_SEED={SEED}, turn {turn}: {body!r}") from error
        else:
            assert constraints.faults(operation, inputs) == []
            assert set(inputs) <= set(operation.input.members if operation.input else ())
            outcomes["value"] += 1
    # A run that only ever hit one outcome has tested nothing.
    assert {"value", "MalformedInput", "ValidationError", "InvalidAction", "MissingAction"} <= set(outcomes), outcomes


def test_every_service_of_the_fuzz_has_all_its_operations() -> None:
    assert len(OPERATIONS) == sum(len(shapes.service(name).operations) for name in ("iam", "sts"))
