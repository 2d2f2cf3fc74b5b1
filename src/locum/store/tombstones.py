"""Tombstones: what was ended for good, kept beside backups so that an older backup does not revive it (rule K13).

Law: ids and nothing else: no name, no secret, no document. Gathered from the log of a store, without its master key; a
file of them only grows, except that something that was turned off and on again is taken out. Which kinds count, and
what ends one, its callers say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from locum.store import rows, survey
from locum.store.backup import BackupError, write_new
from locum.store.errors import StoreError
from locum.store.selects import Selects
from locum.store.sqlite import open_reader

FILE = "tombstones.json"
FORMAT = 1
REMOVED, OFF = "removed", "off"
_LINES = 1000


class Tombstones(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """How each thing ended, by kind and id: `removed` or `off`. `through` is the time of the last change of which is
    known whether it ended something; None when nothing is known."""

    format: int = FORMAT
    through: datetime | None = None
    ended: dict[str, dict[str, str]] = {}

    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.ended.values()))

    def of(self, kind: str) -> Mapping[str, str]:
        """Those of one kind, by id."""
        return self.ended.get(kind, {})


#: (verb, document after) of a change -> REMOVED, OFF, or None for what lives
Ending = Callable[[str, Mapping[str, object] | None], str | None]


def gather(store: Path, endings: Mapping[str, Ending], known: Tombstones | None = None) -> Tombstones:
    """What was ended in a store, by its log, and what was known before. `endings` has the kinds that count."""
    known = known or Tombstones()
    ended = {kind: dict(known.of(kind)) for kind in {*known.ended, *endings}}
    if not store.exists():
        raise StoreError(f"there is no store at `{store}`")
    with closing(open_reader(store)) as connection:
        connection.execute("BEGIN")
        selects, after = Selects(connection), 0
        while lines := selects.every_change(after=after, limit=_LINES):
            for _, verb, kind, _, key, _, later in lines:
                if kind in endings and verb in ("add", "put", "remove"):
                    _take(ended[kind], key, endings[kind](verb, rows.mapping(later)))
            after = lines[-1][0]
    changed = survey.survey(store).changed
    through = max((moment for moment in (known.through, changed) if moment is not None), default=None)
    return Tombstones(through=through, ended={kind: found for kind, found in sorted(ended.items()) if found})


def _take(ended: dict[str, str], id: str, how: str | None) -> None:
    """What is removed stays so: an id is never used again."""
    if ended.get(id) == REMOVED:
        return
    if how is None:
        ended.pop(id, None)
    else:
        ended[id] = how


def read(path: Path) -> Tombstones:
    """The tombstones in a file. Raises BackupError when it is not there or does not read."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Tombstones)
    except FileNotFoundError as error:
        raise BackupError(f"there are no tombstones at `{path}`") from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupError(f"the tombstones in `{path}` do not read: {error}") from error
    if found.format != FORMAT or any(how not in (REMOVED, OFF) for ids in found.ended.values() for how in ids.values()):
        raise BackupError(f"the tombstones in `{path}` are not of the form that this Locum reads")
    return found


def update(path: Path, store: Path, endings: Mapping[str, Ending]) -> Tombstones:
    """Adds what was ended in a store to a file of tombstones, which is made when it is not there."""
    found = gather(store, endings, read(path) if path.exists() else None)
    write_new(path, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return found
