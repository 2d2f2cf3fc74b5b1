"""Whole servers with a fault planted in how callers are authenticated, for controls.

Law: everything but the planted lines is Locum's own code (`tests/planted.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from tests.planted import planted
from tests.served import REQUEST_ID, ServedHouse

import locum.server.answer
from locum.aws.faults import Refusal
from locum.http import Request, Response
from locum.server.app import App

Respond = Callable[[Request], Response]

SPINE: ModuleType = locum.server.answer
# A key that is not found, or a token that does not count, is refused before the HMAC (rule S5).
REFUSED_AT_ONCE = ("return Claim(how.dummy_secret, None, refusal)", "raise")


def spine(*faults: tuple[str, str]) -> ModuleType:
    """The spine of a server whose `authenticate` has these faults."""
    faulty = planted("locum.access.authenticate", *faults)
    return planted("locum.server.answer", access=planted("locum.access", authenticate=faulty.authenticate))


def of_spine(faulty: ModuleType) -> type[App]:
    """The ASGI application over this spine."""
    made: type[App] = planted(
        "locum.server.app", attempt=faulty.attempt, admit=faulty.admit, MustWait=faulty.MustWait
    ).App
    return made


def application(*faults: tuple[str, str]) -> type[App]:
    """The ASGI application of a server whose `authenticate` has these faults."""
    return of_spine(spine(*faults))


def answering(house: ServedHouse, of: ModuleType = SPINE) -> Respond:
    """How a server with this spine answers over this house."""

    def respond(asked: Request) -> Response:
        try:
            admitted = of.admit(asked, shortest_key_id=house.house.verification.shortest_key_id)
        except Refusal as refusal:
            refused: Response = of.refused(refusal, None, REQUEST_ID)
            return refused
        answered: Response = of.answer(admitted, house.house, REQUEST_ID)
        return answered

    return respond
