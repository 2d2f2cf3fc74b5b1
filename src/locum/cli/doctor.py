"""`locum doctor`: what is wrong with a data directory, or soon will be.

Law: repairs nothing. Exit status 1 when there is a finding.
"""

from __future__ import annotations

import json
import os

import click

from locum.cli.account import FORM
from locum.cli.chosen import EVERY, settings
from locum.server.settings import Settings

MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "finding": ("FIND", "red")}


@click.command("doctor")
@settings(*EVERY)
@FORM
def command(chosen: Settings, form: str) -> None:
    """Check key files, seals, clock, store, certificate and data editions, with the settings a server would have."""
    from locum.server import doctor

    seen = doctor.examine(chosen, os.environ)
    findings = sum(one.level == "finding" for one in seen)
    if form == "json":
        shown = [{"check": one.check, "level": one.level, "message": one.message} for one in seen]
        click.echo(json.dumps({"findings": findings, "checks": shown}, indent=1))
    else:
        for one in seen:
            mark, colour = MARKS[one.level]
            click.echo(f"{click.style(mark, fg=colour)}  {one.check}: {one.message}")
        click.echo(f"{findings} finding{'' if findings == 1 else 's'} in `{chosen.data_dir}`")
    raise SystemExit(1 if findings else 0)
