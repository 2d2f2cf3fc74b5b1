"""`python -m tests.differential.run --count N --seed S`: the engine against the plain evaluator, in bulk.

Law: same count and seed, same scenarios, whatever the number of processes. Prints the seed, the shares of the three
verdicts and every disagreement as a case that can be replayed; exit status 1 if there was one.
"""

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence

from tests.differential.compare import Tally, compared, joined
from tests.differential.generate import REQUESTS

CHUNK = 400  # groups that a process takes at a time
SEED_STEP = 10**9  # groups of one seed; more than any run asks


def run(count: int, seed: int, processes: int = 1) -> Tally:
    """Compares at least `count` scenarios of this seed."""
    first, groups = seed * SEED_STEP, -(-count // REQUESTS)
    chunks = [range(first + at, first + min(at + CHUNK, groups)) for at in range(0, groups, CHUNK)]
    if processes == 1:
        return joined(map(compared, chunks))
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return joined(pool.imap_unordered(compared, chunks))


def report(tally: Tally, seed: int) -> str:
    total = tally.verdicts.total()
    shares = ", ".join(f"{verdict} {count / total:.1%}" for verdict, count in sorted(tally.verdicts.items()))
    lines = [f"seed {seed}: {total} scenarios; {shares}; {tally.differing} disagreements"]
    lines += [f"  {count} {reason}" for reason, count in tally.refused.most_common(10)]
    for one in tally.disagreements:
        case = json.dumps({field: value for field, value in one.scenario.items() if field not in ("name", "expect")})
        lines.append(f"  plain {one.plain}, engine {one.engine} (group {one.group}): {case}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.run")
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    tally = run(asked.count, asked.seed, asked.processes)
    sys.stdout.write(report(tally, asked.seed) + "\n")
    return 1 if tally.differing or tally.refused else 0


if __name__ == "__main__":
    sys.exit(main())
