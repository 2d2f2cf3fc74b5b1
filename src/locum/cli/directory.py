"""The data directory that a command works on, beside a running server or without one.

Law: never makes a directory, a store or a master key: only `locum serve` does. What cannot be opened ends the command
with status 78 and the reason, as a start would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from locum.server.settings import Settings

if TYPE_CHECKING:
    from locum.store.engine import SqlStore

UNSAFE = 78  # EX_CONFIG
STORE = "locum.db"


def refuse(reason: object) -> NoReturn:
    """Ends the command as an unsafe start does."""
    click.echo(f"locum: {reason}", err=True)
    raise SystemExit(UNSAFE)


def store_file(chosen: Settings) -> Path:
    """The store's file. Ends the command when there is none."""
    path = chosen.data_dir / STORE
    if not path.exists():
        refuse(f"there is no store in `{chosen.data_dir}`; `locum serve` makes one")
    return path


@contextmanager
def opened(chosen: Settings) -> Iterator[SqlStore]:
    """The store of the directory. Ends the command when it is sealed, unsafe or another mode's."""
    from locum.server import production, safe  # the server's imports are not needed for --help
    from locum.store.errors import StoreError

    store_file(chosen)
    os.umask(0o077)
    try:
        safe.require_safe(chosen)
        store = production.open_directory(chosen, production.master_key(chosen, os.environ))
    except (safe.UnsafeError, StoreError) as error:
        refuse(error)
    try:
        yield store
    except StoreError as error:
        refuse(error)
    finally:
        store.close()


def only_account(chosen: Settings, named: str | None) -> str:
    """The account that was named, or the only one that there is."""
    from locum.aws.arn import account_id
    from locum.store.survey import survey

    if named is not None:
        try:
            account_id(named)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    there = [account for account, _ in survey(store_file(chosen)).accounts if account]
    if named is not None:
        if named not in there:
            raise click.UsageError(f"there is no account `{named}`; there are {', '.join(there)}")
        return named
    if len(there) != 1:
        raise click.UsageError(f"there are {len(there)} accounts; name one of {', '.join(there)} with --account-id")
    return there[0]


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def age(since: datetime) -> str:
    """How long ago that was, for people."""
    passed = now() - since
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min"
    if passed < timedelta(days=2):
        return f"{passed // timedelta(hours=1)} h"
    return f"{passed.days} days"


def table(rows: list[tuple[Any, ...]], head: tuple[str, ...]) -> str:
    """Rows under a head, in columns."""
    texts = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in texts)
    return "\n".join(line.rstrip() for line in lines)
