"""Backups: one state of a store in a folder of its own, with a manifest that says what it is (rule K12).

Law: made beside running servers by SQLite's online backup, in one step, so that it is one state of the log. The store's
file is on disk before the manifest is, and a folder without a manifest is no backup. The manifest names the master key
by its fingerprint; the key itself is never in a backup, and nothing sealed is opened here. A hash proves that nothing
was damaged by chance, not that nobody changed file and manifest together. Further files that only grow may be carried
along, in a folder of the backup; what they are is not known here. What restoring must not revive is not decided here
(`locum.server.restored`).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from locum.store import survey
from locum.store.errors import StoreError
from locum.store.sqlite import open_reader

FORMAT = 1
STORE, MANIFEST, CARRIED = "locum.db", "manifest.json", "audit"
_ONE_FILE = "PRAGMA journal_mode = DELETE"
_PIECE = 1 << 20
_CARRIED = re.compile(CARRIED + r"/[A-Za-z0-9][A-Za-z0-9._-]{0,200}", re.ASCII)

Carried = Callable[[], Sequence[Path]]


class BackupError(StoreError):
    """A backup that is not there, not whole, or not of this Locum's form."""


class Kept(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """One file of a backup: its size in octets and the SHA-256 of its content, in hexadecimal digits."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """What a backup is. `generation` is the position of the last change in it, `changed` that change's time;
    `accounts` has the generation of each account; `master_keys` are fingerprints."""

    format: int
    locum: str
    made: datetime
    mode: str
    revision: str
    generation: int
    changed: datetime | None
    accounts: dict[str, int]
    kinds: dict[str, int]
    master_keys: tuple[str, ...]
    files: dict[str, Kept]


# -- making ------------------------------------------------------------------------------------------------------------
def make(store: Path, folder: Path, *, now: datetime, locum: str, carried: Carried = lambda: ()) -> Manifest:
    """Puts the present state of a store into a new folder, and with it the files that are `carried`: they are asked for
    once the store was copied, and copied as far as they are whole lines.

    Raises BackupError when the folder exists and is not empty, StoreError when the store cannot be read or its copy is
    not sound.
    """
    if not store.exists():
        raise StoreError(f"there is no store at `{store}`")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupError(f"`{folder}` holds something already; a backup takes a folder of its own")
    copy = folder / STORE
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(open_reader(store)) as source, closing(sqlite3.connect(copy, isolation_level=None)) as target:
            source.backup(target)
            target.execute(_ONE_FILE).fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"the store `{store}` could not be copied: {error}") from error
    if found := survey.faults(copy):
        raise StoreError(f"the copy of the store is not sound: {found[0]}")
    sync(copy)
    files = {STORE: kept(copy)} | {f"{CARRIED}/{one.name}": _carry(one, folder / CARRIED) for one in carried()}
    manifest = _described(copy, now=now, locum=locum, files=files)
    write_new(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    sync(folder.parent)
    return manifest


def _carry(path: Path, folder: Path) -> Kept:
    """Copies a file that may be growing, up to the end of its last whole line."""
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / path.name
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        source = path.open("rb")
    except FileNotFoundError:
        raise BackupError(f"`{path.name}` was removed while the backup was made; make another") from None
    with source, os.fdopen(descriptor, "r+b") as file:
        shutil.copyfileobj(source, file, _PIECE)
        file.truncate(_whole_lines(file))
        file.flush()
        os.fsync(file.fileno())
    sync(folder)
    return kept(target)


def _whole_lines(file: BinaryIO) -> int:
    """How many octets of a file are whole lines."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - _PIECE)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _described(copy: Path, *, now: datetime, locum: str, files: dict[str, Kept]) -> Manifest:
    found = survey.survey(copy)
    if found.mode is None or found.revision is None:
        raise StoreError("the store has no mark; it was not made completely")
    return Manifest(
        format=FORMAT,
        locum=locum,
        made=now,
        mode=found.mode,
        revision=found.revision,
        generation=found.generation,
        changed=found.changed,
        accounts={account: at for account, at in found.accounts if account},
        kinds=dict(found.kinds),
        master_keys=tuple(sorted({row.master_key for row in found.data_keys})),
        files=files,
    )


def kept(path: Path) -> Kept:
    """Size and hash of a file."""
    hashed, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
            size += len(piece)
    return Kept(size, hashed.hexdigest())


# -- reading -----------------------------------------------------------------------------------------------------------
def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises BackupError when there is none, or one that this Locum does not read."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise BackupError(f"`{folder}` is no backup: it has no `{MANIFEST}`") from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupError(f"the manifest of `{folder}` does not read: {error}") from error
    if manifest.format != FORMAT:
        raise BackupError(f"the backup has format `{manifest.format}`; this Locum reads `{FORMAT}`")
    return manifest


def verify(folder: Path) -> Manifest:
    """The manifest of a backup that is whole: sizes and hashes are right, SQLite finds the store sound, and the
    manifest says of it what is in it. Raises BackupError with the first thing that is not so."""
    manifest = read(folder)
    strange = sorted(name for name in manifest.files if name != STORE and not _CARRIED.fullmatch(name))
    if strange or STORE not in manifest.files:
        named = strange or sorted(manifest.files)
        raise BackupError(f"the manifest names `{', '.join(named)}`; it names `{STORE}` in a backup, and `{CARRIED}/…`")
    for name, known in manifest.files.items():
        try:
            found = kept(folder / name)
        except OSError as error:
            raise BackupError(f"`{name}` of the backup cannot be read: {error.strerror}") from error
        if found != known:
            raise BackupError(
                f"`{name}` of the backup has {found.size} octets and SHA-256 `{found.sha256}`, and had {known.size} "
                f"and `{known.sha256}` when it was made"
            )
    try:
        if faults := survey.faults(folder / STORE):
            raise BackupError(f"the store in the backup is not sound: {faults[0]}")
        described = _described(folder / STORE, now=manifest.made, locum=manifest.locum, files=manifest.files)
    except msgspec.MsgspecError as error:
        raise BackupError(f"the store in the backup does not read: {error}") from error
    if described != manifest:
        fields = [name for name in Manifest.__struct_fields__ if getattr(described, name) != getattr(manifest, name)]
        raise BackupError(f"the manifest says something else than the store beside it about `{', '.join(fields)}`")
    return manifest


def copy_out(folder: Path, target: Path, *, name: str = STORE) -> None:
    """Copies a file of a backup to one that is not there yet, durably, for this user alone."""
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with (folder / name).open("rb") as source, os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(source, file, _PIECE)
        file.flush()
        os.fsync(file.fileno())
    sync(target.parent)


# -- files -------------------------------------------------------------------------------------------------------------
def write_new(path: Path, octets: bytes) -> None:
    """Writes a file so that it is either whole and durable or as it was before, for this user alone."""
    unfinished = path.with_name(f"{path.name}.new")
    descriptor = os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Waits until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
