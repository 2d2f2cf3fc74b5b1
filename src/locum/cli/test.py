"""`locum test`: policy unit tests.

Law: reads suites, asks the engine, prints; decides nothing. Exit status: 0 all passed, 1 some failed, 2 unusable input:
a file that is no suite, or a scenario that cannot be read. Format of the suites and of the answer:
docs/reference/policy-tests.md. Heavy imports wait until the command runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from locum.policy.cases import Result

SUFFIXES = (".json", ".yaml", ".yml")
SAMPLE = Path(__file__).parent / "samples" / "policy-tests.yaml"
STDIN = "-"


@click.command("test", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, metavar="FILE…|-")
@click.option("--format", "style", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True)
@click.option("--sample", is_flag=True, help="Run the suite that comes with Locum.")
@click.option("--coverage", is_flag=True, help="Name the statements that decided no scenario.")
@click.option("--watch", is_flag=True, help="Run again whenever a file changes, until Ctrl-C.")
@click.option("--verbose", "-v", is_flag=True, help="Name the scenarios that passed, too.")
def command(files: tuple[str, ...], style: str, sample: bool, coverage: bool, watch: bool, verbose: bool) -> None:
    """Run policy unit tests: suites in JSON or YAML, directories of them, or `-` for one JSON document on stdin."""
    names = (str(SAMPLE), *files) if sample else files
    if not names:
        raise click.UsageError("no suite; FILE, a directory, `-` or --sample would be right")
    if watch:
        if STDIN in names:
            raise click.UsageError("--watch with `-`; files would be right")
        _watch(names, lambda: _once(names, style, coverage=coverage, verbose=verbose))
    sys.exit(_once(names, style, coverage=coverage, verbose=verbose))


def _once(names: tuple[str, ...], style: str, *, coverage: bool, verbose: bool) -> int:
    from locum.cli import report

    results: list[Result] = []
    unusable: list[str] = []
    for name in names:
        for path in _found(name):
            _read(path, results, unusable)
    report.PRINTERS[style](results, coverage=coverage, verbose=verbose)
    if not results and not unusable:
        unusable.append("no scenario; at least one would be right")
    for line in unusable:
        click.echo(line, err=True)
    if unusable:
        return 2
    return 0 if all(result.passed for result in results) else 1


def _found(name: str) -> Iterable[str]:
    """The suites that a name stands for: itself, or every suite below a directory."""
    if name == STDIN or not Path(name).is_dir():
        return (name,)
    return sorted(str(path) for path in Path(name).rglob("*") if path.suffix in SUFFIXES and path.is_file())


def _read(path: str, results: list[Result], unusable: list[str]) -> None:
    from locum.policy.casefile import read_json, read_yaml
    from locum.policy.cases import run
    from locum.policy.shorthand import CaseError

    try:
        text = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
        suite = (read_yaml if path.endswith(SUFFIXES[1:]) else read_json)(text)
        for result in run(suite):
            results.append(result)
            if result.error:
                unusable.append(f"{path}: {result.id}: {result.error}")
            for warning in result.warnings:
                click.echo(f"{path}: {result.id}: warning: {warning}", err=True)
    except OSError as error:
        unusable.append(f"{path}: {error.strerror or error}")
    except CaseError as error:
        unusable.append(f"{path}: {error}")


def _watch(names: tuple[str, ...], run: Callable[[], int]) -> None:
    """Run, then again at every change of a file; ends with Ctrl-C and the status of the last run."""
    import time

    status, before = 2, None
    try:
        while True:
            now = _stamps(names)
            if now != before:
                before = now
                click.clear()
                status = run()
                click.echo("watching; Ctrl-C ends it", err=True)
            time.sleep(0.3)
    except KeyboardInterrupt:
        sys.exit(status)


def _stamps(names: tuple[str, ...]) -> dict[str, int]:
    """When each suite was last written, in nanoseconds; a file that is gone counts as 0."""
    paths = [path for name in names for path in _found(name)]
    return {path: Path(path).stat().st_mtime_ns if Path(path).exists() else 0 for path in paths}
