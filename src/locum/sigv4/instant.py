"""The time that a request names, parsed by hand.

Law: sixteen ASCII characters `YYYYMMDDTHHMMSSZ` that name a real second, or the same second as an HTTP date; nothing
else (rule S13). strptime is not used: it takes blanks, missing digits and the digits of other scripts.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT",
    re.ASCII,
)


def compact(instant: datetime) -> str:
    """`YYYYMMDDTHHMMSSZ` of an instant in UTC."""
    return (
        f"{instant.year:04d}{instant.month:02d}{instant.day:02d}"
        f"T{instant.hour:02d}{instant.minute:02d}{instant.second:02d}Z"
    )


@lru_cache(maxsize=128)
def parse_compact(text: str) -> datetime | None:
    """The instant that `text` names, or None when it is not one of the calendar. Requests of one second name one."""
    if len(text) != 16 or text[8] != "T" or text[15] != "Z":
        return None
    digits = text[:8] + text[9:15]
    if not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[9:11]),
            int(text[11:13]),
            int(text[13:15]),
            tzinfo=UTC,
        )
    except ValueError:
        return None


def parse_http_date(text: str) -> datetime | None:
    """The instant that an HTTP date (`Sun, 30 Aug 2015 12:36:00 GMT`) names, or None. The weekday is not checked."""
    found = _HTTP_DATE.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    month = _MONTHS.index(found[2]) + 1
    return parse_compact(f"{found[3]}{month:02d}{found[1]}T{found[4]}{found[5]}{found[6]}Z")


def parse(text: str) -> datetime | None:
    """The instant that the text of `X-Amz-Date` or `Date` names, or None (rule S13)."""
    return parse_compact(text) if len(text) == 16 else parse_http_date(text)
