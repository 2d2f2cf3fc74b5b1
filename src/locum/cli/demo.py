"""`locum demo`: the guide's story, live, on a throwaway server.

Law: exit status 0 only if every step ended as the guide says. Colour on a terminal, plain text in a pipe.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import click

NEXT = (
    ('{locum} dev & sleep 1; eval "$({locum} env)"; aws iam create-user --user-name me', "your own AWS CLI, served"),
    ("{locum} test --sample", "policy unit tests: write down what must be allowed and what must not"),
    ("{locum} explain --sample", "why a call is allowed or denied, and the smallest change"),
)


@click.command("demo")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> None:
    """Tell the guide's story with signed calls of a real client: denied with the reason, assumed, allowed, expired."""
    from rich.console import Console

    from locum.cli import telling

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty(), quiet=form == "json")
    told = telling.tell(console)
    good = all(step["good"] for step in told)
    if form == "json":
        click.echo(json.dumps({"steps": told, "good": good}, indent=1))
    else:
        console.print()
        colour, word = ("green", "as the guide says") if good else ("red", "NOT as the guide says")
        count = sum(bool(step["good"]) for step in told)
        console.print(f"[bold {colour}]{count} of {len(told)} steps ended {word}[/]")
        console.print("\n[bold]Try next[/]")
        for line, what in NEXT:
            console.print(f"  [cyan]{line.format(locum=_as_called())}[/]\n      {what}")
    raise SystemExit(0 if good else 1)


def _as_called() -> str:
    """How this command can be called again from here: by its name if that is found, else by its path."""
    if shutil.which("locum"):
        return "locum"
    beside = Path(sys.executable).parent / "locum"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)
