"""Writes `operations.md`, `commands.md` and `settings.md` below `docs/reference` from the code; `make docs` runs it.

Law: everything on these pages comes from the code. With `--check` it writes nothing and fails where a page is not what
it would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from locum.call import OPERATIONS
from locum.cli import reference
from locum.cli.main import COMMANDS, main
from locum.server import operations, settings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
WIDTH = 100

HEAD = """# Commands

Made from the code by `make docs`: do not edit. Exit status of every command: 0 good, 1 a finding or a denial, 2 wrong
usage; `locum serve` ends with 78 where it would not be safe to start.

"""


def commands() -> str:
    """The page of commands: what `--help` says of each."""
    parts = []
    for name, (_, line) in COMMANDS.items():
        command = main.get_command(click.Context(main), name)
        if command is None:
            raise LookupError(f"the command `{name}` has no module")
        with click.Context(command, info_name=f"locum {name}", terminal_width=WIDTH) as context:
            parts.append(f"## locum {name}\n\n{line[0].upper()}{line[1:]}.\n\n```\n{command.get_help(context)}\n```\n")
    return HEAD + "\n".join(parts)


def pages() -> dict[str, str]:
    """Each page by its file name."""
    assert operations.MODULES  # the import declares what is performed
    return {
        "operations.md": reference.page(OPERATIONS).rstrip("\n") + "\n",
        "commands.md": commands(),
        "settings.md": settings.page(),
    }


def stale() -> list[str]:
    """The pages that are not what the code says."""
    return [name for name, text in pages().items() if (FOLDER / name).read_text(encoding="utf-8") != text]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(
            "".join(f"docs/reference/{name} is not what the code says; run `make docs`\n" for name in stale()) or None
        )
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
