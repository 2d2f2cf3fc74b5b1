"""A process that records without end and prints the number of each record once it stands. It is meant to be killed.

`python killed.py DIRECTORY [batched]`: with `batched` it prints before the record stands, which is the planted fault.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.unit.audit.chained import Kept, record


def main() -> None:
    """Records until the end."""
    trail = Kept(Path(sys.argv[1])).trail()
    number = 0
    while True:
        batch = trail.add(record(number), durable="batched" not in sys.argv)
        if batch is not None:
            batch.wait()
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main()
