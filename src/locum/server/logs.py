"""What is logged, and in which form: one JSON object a line in `serve`, plain lines in `dev`.

Law: to standard error, by the standard library. A log tells of the server, the audit of the calls: nothing here is
written for each request. No line holds a secret (rule K14): secrets are of a type that shows a fixed word, exceptions
are logged without the values of their variables, and libraries that would write what a client sent are silenced below
warnings.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, TextIO

import msgspec

Form = Literal["json", "plain"]

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

PLAIN = "%(levelname)s %(name)s: %(message)s"

#: libraries whose lower lines may hold what a client sent
QUIET = ("asyncio", "uvicorn.access", "urllib3", "botocore")


class JsonFormatter(logging.Formatter):
    """A record as one JSON object on one line: time, level, logger, message, and the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=repr).decode()


def configure(form: Form, level: str, *, stream: TextIO | None = None) -> None:
    """Sends all logs from here on to `stream` (standard error), from that level up. Raises KeyError for a level that
    is not in `LEVELS`. May be called again; the last call counts."""
    written = logging.StreamHandler(sys.stderr if stream is None else stream)
    written.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(PLAIN))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, logging.StreamHandler) and getattr(old, "locum", False):
            root.removeHandler(old)
    written.locum = True  # type: ignore[attr-defined]
    root.addHandler(written)
    root.setLevel(LEVELS[level])
    for name in QUIET:
        logging.getLogger(name).setLevel(max(LEVELS[level], logging.WARNING))
