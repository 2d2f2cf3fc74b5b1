"""Whatever is wrong with a key, the verifier does the same work, call by call (rules S5, S17, S18; xS10).

Calls are counted and no time is taken, so that the test says the same on every machine: each function of `locum.sigv4`
that is entered, and each function of C called from there, HMAC and hash among them. Finding the key and opening the
token are not counted: a token that does not open is tried each time, one that opened is remembered (rule D8). How far
time tells the cases apart is measured by `python -m tests.fuzz.timing`.
"""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType
from typing import Any

import pytest
from tests.fuzz.builds import REFUSED_AT_ONCE, SPINE, Respond, answering, spine
from tests.fuzz.timing import auc, refused
from tests.planted import planted
from tests.served import ServedHouse, parsed

from locum.aws.mac import Mac
from locum.http import Request
from locum.sigv4 import verify

ROOM = verify.__code__.co_filename.rpartition("/")[0]
HMAC = Mac.__call__.__code__


def work(respond: Respond, asked: Request) -> Counter[str]:
    """How often each function is called in the verifier while this request is answered."""
    seen: Counter[str] = Counter()

    def note(frame: FrameType, event: str, called: Any) -> None:
        caller = frame if frame.f_code is not HMAC else frame.f_back
        if caller is not None and caller.f_code.co_filename.startswith(ROOM):
            if event == "call":
                seen[frame.f_code.co_qualname] += 1
            elif event == "c_call":
                seen[called.__name__] += 1

    sys.setprofile(note)
    try:
        respond(asked)
    finally:
        sys.setprofile(None)
    return seen


def different(house: ServedHouse, respond: Respond) -> list[str]:
    """The cases whose work is not that of a wrong secret of the same kind of key."""
    found = []
    for kind, each in refused(house).items():
        assert {parsed(respond(asked)).status for asked in each.values()} == {403}  # and every memory is warm
        done = {wrong: work(respond, asked) for wrong, asked in each.items()}
        assert done["wrong secret"][HMAC.co_qualname] == done["wrong secret"]["compare_digest"] == 1
        found += [f"{kind}, {wrong}" for wrong, seen in done.items() if seen != done["wrong secret"]]
    return found


def test_the_verifier_does_the_same_work_whatever_is_wrong_with_the_key(served: ServedHouse) -> None:
    assert different(served, answering(served, SPINE)) == []


def test_control_a_server_that_refuses_an_unknown_key_at_once_is_found(served: ServedHouse) -> None:
    assert different(served, answering(served, spine(REFUSED_AT_ONCE))) == [
        *(f"long-term, {wrong}" for wrong in ("unknown id", "inactive key", "deleted key")),
        *(f"session, {wrong}" for wrong in ("expired token", "token of another", "token altered", "role deleted")),
    ]


def test_control_a_verifier_that_refuses_before_it_compares_is_found(served: ServedHouse) -> None:
    """The fault inside the verifier: the refusal that it was given is raised before the HMAC."""
    early = planted(
        "locum.sigv4.verify",
        ("    headers = canonical.gather", "    if refusal:\n        raise refusal\n    headers = canonical.gather"),
    )
    authenticate = planted("locum.access.authenticate", verify=early.verify).authenticate
    faulty = planted("locum.server.answer", access=planted("locum.access", authenticate=authenticate))
    assert len(different(served, answering(served, faulty))) == 7


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], 0.5),
        ([1, 2], [3, 4], 1.0),
        ([3, 4], [1, 2], 0.0),
        ([1, 1], [1, 1], 0.5),
        ([1, 3], [2], 0.5),
    ],
)
def test_the_figure_of_the_measurement_is_what_it_is_called(one: list[int], other: list[int], expected: float) -> None:
    assert auc(one, other) == expected
