"""`Use`: the last use of a key, a role or a user, as reports show it. The time is UTC."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Use(msgspec.Struct, frozen=True):
    """The last use of a key or a role: when, of which service, in which region."""

    at: datetime
    service: str
    region: str
