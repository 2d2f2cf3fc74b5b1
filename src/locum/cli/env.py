"""`locum env`: lines that point an unmodified AWS client at a Locum.

Law: prints, changes nothing. A user's or a role's environment, never root's unless it is asked for by name
(decisions 26).
"""

from __future__ import annotations

import json

import click

# The key of user/admin that `locum dev` starts with (decisions 23).
DEV_KEY = "test:test"


@click.command("env")
@click.argument("name", required=False)
@click.option("--endpoint", default="http://127.0.0.1:5628", show_default=True, help="the server's address")
@click.option("--region", default="us-east-1", show_default=True, help="the region clients sign with")
@click.option(
    "--key", default=None, metavar="ID:SECRET[:TOKEN]", help=f"the credentials to use [default: dev's {DEV_KEY}]"
)
@click.option("--profile", default=None, metavar="PROFILE", help="print an AWS profile of that name instead")
@click.option("--format", "form", type=click.Choice(["shell", "json"]), default="shell", show_default=True)
def command(name: str | None, endpoint: str, region: str, key: str | None, profile: str | None, form: str) -> None:
    """Print shell lines for an unmodified client: eval "$(locum env)".

    NAME is a user of the dev server's account whose key was given with --key; `admin` is the one that `locum dev`
    starts with.
    """
    if key is None and name not in (None, "admin"):
        raise click.UsageError(f"the secret of `{name}` is not known here; give it with --key ID:SECRET")
    parts = (key or DEV_KEY).split(":", 2)
    if len(parts) < 2 or not all(parts):
        raise click.UsageError("--key takes ID:SECRET, or ID:SECRET:TOKEN for temporary credentials")
    if profile:
        click.echo(_profile(profile, endpoint, region, parts), nl=False)
        return
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": parts[0],
        "AWS_SECRET_ACCESS_KEY": parts[1],
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    if len(parts) == 3:
        variables["AWS_SESSION_TOKEN"] = parts[2]
    if form == "json":
        click.echo(json.dumps(variables, indent=1))
        return
    if len(parts) == 2:
        click.echo("unset AWS_SESSION_TOKEN AWS_PROFILE")
    for variable, value in variables.items():
        click.echo(f"export {variable}={_quoted(value)}")


def _quoted(value: str) -> str:
    """The value in single quotes, as a POSIX shell reads it back."""
    return "'" + value.replace("'", "'\\''") + "'"


def _profile(profile: str, endpoint: str, region: str, parts: list[str]) -> str:
    """An AWS profile for ~/.aws/config."""
    lines = [
        "[default]" if profile == "default" else f"[profile {profile}]",
        f"endpoint_url = {endpoint}",
        f"region = {region}",
        f"aws_access_key_id = {parts[0]}",
        f"aws_secret_access_key = {parts[1]}",
    ]
    if len(parts) == 3:
        lines.append(f"aws_session_token = {parts[2]}")
    return "\n".join(lines) + "\n"
