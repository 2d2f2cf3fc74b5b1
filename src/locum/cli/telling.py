"""The demo on a terminal: each step as it happens, with the reason of each refusal.

Law: shows what the server answered and, for a denial, what it explains; invents nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from locum.cli.stage import Stage, stage
from locum.cli.story import ACCOUNT, Ended, Step, Story

ADMIN = ("test", "test")


def tell(console: Console) -> list[dict[str, Any]]:
    """Runs the story, prints it, and answers its steps with how each ended."""
    told = []
    console.print("[bold]Locum demo[/]: a throwaway server, a real client, every call signed and authorized\n")
    with ExitStack() as stack:
        with console.status("starting the server"):
            server = stack.enter_context(stage("--account-id", ACCOUNT))
        console.print(f"[dim]the server listens on {server.url}[/]")
        for number, step in enumerate(Story(server, ADMIN).steps(), 1):
            ended = step.run()
            explained = _explained(server, ended)
            good = ended.outcome == step.expects
            _show(console, number, step, ended, explained, good=good)
            told.append(
                {
                    "step": step.says,
                    "command": step.command,
                    "caller": step.who,
                    "expected": step.expects,
                    "outcome": ended.outcome,
                    "answer": ended.shown,
                    "explanation": explained,
                    "good": good,
                }
            )
    return told


def _explained(server: Stage, ended: Ended) -> str:
    """What the server says about a denial."""
    if ended.outcome != "AccessDenied" or not ended.request_id:
        return ""
    return str(server.own(f"denials/{ended.request_id}").get("text", ""))


def _show(console: Console, number: int, step: Step, ended: Ended, explained: str, *, good: bool) -> None:
    console.print(f"\n[bold]{number:2d}  {escape(step.says)}[/]")
    _indented(console, f"[cyan]$ {escape(step.command)}[/]   [dim]({escape(step.who)})[/]", by=4)
    if ended.outcome == "allowed":
        _indented(console, f"[green]✓ allowed[/]  {escape(ended.shown)}", by=4)
    else:
        _indented(console, f"[yellow]✗ {ended.outcome}[/]  {escape(ended.shown)}", by=4)
    for line in explained.splitlines():
        text = line.lstrip()
        _indented(console, f"[dim]{escape(text)}[/]", by=6 + len(line) - len(text))
    if not good:
        _indented(console, f"[bold red]expected {escape(step.expects)}[/]", by=4)


def _indented(console: Console, text: str, *, by: int) -> None:
    """Prints a line that keeps its indent where a terminal wraps it; a pipe gets it whole, for other programs."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, by)))
    else:
        console.print(" " * by + text)
