"""`locum audit`: who did what, and whether the trail that says so is whole.

Law: reads the files of a data directory, beside a running server or without one, and writes nothing there. `log` needs
no key; `verify` opens the store for the verifying key and the heads. What a client once sent is shown without control
characters.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from locum.cli.chosen import DIRECTORY, settings
from locum.server.settings import Settings

if TYPE_CHECKING:
    from locum.audit.files import ChainFiles
    from locum.audit.record import Record
    from locum.audit.verify import Checked

UNSAFE = 78  # EX_CONFIG
AUDIT = "audit"
FOLLOW_SECONDS = 0.5
#: from how many octets on a progress bar is shown
LONG = 32 << 20

_AGO = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def instant(text: str, now: datetime) -> datetime:
    """A moment: RFC 3339 (UTC unless it says otherwise), or how long ago: `30m`, `2h`, `7d`. Raises ValueError."""
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is no time; write 2026-11-23T19:00:00Z, or 30m, 2h, 7d for so long ago") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class Instant(click.ParamType[datetime]):
    """A moment on the command line."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return instant(value, datetime.now(UTC))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group("audit")
def command() -> None:
    """Read the audit trail of a data directory, and verify it."""


@command.command("log")
@settings(*DIRECTORY)
@click.option("--user", metavar="WHO", help="by an ARN, a name, a role, a session, an access key id or an account")
@click.option("--operation", metavar="PATTERN", help="such as iam:CreateUser or 'iam:Create*'")
@click.option("--outcome", metavar="HOW", help="allowed, refused, denied, explicitDeny, implicitDeny or an error code")
@click.option("--since", type=Instant(), help="from then on: 2026-11-23T19:00:00Z, or 30m, 2h, 7d ago")
@click.option("--until", type=Instant(), help="before then, written in the same way")
@click.option("--follow", is_flag=True, help="go on with what is recorded from now on, until interrupted")
@click.option("--format", "form", type=click.Choice(["text", "json", "cloudtrail"]), default="text", show_default=True)
def log(
    chosen: Settings,
    user: str | None,
    operation: str | None,
    outcome: str | None,
    since: datetime | None,
    until: datetime | None,
    follow: bool,
    form: str,
) -> None:
    """Print what was recorded, oldest first: each call, who made it and how it ended."""
    from locum.audit.files import chains
    from locum.audit.reading import Following, Wanted, merged

    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since is not before --until, so that nothing could be between them")
    directory = _directory(chosen)
    wanted = Wanted(user=user, operation=operation, outcome=outcome, since=since, until=until)
    following = Following(directory, wanted) if follow else None
    found = chains(directory)
    with _progress("reading", found) as seen:
        count = _print(merged(found, wanted, seen=seen), form, whole=not follow)
    if not count and following is None and sys.stderr.isatty():
        click.echo("no record is like that", err=True)
    if following is not None:
        _follow(following.take, form)


@command.command("verify")
@settings(*DIRECTORY)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def verify(chosen: Settings, form: str) -> None:
    """Check every chain against its digests and the store, and name the first bad record of each."""
    import json

    checked = tuple(_checked(chosen))
    if form == "json":
        click.echo(json.dumps([_shown(one) for one in checked], indent=1))
    else:
        gone = [one for one in checked if one.finding is None and one.lines == one.pruned > 0]
        for one in checked:
            if one not in gone:
                click.echo(_told(one))
        if gone:
            click.echo(f"{_many(len(gone), 'chain')} that had ended {'was' if len(gone) == 1 else 'were'} pruned")
        click.echo(ending(checked))
    raise SystemExit(1 if any(one.finding is not None for one in checked) else 0)


def _directory(chosen: Settings) -> Path:
    if not chosen.data_dir.is_dir():
        click.echo(f"locum: there is no data directory `{chosen.data_dir}`; `locum serve` makes one", err=True)
        raise SystemExit(UNSAFE)
    return chosen.data_dir / AUDIT


def _checked(chosen: Settings) -> Iterator[Checked]:
    """Every chain that is there, or that the store knows, checked."""
    from locum.audit import digests
    from locum.audit.files import chains
    from locum.audit.verify import check
    from locum.server import production, safe
    from locum.store.errors import StoreError

    directory = _directory(chosen)
    if not (chosen.data_dir / safe.STORE).exists():
        click.echo(f"locum: there is no store in `{chosen.data_dir}`; `locum serve` makes one", err=True)
        raise SystemExit(UNSAFE)
    try:
        store = production.open_directory(chosen, production.master_key(chosen, os.environ))
    except (safe.UnsafeError, StoreError) as error:
        click.echo(f"locum: {error}", err=True)
        raise SystemExit(UNSAFE) from error

    def kept() -> dict[str, digests.Head]:
        return {head.name: head for head in store.read(digests.heads)}

    try:
        signing, heads = store.read(digests.find_key), kept()  # before the files: they only grow
        found = chains(directory)
        if signing is None:
            if found:
                click.echo("locum: the store has no audit key, and there are chains", err=True)
                raise SystemExit(1)
            return
        with _progress("verifying", found) as seen:
            for one in found:
                head = heads.pop(one.chain, None)
                checked = check(_counted(one.lines(), seen), one.chain, signing.public, head)
                if checked.finding is not None and (now := kept().get(one.chain)) is not None and now != head:
                    again = next((each for each in chains(directory) if each.chain == one.chain), None)
                    checked = check(again.lines() if again else (), one.chain, signing.public, now)  # pruned meanwhile
                yield checked
        for chain, head in heads.items():
            yield check((), chain, signing.public, head)
    except StoreError as error:
        click.echo(f"locum: {error}", err=True)
        raise SystemExit(UNSAFE) from error
    finally:
        store.close()


def _told(one: Checked) -> str:
    state = "ended" if one.stopped else "open"
    if one.finding is not None:
        return f"chain {one.chain}: record {one.finding.sequence} is bad: {one.finding.sentence}"
    behind = f", the last {one.unsigned} of them not signed yet" if one.unsigned else ""
    pruned = f", {one.pruned} lines until {_second(one.through)} were pruned" if one.through is not None else ""
    lines = f"{_many(one.lines - one.pruned, 'line')}, {_many(one.digests, 'digest')}"
    return f"chain {one.chain}: {lines}{behind}, {state}{pruned}"


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def ending(checked: Sequence[Checked]) -> str:
    """The last sentence about all chains: plainly `whole` only when every one was closed and is signed to its end."""
    bad = sum(one.finding is not None for one in checked)
    unsigned = sum(one.unsigned for one in checked)
    running = sum(not one.stopped for one in checked)
    through = [one.through for one in checked if one.through is not None]
    whole = f"whole since {_second(max(through))}" if through else "whole"
    if bad:
        said = f"{bad} of {len(checked)} chains are not as they were written"
    elif unsigned or running:
        lines = "1 line is" if unsigned == 1 else f"{unsigned} lines are"
        chains = "1 chain is" if running == 1 else f"{running} chains are"
        said = f"the audit trail is {whole} as far as it is signed; {lines} not signed yet, {chains} open"
    else:
        said = f"the audit trail is {whole}"
    there = [one for one in checked if one.lines > one.pruned or one.finding is not None]
    return f"{said}: {_many(sum(one.lines - one.pruned for one in checked), 'line')} in {_many(len(there), 'chain')}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _shown(one: Checked) -> Mapping[str, Any]:
    finding = one.finding
    return {
        "Chain": one.chain,
        "Lines": one.lines - one.pruned,
        "Pruned": one.pruned,
        "PrunedUntil": None if one.through is None else _second(one.through),
        "Digests": one.digests,
        "Unsigned": one.unsigned,
        "Stopped": one.stopped,
        "FirstBad": None if finding is None else {"Record": finding.sequence, "Reason": finding.sentence},
    }


def _print(records: Iterable[Record], form: str, *, whole: bool) -> int:
    """Prints them; how many there were."""
    import msgspec

    from locum.audit.cloudtrail import event

    def encoded(value: object) -> str:
        return msgspec.json.encode(value).decode()

    if form == "cloudtrail" and whole:
        click.echo('{"Records":[', nl=False)
        count = 0
        for count, record in enumerate(records, 1):
            click.echo(("," if count > 1 else "") + "\n" + encoded(event(record)), nl=False)
        click.echo("\n]}")
        return count
    count = 0
    for record in records:
        count += 1
        click.echo({"json": encoded, "text": line}[form](record) if form != "cloudtrail" else encoded(event(record)))
    return count


def _follow(take: Callable[[], Iterable[Record]], form: str) -> None:
    try:
        while True:
            _print(take(), form, whole=False)
            sys.stdout.flush()
            time.sleep(FOLLOW_SECONDS)
    except KeyboardInterrupt:
        return


def line(record: Record) -> str:
    """A record for people, on one line, or on two when it is a denial with its reasons."""
    import msgspec

    who = record.caller or (f"(claimed) {record.access_key_id}" if record.access_key_id else "(nobody)")
    inputs = " ".join(
        f"{name}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in record.inputs.items()
    )
    words = [
        f"{record.at:%Y-%m-%dT%H:%M:%SZ}",
        f"{record.outcome:<13}",
        record.operation or "(no operation)",
        who,
        record.source_ip,
        inputs if len(inputs) <= 200 else f"{inputs[:200]}…",
    ]
    text = "  ".join(word for word in words if word)
    reasons = "; ".join([*record.statements, record.reason]).strip("; ")
    if record.outcome in ("explicitDeny", "implicitDeny"):
        text += "\n    " + _printable(reasons or f"no Allow in {', '.join(record.layers) or 'any policy'}")
        return "\n".join(_printable(part) for part in text.split("\n", 1))
    return _printable(text)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _counted(lines: Iterator[bytes], seen: Callable[[int], object]) -> Iterator[bytes]:
    for one in lines:
        seen(len(one) + 1)
        yield one


@contextmanager
def _progress(doing: str, found: tuple[ChainFiles, ...]) -> Iterator[Callable[[int], object]]:
    """Shows how far the reading of these files has come, on a terminal and where it takes long."""
    total = sum(one.octets for one in found)
    if total < LONG or not sys.stderr.isatty():
        yield lambda octets: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=total)
        gathered = 0

        def seen(octets: int) -> None:
            nonlocal gathered
            gathered += octets
            if gathered >= 1 << 20:
                progress.advance(task, gathered)
                gathered = 0

        yield seen
