"""`locum backup`: copies of a data directory's store, and the way back from one.

Law: a backup is made beside running servers and never holds the master key; it is brought back into an empty directory
only, and there revives nothing that the tombstones know to be ended (rules K12 and K13). What cannot be done safely
ends the command with status 78 and the reason.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from locum import __version__
from locum.cli import directory
from locum.cli.account import FORM
from locum.cli.chosen import DIRECTORY, settings
from locum.server.settings import Settings

if TYPE_CHECKING:
    from locum.store.backup import Manifest
    from locum.store.tombstones import Tombstones

FOLDER = click.Path(path_type=Path, file_okay=False)
A_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("backup")
def command() -> None:
    """Copy the store of a data directory, check a copy, and bring one back."""


@command.command("make")
@settings("data-dir", "config")
@click.argument("folder", type=FOLDER)
@click.option("--tombstones", "file", type=A_FILE, default=None, help="the file of what was ended; beside FOLDER")
@click.option("--with-audit", is_flag=True, help="copy the audit trail as well")
@FORM
def make(chosen: Settings, folder: Path, file: Path | None, with_audit: bool, form: str) -> None:
    """Copy the store into a new folder, and with --with-audit the audit trail.

    Beside FOLDER it is noted what was ended for good until now. Works beside running servers. The master key is not
    copied: keep it elsewhere, a backup is worthless without it.
    """
    from locum.audit.files import chains
    from locum.server.production import AUDIT
    from locum.server.restored import ENDINGS
    from locum.store import backup, tombstones
    from locum.store.errors import StoreError

    store = directory.store_file(chosen)
    beside = file or _beside(folder)

    def carried() -> list[Path]:
        return [path for one in chains(chosen.data_dir / AUDIT) for path in one.paths] if with_audit else []

    try:
        manifest = backup.make(store, folder, now=directory.now(), locum=__version__, carried=carried)
        dead = tombstones.update(beside, store, ENDINGS)
    except (StoreError, OSError) as error:
        directory.refuse(error)
    if form == "json":
        click.echo(json.dumps(_shown(manifest) | {"Tombstones": str(beside), "Ended": dead.count()}))
        return
    click.echo(f"{_told(manifest)}\nwhat was ended until now is in {beside}: {dead.count()} ids")
    click.echo(f"not in it: the master key `{', '.join(manifest.master_keys)}`; keep it somewhere else")


@command.command("tombstones")
@settings("data-dir", "config")
@click.argument("file", type=A_FILE)
def write_tombstones(chosen: Settings, file: Path) -> None:
    """Note what was ended until now, without a backup.

    FILE learns which users, roles and access keys were deleted, and which keys are inactive. Run it often: what is
    ended after it was last run is what an older backup could bring back.
    """
    from locum.server.restored import ENDINGS
    from locum.store import tombstones
    from locum.store.errors import StoreError

    try:
        dead = tombstones.update(file, directory.store_file(chosen), ENDINGS)
    except (StoreError, OSError) as error:
        directory.refuse(error)
    click.echo(f"{file}: {dead.count()} ids, known until {_moment(dead.through)}")


@command.command("verify")
@click.argument("folder", type=FOLDER)
@FORM
def verify(folder: Path, form: str) -> None:
    """Check that a backup is whole.

    Its hashes, SQLite's own check, and what the manifest says must all be right. Status 1 when it is not. Needs no
    master key, and so opens nothing that is sealed.
    """
    from locum.store import backup
    from locum.store.errors import StoreError

    try:
        manifest = backup.verify(folder)
    except StoreError as error:
        click.echo(f"locum: {error}", err=True)
        raise SystemExit(1) from error
    click.echo(json.dumps(_shown(manifest)) if form == "json" else f"{_told(manifest)}\nit is whole")


@command.command("restore")
@settings(*DIRECTORY)
@click.argument("folder", type=FOLDER)
@click.option("--tombstones", "file", type=A_FILE, default=None, help="the file of what was ended; beside FOLDER")
@click.option("--old-data-dir", type=FOLDER, default=None, help="a data directory that tells, too, what was ended")
@click.option("--without-tombstones", is_flag=True, help="bring back even what was deleted after the backup")
@FORM
def restore(
    chosen: Settings,
    folder: Path,
    file: Path | None,
    old_data_dir: Path | None,
    without_tombstones: bool,
    form: str,
) -> None:
    """Bring a backup into an empty data directory.

    The master key of the backup must be there before, in its file or in the environment. No session from before
    survives. Users, roles and keys that were ended after the backup stay ended, as far as the tombstones tell.
    """
    from locum.server import production, restored
    from locum.server.house import SystemMint
    from locum.store import filesystem, masterkey, tombstones
    from locum.store.errors import StoreError

    if without_tombstones and (file is not None or old_data_dir is not None):
        raise click.UsageError("--without-tombstones does not go with a place that tells of them")
    os.umask(0o077)
    beside = file or _beside(folder)
    try:
        filesystem.require_local(chosen.data_dir)
        key = masterkey.read_environment(os.environ) or masterkey.read_file(production.master_key_file(chosen))
        dead = tombstones.Tombstones() if without_tombstones else _dead(beside, file is not None, old_data_dir)
        done = restored.restore(folder, chosen.data_dir, key, dead, mint=SystemMint(), now=directory.now())
    except (StoreError, OSError) as error:
        directory.refuse(error)
    if form == "json":
        known = {"EndedKnownUntil": None if dead.through is None else dead.through.isoformat()}
        counts = {"Removed": done.removed, "TurnedOff": done.off, "SessionsEnded": done.ended}
        click.echo(json.dumps(_shown(done.manifest) | counts | known))
        return
    click.echo(f"{_told(done.manifest)}\nbrought back into {chosen.data_dir}; every session from before is over")
    click.echo(f"{done.removed} users, roles and keys that were deleted since stay deleted, {done.off} keys stay off")
    click.echo(f"what was ended is known until {_moment(dead.through)}; later deletions are undone: look for them")


def _dead(beside: Path, named: bool, old: Path | None) -> Tombstones:
    """What must not come back. Raises StoreError when nothing tells of it."""
    from locum.server.restored import ENDINGS
    from locum.store import tombstones
    from locum.store.backup import BackupError

    known = tombstones.read(beside) if named or beside.exists() else None
    if old is not None:
        return tombstones.gather(old / directory.STORE, ENDINGS, known)
    if known is None:
        raise BackupError(
            f"there are no tombstones at `{beside}`, so what was deleted after the backup would come back; name them "
            "with --tombstones, or the old data directory with --old-data-dir, or accept that with --without-tombstones"
        )
    return known


def _beside(folder: Path) -> Path:
    from locum.store.tombstones import FILE

    return folder.absolute().parent / FILE


def _moment(moment: datetime | None) -> str:
    return "no moment at all" if moment is None else moment.isoformat(timespec="seconds")


def _told(manifest: Manifest) -> str:
    size = sum(kept.size for kept in manifest.files.values())
    trail = len(manifest.files) - 1
    return (
        f"backup of {_moment(manifest.made)}: {len(manifest.accounts)} accounts at generation {manifest.generation}, "
        f"last changed {_moment(manifest.changed)}, {size} octets"
        + (f", with {trail} files of the audit trail" if trail else ", without the audit trail")
    )


def _shown(manifest: Manifest) -> dict[str, object]:
    import msgspec

    shown: dict[str, object] = msgspec.to_builtins(manifest)
    return shown
