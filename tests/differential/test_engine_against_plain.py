"""The engine and the plain evaluator decide alike, on generated requests (security P11).

`LOCUM_DIFFERENTIAL` sets how many; `LOCUM_DIFFERENTIAL_SEED` replays or draws others. The large runs are
`python -m tests.differential.run`.
"""

import os

import pytest
from tests.differential.compare import Tally
from tests.differential.run import report, run

COUNT = int(os.environ.get("LOCUM_DIFFERENTIAL", "200000"))
SEED = int(os.environ.get("LOCUM_DIFFERENTIAL_SEED", "20260115"))


@pytest.fixture(scope="module")
def tally() -> Tally:
    result = run(COUNT, SEED, processes=min(2, os.cpu_count() or 1))
    print(report(result, SEED))
    return result


def test_the_engine_decides_as_the_plain_evaluator(tally: Tally) -> None:
    assert tally.differing == 0, report(tally, SEED)


def test_the_engine_reads_every_generated_document(tally: Tally) -> None:
    assert not tally.refused, report(tally, SEED)


def test_each_verdict_has_a_fair_share(tally: Tally) -> None:
    shares = {verdict: count / tally.verdicts.total() for verdict, count in tally.verdicts.items()}
    assert set(shares) == {"allowed", "explicitDeny", "implicitDeny"}
    assert min(shares.values()) > 0.2
