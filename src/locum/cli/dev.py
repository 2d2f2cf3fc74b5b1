"""`locum dev`: the server for development and CI: in memory, on loopback only, with well-known keys.

Law: never a way into `serve` (rules E1, E5 to E7): its own process, its own store and token keys, loopback addresses
only but for a container that was told otherwise, and every answer says what it is.
"""

from __future__ import annotations

import os

import click


@click.command("dev")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="a loopback address; elsewhere only in a container"
)
@click.option("--port", default=5628, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one")
@click.option("--account-id", default="000000000000", show_default=True, help="the first account, twelve digits")
@click.option("--admin-key", default=None, metavar="ID:SECRET", help="the key of user/admin [default: test:test]")
@click.option("--root-key", default=None, metavar="ID:SECRET", help="root's key; alone, there is no admin user")
@click.option("--region", default="us-east-1", show_default=True, help="the region the server stands in")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="of the first line")
def command(
    host: str,
    port: int,
    account_id: str,
    admin_key: str | None,
    root_key: str | None,
    region: str,
    form: str,
) -> None:
    """Serve IAM and STS for development: throwaway, in memory, on loopback only."""
    from locum.server import development, limits, settings  # the server's imports are not needed for --help

    try:
        chosen = development.Settings.of(
            host=host,
            port=port,
            account=account_id,
            admin_key=admin_key,
            root_key=root_key,
            region=region,
            limits=settings.limits_of(os.environ, limits.DEVELOPING),
            quotas=settings.quotas_of(os.environ),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        development.run(chosen, announce=click.echo, form=form)
    except OSError as error:
        click.echo(
            f"locum dev cannot listen on {host} port {port}: {error.strerror}; --port 0 picks a free one", err=True
        )
        raise SystemExit(1) from error
