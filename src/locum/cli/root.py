"""`locum root`: what only who holds the data directory may do for an account's root.

Law: no secret is printed; the new key is in a file that only its owner may read.
"""

from __future__ import annotations

import json

import click

from locum.cli import directory
from locum.cli.account import FORM
from locum.cli.chosen import DIRECTORY, settings
from locum.server.settings import Settings


@click.group("root")
def command() -> None:
    """Recover an account's root key, on the data directory."""


@command.command("recover")
@settings(*DIRECTORY)
@click.option("--account-id", "number", default=None, metavar="ID", help="which account, when there are several")
@FORM
def recover(chosen: Settings, number: str | None, form: str) -> None:
    """Replace every root key of an account by a new one. The old ones stop working at once."""
    from locum.server import roots
    from locum.server.house import SystemMint

    account = directory.only_account(chosen, number)
    try:
        with directory.opened(chosen) as store:
            path, gone = roots.recover(store, chosen, account, SystemMint(), directory.now())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if form == "json":
        click.echo(json.dumps({"AccountId": account, "RootKeyFile": str(path), "Replaced": list(gone)}))
        return
    click.echo(f"root's new access key of account {account} is in {path} (0600)")
    click.echo(f"replaced: {', '.join(gone) or 'none'}")
