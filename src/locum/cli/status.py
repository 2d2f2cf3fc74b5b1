"""`locum status`: what a data directory holds, how far it is, and how old its keys are.

Law: reads the store alone, without its master key; asks no server and shows no secret.
"""

from __future__ import annotations

import json
from datetime import datetime

import click

from locum.cli import directory
from locum.cli.account import FORM
from locum.cli.chosen import DIRECTORY, settings
from locum.server.settings import Settings

#: rule R11, for one store on one machine: every process asks the store with every request
BOUND = "0 s: every process asks the store with every request"


@click.command("status")
@settings(*DIRECTORY)
@FORM
def command(chosen: Settings, form: str) -> None:
    """Show the generation, the revocation bound, the accounts and the age of keys of a data directory."""
    from locum.store.errors import StoreError
    from locum.store.survey import survey

    try:
        found = survey(directory.store_file(chosen))
    except StoreError as error:
        directory.refuse(error)
    accounts = [(account, at) for account, at in found.accounts if account]
    ages = [(f"token key {key.number}", key.state, key.since or key.created) for key in found.token_keys]
    ages += [(f"data key {row.id}", row.purpose, datetime.fromisoformat(row.created)) for row in found.data_keys]
    if form == "json":
        answer = {
            "DataDirectory": str(chosen.data_dir),
            "Generation": found.generation,
            "LastChange": found.changed.isoformat() if found.changed else None,
            "RevocationBoundSeconds": 0,
            "Accounts": [{"AccountId": account, "Generation": at} for account, at in accounts],
            "Kinds": dict(found.kinds),
            "Keys": [{"Key": key, "State": state, "Since": since.isoformat()} for key, state, since in ages],
        }
        click.echo(json.dumps(answer, indent=1))
        return
    last = f"last change {directory.age(found.changed)} ago" if found.changed else "nothing was changed yet"
    click.echo(f"data directory    {chosen.data_dir}")
    click.echo(f"generation        {found.generation}, {last}")
    click.echo(f"revocation bound  {BOUND}")
    click.echo(f"holds             {', '.join(f'{count} {kind}' for kind, count in found.kinds)}\n")
    click.echo(directory.table(accounts, ("ACCOUNT", "GENERATION")) + "\n")
    shown = [(key, state, directory.age(since)) for key, state, since in ages if state != "destroyed"]
    click.echo(directory.table(shown, ("KEY", "STATE", "FOR")))
