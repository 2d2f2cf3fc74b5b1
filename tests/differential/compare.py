"""The two evaluators side by side over random scenarios.

Law: it counts, compares and shrinks; it decides nothing and draws nothing by itself. A document that the engine refuses
to read is counted apart: the generator is meant to make none.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tests.differential.engine import engine_verdict
from tests.differential.generate import written
from tests.differential.shrink import Written, shrunk
from tests.plain import decide
from tests.plain_cases import expanded

SHRINK_AT_MOST = 3  # in one call
Decider = Callable[[Written], str]


class Disagreement(NamedTuple):
    """A scenario as small as it gets, its origin, and what each side says."""

    group: int
    scenario: Written
    plain: str
    engine: str


class Tally(NamedTuple):
    """What a run saw: verdicts of the plain evaluator, refusals of the engine by reason, disagreements."""

    verdicts: Counter[str]
    refused: Counter[str]
    differing: int
    disagreements: list[Disagreement]


def compared(groups: Iterable[int], engine_says: Decider = engine_verdict) -> Tally:
    """Both verdicts on every scenario of these groups; the first disagreements are made small."""
    tally = Tally(Counter(), Counter(), 0, [])
    differing = 0
    for group in groups:
        for scenario in written(group):
            plain = plain_verdict(scenario)
            engine = engine_says(scenario)
            tally.verdicts[plain] += 1
            if engine.startswith("refused"):
                tally.refused[engine] += 1
            elif plain != engine:
                differing += 1
                if len(tally.disagreements) < SHRINK_AT_MOST:
                    tally.disagreements.append(smallest(group, scenario, engine_says))
    return tally._replace(differing=differing)


def plain_verdict(scenario: Written) -> str:
    (canonical,) = expanded([scenario])
    return decide(canonical).verdict


def smallest(group: int, scenario: Written, engine_says: Decider) -> Disagreement:
    plain, engine = plain_verdict(scenario), engine_says(scenario)

    def still(candidate: Written) -> bool:
        try:
            return plain_verdict(candidate) == plain and engine_says(candidate) == engine
        except Exception:  # the candidate is no longer a scenario, in whatever way
            return False

    return Disagreement(group, shrunk(scenario, still), plain, engine)


def joined(tallies: Iterable[Tally]) -> Tally:
    verdicts: Counter[Any] = Counter()
    refused: Counter[Any] = Counter()
    differing, disagreements = 0, []
    for tally in tallies:
        verdicts += tally.verdicts
        refused += tally.refused
        differing += tally.differing
        disagreements += tally.disagreements
    return Tally(verdicts, refused, differing, disagreements)
