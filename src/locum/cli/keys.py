"""`locum keys`: the keys of a data directory: which there are, new ones, and tokens ended before their time.

Law: works on the data directory, beside a running server or without one; running servers follow with their next
request. Prints no key and no token. A rotation that was killed goes on when it is asked for again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from locum.cli import directory
from locum.cli.account import FORM
from locum.cli.chosen import DIRECTORY, settings
from locum.server.settings import Settings


@click.group("keys")
def command() -> None:
    """Show, rotate and revoke the keys of a data directory."""


@command.command("status")
@settings(*DIRECTORY)
@FORM
def status(chosen: Settings, form: str) -> None:
    """Show every key: token keys by state, data keys by what is sealed under each, and the master key's fingerprint."""
    from locum.store.survey import survey

    found = survey(directory.store_file(chosen))
    sealed = dict(found.sealed)
    masters = sorted({row.master_key for row in found.data_keys})
    if form == "json":
        answer = {
            "MasterKeys": masters,
            "DataKeys": [
                {"Id": row.id, "Purpose": row.purpose, "Created": row.created, "Uses": row.uses}
                | {"Rows": sealed.get(row.id, 0), "MasterKey": row.master_key}
                for row in found.data_keys
            ],
            "TokenKeys": [
                {"Number": key.number, "State": key.state, "Since": (key.since or key.created).isoformat()}
                for key in found.token_keys
            ],
        }
        click.echo(json.dumps(answer, indent=1))
        return
    click.echo(f"master key {', '.join(masters)}\n")
    aged = directory.age
    rows = [
        (row.id, row.purpose, aged(datetime.fromisoformat(row.created)), row.uses, sealed.get(row.id, 0))
        for row in found.data_keys
    ]
    click.echo(directory.table(rows, ("DATA KEY", "FOR", "AGE", "USES", "ROWS")) + "\n")
    keys = [(key.number, key.state, aged(key.since or key.created)) for key in found.token_keys]
    click.echo(directory.table(keys, ("TOKEN KEY", "STATE", "FOR")))


@command.command("rotate")
@settings(*DIRECTORY)
@click.argument("which", type=click.Choice(["tokens", "data", "master"]), default="tokens")
@click.option("--new-key-file", default=None, metavar="FILE", help="master: wrap under the key in this file instead")
@FORM
def rotate(chosen: Settings, which: str, new_key_file: str | None, form: str) -> None:
    """Let a new key take over: for session tokens, for sealed data, or the master key.

    tokens: the staged key seals from now on; the one before it opens its tokens until the last has ended. data: every
    sealed value moves to a new data key. master: every data key is wrapped under a new master key.
    """
    if new_key_file is not None and which != "master":
        raise click.UsageError("--new-key-file goes with `master`")
    _say(form, *ROTATIONS[which](chosen, new_key_file))


Said = tuple[str, dict[str, object]]


def _say(form: str, sentence: str, facts: dict[str, object]) -> None:
    """What was done, for people or for machines."""
    click.echo(json.dumps(facts) if form == "json" else sentence)


def _rotate_tokens(chosen: Settings, new_key_file: str | None) -> Said:
    from locum.server import token_rules
    from locum.server.house import SystemMint

    with directory.opened(chosen) as store:
        mint, moment = SystemMint(), directory.now()
        store.write(token_rules.rotate(mint, moment))
        store.write(token_rules.retire(moment))
        primary = next(key for key in store.token_keys() if key.state == "primary")
    said = f"token key {primary.number} seals from now on; the one before it opens its tokens for up to 36 hours"
    return said, {"TokenKey": primary.number}


def _rotate_data(chosen: Settings, new_key_file: str | None) -> Said:
    from locum.server import production
    from locum.store import rotation
    from locum.store.errors import StoreError

    path = directory.store_file(chosen)
    try:
        key = production.master_key(chosen, os.environ)()
        fresh, count = rotation.reseal(path, key, moved=_progress)
    except StoreError as error:
        directory.refuse(error)
    said = f"data key {fresh} seals from now on; {count} values moved to it, the keys before it are gone"
    return said, {"DataKey": fresh, "Moved": count}


def _progress(count: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{count} values", nl=False, err=True)


def _rotate_master(chosen: Settings, new_key_file: str | None) -> Said:
    from locum.server import production
    from locum.store import masterkey, rotation
    from locum.store.errors import StoreError
    from locum.store.secrets import MasterKey

    path = directory.store_file(chosen)
    try:
        if new_key_file is not None:
            new = masterkey.read_file(Path(new_key_file))
            rotation.rewrap(path, production.master_key(chosen, os.environ)(), new)
            fingerprint, place = MasterKey(new).fingerprint, new_key_file
            then = "give servers that one with their next start"
        elif masterkey.VARIABLE in os.environ:
            raise click.UsageError(
                f"the master key is in `{masterkey.VARIABLE}`; write a new one into a file and name it: --new-key-file"
            )
        else:
            file = production.master_key_file(chosen)
            fingerprint, place = rotation.rotate_master_key(path, file), str(file)
            then = "backups need the key of their time"
    except StoreError as error:
        directory.refuse(error)
    said = f"every data key is wrapped under the new master key {fingerprint} in {place}; {then}"
    return said, {"MasterKey": fingerprint, "MasterKeyFile": place}


ROTATIONS: dict[str, Callable[[Settings, str | None], Said]] = {
    "tokens": _rotate_tokens,
    "data": _rotate_data,
    "master": _rotate_master,
}


def _moment(text: str, now: datetime) -> datetime:
    """A moment that has passed. Raises UsageError."""
    from locum.policy.instants import instant

    found = instant(text)
    if found is None:
        raise click.UsageError(f"`{text}` is not a moment such as 2026-01-31T12:00:00Z")
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found // 1000)
    if moment > now:
        raise click.UsageError(f"`{text}` is still to come; tokens that are issued until then would be void at once")
    return moment


@command.command("revoke-tokens")
@settings(*DIRECTORY)
@click.option("--before", default=None, metavar="TIME", help="only tokens issued before this moment (UTC)")
@click.option("--key", "number", default=None, type=click.IntRange(1, 0x7FFF), help="only tokens of this token key")
@FORM
def revoke_tokens(chosen: Settings, before: str | None, number: int | None, form: str) -> None:
    """End session tokens before their time: all of them, those of one key, or those issued before a moment."""
    from locum.server import token_rules
    from locum.server.house import SystemMint

    if before is not None and number is not None:
        raise click.UsageError("--before and --key do not go together; ask twice")
    moment = directory.now()
    step = (
        token_rules.end_before(_moment(before, moment), moment)
        if before is not None
        else token_rules.revoke(SystemMint(), moment, number=number)
    )
    with directory.opened(chosen) as store:
        try:
            store.write(step)
        except token_rules.TokenRulesError as error:
            raise click.UsageError(str(error)) from error
    which = f"issued before {before}" if before else f"of token key {number}" if number else "issued until now"
    _say(form, f"every session token {which} is void", {"Before": before, "TokenKey": number})


@command.command("deny-token")
@settings(*DIRECTORY)
@click.argument("file", type=click.File("r"), default="-")
@FORM
def deny_token(chosen: Settings, file: TextIO, form: str) -> None:
    """End one session token before its time. FILE holds the token; `-`, the default, reads it from stdin."""
    from locum.server import token_rules
    from locum.session.token import salt_of

    salt = salt_of(file.read(8192).strip())
    if salt is None:
        raise click.UsageError("that is no session token of Locum's")
    with directory.opened(chosen) as store:
        new = store.write(token_rules.deny(salt, directory.now()))
    _say(form, "the token is void" if new else "the token was void already", {"Changed": new})


@command.command("end-sessions")
@settings(*DIRECTORY)
@click.option("--account-id", "account", default=None, metavar="ID", help="which account, when there are several")
@click.option("--role", default=None, metavar="NAME", help="end every session of this role")
@click.option("--user", default=None, metavar="NAME", help="end every session of this user")
@FORM
def end_sessions(chosen: Settings, account: str | None, role: str | None, user: str | None, form: str) -> None:
    """End every session of a role or a user. Clients that renew theirs go on; access keys are not touched."""
    from locum.aws.faults import Refusal
    from locum.server import token_rules

    if (role is None) == (user is None):
        raise click.UsageError("name one: --role NAME or --user NAME")
    number = directory.only_account(chosen, account)
    with directory.opened(chosen) as store:
        try:
            store.write(token_rules.end_sessions(number, role=role, user=user, now=directory.now()))
        except Refusal as refusal:
            raise click.UsageError(refusal.message) from refusal
    said = f"every session of {'role' if role else 'user'} {role or user} is over"
    _say(form, said, {"AccountId": number, "Role": role, "User": user})
