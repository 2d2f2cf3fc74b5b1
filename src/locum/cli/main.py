"""The command `locum`: its sub-commands by name, each imported only when it is called.

Law: no work and no heavy import at start, because `locum --help` and `locum credentials` answer within 150 ms. A
command module exports a click command called `command`. Exit status: 0 good, 1 a finding or a denial, 2 wrong usage.
"""

from __future__ import annotations

import difflib
import importlib
from typing import cast

import click

from locum import __version__

# name -> (module, what it does in one line). The order is the one of the help page.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("locum.cli.demo", "the guide's story on a throwaway server: denied with the reason, assumed, allowed"),
    "serve": ("locum.cli.serve", "serve IAM and STS from a data directory"),
    "dev": ("locum.cli.dev", "the same server, throwaway, on loopback, for development and CI"),
    "account": ("locum.cli.account", "add and list the accounts of a data directory"),
    "root": ("locum.cli.root", "recover an account's root key"),
    "keys": ("locum.cli.keys", "show, rotate and revoke the keys of a data directory"),
    "backup": ("locum.cli.backup", "copy the store of a data directory, check a copy, bring one back"),
    "audit": ("locum.cli.audit", "who did what: read the audit trail, and verify that it is whole"),
    "status": ("locum.cli.status", "what a data directory holds, and how old its keys are"),
    "doctor": ("locum.cli.doctor", "what is wrong with a data directory, or soon will be"),
    "env": ("locum.cli.env", "shell lines that point an unmodified AWS client at a server"),
    "test": ("locum.cli.test", "run policy unit tests"),
    "explain": ("locum.cli.explain", "why a call is allowed or denied, and the smallest change"),
}


class Commands(click.Group):
    """A group that imports a command when it is named, and answers an unknown name with the nearest right one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        return cast(click.Command, module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.4)
            hint = f"; did you mean `{near[0]}`?" if near else f"; one of {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command `{args[0]}`{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="locum")
def main() -> None:
    """Identity and access management that speaks AWS: self-hosted, refusing by default, explained."""
