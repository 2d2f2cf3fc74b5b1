"""A session lives from its not-before to a millisecond before its end; no clock that is set back revives it (xT3).

The clock is asked at every edge, in the order in which time passes and then ten minutes back; the control is a clock
that goes by the wall alone.
"""

from __future__ import annotations

from datetime import timedelta

from tests.served import NOW, ServedHouse
from tests.unit.access.test_authenticate import sealed

from locum.server.house import Clocks, Moment

WHO = "sts:GetCallerIdentity"
MILLISECOND = timedelta(milliseconds=1)
BEGIN, END = NOW + timedelta(minutes=2), NOW + timedelta(minutes=30)

#: when a session from BEGIN to END is asked for, in this order, and what is answered
EDGES = (
    (BEGIN - MILLISECOND, "ExpiredToken"),
    (BEGIN, ""),
    (BEGIN + MILLISECOND, ""),
    (END - MILLISECOND, ""),
    (END, "ExpiredToken"),
    (END - timedelta(minutes=10), "ExpiredToken"),
    (BEGIN, "ExpiredToken"),
    (END + MILLISECOND, "ExpiredToken"),
)


class WallClock(Clocks):
    """The planted fault: time is what the wall shows, whatever it has shown before."""

    def moment(self) -> Moment:
        real = self.real()
        return Moment(now=real, wire_now=real)


def differing(served: ServedHouse) -> list[tuple[int, str]]:
    """The edges at which a session is answered otherwise than it should be: (number, answer)."""
    session = sealed(served, issued=NOW, not_before=BEGIN, expires=END)
    found = []
    for number, (moment, wanted) in enumerate(EDGES):
        served.real.now = moment
        answer = session.ask(WHO).code
        if answer != wanted:
            found.append((number, answer))
    return found


def test_a_session_counts_to_the_millisecond_and_a_clock_set_back_revives_none(served: ServedHouse) -> None:
    assert differing(served) == []


def test_control_a_clock_without_its_guard_revives_a_session(served: ServedHouse) -> None:
    served.house.clocks = WallClock(served.real)
    assert differing(served) == [(5, ""), (6, "")]


def test_control_a_session_of_a_millisecond_more_or_less_is_found() -> None:
    for later in (MILLISECOND, -MILLISECOND):
        house = ServedHouse()
        session = sealed(house, issued=NOW, not_before=BEGIN + later, expires=END + later)
        asked = []
        for moment in (BEGIN - MILLISECOND, BEGIN, END - MILLISECOND, END):
            house.real.now = moment
            asked.append(session.ask(WHO).code)
        assert asked != ["ExpiredToken", "", "", "ExpiredToken"]
        house.close()
