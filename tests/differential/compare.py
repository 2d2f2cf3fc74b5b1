"""The two evaluators side by side over random scenarios.

Law: it counts, compares and shrinks; it decides nothing and draws nothing by itself. Compared are the verdict and the
kinds of policy that decided it. A document that the engine refuses to read is counted apart: the generator is meant to
make none.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.differential.engine import engine_says
from tests.differential.generate import written
from tests.differential.shrink import Written, shrunk
from tests.plain import decide
from tests.plain_cases import expanded

SHRINK_AT_MOST = 3  # in one call
Says = Callable[[Written], str]


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


def compared(groups: Iterable[int], engine: Says = engine_says) -> Tally:
    """Both answers to every scenario of these groups; the first disagreements are made small."""
    tally = Tally(Counter(), Counter(), 0, [])
    differing = 0
    for group in groups:
        for scenario in written(group):
            plain, other = plain_says(scenario), engine(scenario)
            tally.verdicts[plain.partition(" ")[0]] += 1
            if other.startswith("refused"):
                tally.refused[other] += 1
            elif plain != other:
                differing += 1
                if len(tally.disagreements) < SHRINK_AT_MOST:
                    tally.disagreements.append(smallest(group, scenario, engine))
    return tally._replace(differing=differing)


def plain_says(scenario: Written) -> str:
    (canonical,) = expanded([scenario])
    verdict, kinds = decide(canonical)
    return f"{verdict} by {' '.join(sorted(kinds))}"


def smallest(group: int, scenario: Written, engine: Says) -> Disagreement:
    plain, other = plain_says(scenario), engine(scenario)

    def still(candidate: Written) -> bool:
        try:
            return plain_says(candidate) == plain and engine(candidate) == other
        except Exception:  # the candidate is no longer a scenario, in whatever way
            return False

    return Disagreement(group, shrunk(scenario, still), plain, other)


def joined(tallies: Iterable[Tally]) -> Tally:
    """The tallies of several runs as one."""
    verdicts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    differing = 0
    disagreements: list[Disagreement] = []
    for tally in tallies:
        verdicts.update(tally.verdicts)
        refused.update(tally.refused)
        differing += tally.differing
        disagreements += tally.disagreements
    return Tally(verdicts, refused, differing, disagreements)
