"""`python -m benchmarks [NAME ...]`: measures what is named, or everything, and prints one table each.

Law: measures one thing at a time, in an order in which what takes much memory comes last. Names that do not exist are
wrong usage; a benchmark that cannot run here says so in its table.
"""

from __future__ import annotations

import argparse
import importlib
import sys

import msgspec

# name -> (module, the question in a few words). The order is the one in which they run.
BENCHMARKS = {
    "verify": ("benchmarks.verify", "verifying a SigV4 signature"),
    "token": ("benchmarks.tokens", "sealing and opening a session token"),
    "start": ("benchmarks.start", "starting, and the memory of a server"),
    "http": ("benchmarks.calls", "calls over HTTP for a second of the server's CPU"),
    "writes": ("benchmarks.writes", "durable commits under many clients"),
    "floods": ("benchmarks.floods", "honest clients beside slow ones, gibibytes and forgers"),
    "memory": ("benchmarks.memory", "memory after 10,000 and after 100,000 requests"),
    "scale": ("benchmarks.scale", "an account of 10,000 users, 2,000 roles and 3,000 policies"),
    "workers": ("benchmarks.several", "two workers against one"),
    "decide": ("benchmarks.decide", "deciding, by number of principals, beside other evaluators"),
}


def main() -> None:
    """Runs the benchmarks named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="\n".join(f"{name:8} {words}" for name, (_, words) in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help="which to run; all unless given")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    asked = parser.parse_args()
    for name in asked.name:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark `{name}`; there are {', '.join(BENCHMARKS)}")
    for name in asked.name or BENCHMARKS:
        table = importlib.import_module(BENCHMARKS[name][0]).run()
        if asked.format == "json":
            sys.stdout.buffer.write(msgspec.json.encode(table.shown()) + b"\n")
        else:
            print(table.text(), end="\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
