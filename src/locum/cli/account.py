"""`locum account`: more accounts in one data directory, until Organizations makes them (decisions 24).

Law: no secret is printed; a new root key is in a file that only its owner may read.
"""

from __future__ import annotations

import json

import click

from locum.cli import directory
from locum.cli.chosen import DIRECTORY, settings
from locum.server.settings import Settings

FORM = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.group("account")
def command() -> None:
    """Add and list the accounts of a data directory, beside a running server or without one."""


@command.command("add")
@settings(*DIRECTORY)
@click.option("--account-id", "number", default=None, metavar="ID", help="twelve digits; drawn when not given")
@FORM
def add(chosen: Settings, number: str | None, form: str) -> None:
    """Add an account, with a root key in a file of its own."""
    from locum.aws.arn import account_id
    from locum.server import production
    from locum.server.accounts import new_number
    from locum.server.house import SystemMint
    from locum.server.roots import root_key_file

    mint = SystemMint()
    try:
        wanted = account_id(number) if number is not None else new_number(mint)
        with directory.opened(chosen) as store:
            added = production.add_account(store, chosen, wanted, mint, directory.now())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    path = root_key_file(chosen.data_dir, added.account)
    if form == "json":
        click.echo(json.dumps({"AccountId": added.account, "RootKeyFile": str(path)}))
        return
    click.echo(f"added account {added.account}; root's access key is in {path} (0600)")
    click.echo("use it to make a role and a user, then delete it")


@command.command("list")
@settings(*DIRECTORY)
@FORM
def list_accounts(chosen: Settings, form: str) -> None:
    """List the accounts and the generation of each: the position of its last change that can alter a decision."""
    from locum.store.survey import survey

    there = [(account, at) for account, at in survey(directory.store_file(chosen)).accounts if account]
    if form == "json":
        click.echo(json.dumps([{"AccountId": account, "Generation": at} for account, at in there]))
        return
    click.echo(directory.table(there, ("ACCOUNT", "GENERATION")))
