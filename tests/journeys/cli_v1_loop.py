"""Runs AWS CLI commands one after the other in one process: a line of JSON in (the arguments), a line of JSON out.

Law: run by the interpreter of the CLI's own environment; the CLI's own driver does everything. Only its start, which
costs half a second, is paid once.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver


def run(driver: object, arguments: list[str]) -> dict[str, object]:
    """The exit status of one command and what it printed."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = driver.main(arguments)  # type: ignore[attr-defined]
        except SystemExit as end:
            status = end.code
    said = [stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err)]  # type: ignore[attr-defined]
    return {"status": status, "out": said[0], "err": said[1]}


def main() -> None:
    """Every line of standard input."""
    driver = create_clidriver()
    for line in sys.stdin:
        print(json.dumps(run(driver, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
