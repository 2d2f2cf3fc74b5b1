"""The settings as options of a command, from the one table.

Law: writes no option by hand. Precedence and errors are those of `locum.server.settings`; a wrong setting is wrong
usage, exit status 2.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import click

from locum.server.settings import BY_NAME, FLAG, SETTINGS, Setting, Settings, SettingsError, choose

#: what every command that works on a data directory takes
DIRECTORY = ("data-dir", "config", "master-key-file")
EVERY = tuple(setting.name for setting in SETTINGS)

Command = Callable[..., Any]


def settings(*names: str) -> Callable[[Command], Command]:
    """Gives a command these settings as options; it is called with the chosen `Settings` as its first argument."""

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def run(**given: Any) -> Any:
            said = {name: given.pop(BY_NAME[name].field) for name in names}
            return function(_chosen(said), **given)

        command: Command = run
        for name in reversed(names):
            command = _option(BY_NAME[name])(command)
        return command

    return decorate


def _chosen(said: dict[str, Any]) -> Settings:
    texts = {name: ",".join(value) or None if isinstance(value, tuple) else value for name, value in said.items()}
    try:
        return choose(texts, os.environ)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _option(setting: Setting) -> Callable[[Command], Command]:
    default = f"; default: {setting.default}" if setting.default not in (None, "false") else ""
    words: dict[str, Any] = {"help": f"{setting.sentence}  [{setting.variable}{default}]"}
    if setting.form is FLAG:
        return click.option(f"--{setting.name}", setting.field, flag_value="true", default=None, type=str, **words)
    several = setting.form.shown.endswith(",…")
    return click.option(
        f"--{setting.name}",
        setting.field,
        metavar=setting.form.shown.removesuffix(",…"),
        default=None,
        multiple=several,
        **words,
    )
