"""`locum serve`: the product.

Law: refuses to start rather than to serve unsafely: exit status 78 with the reason.
"""

from __future__ import annotations

from pathlib import Path

import click

UNSAFE = 78  # EX_CONFIG


@click.command("serve")
@click.option("--data-dir", envvar="LOCUM_DATA_DIR", default="locum-data", show_default=True, help="where all is kept")
@click.option("--host", envvar="LOCUM_HOST", default="127.0.0.1", show_default=True, help="a loopback address")
@click.option("--port", envvar="LOCUM_PORT", default=5628, show_default=True, type=click.IntRange(0, 65535))
@click.option("--account-id", default=None, help="the first account of a new data directory [default: drawn]")
@click.option("--region", envvar="LOCUM_REGION", default="us-east-1", show_default=True, help="where the server stands")
def command(data_dir: str, host: str, port: int, account_id: str | None, region: str) -> None:
    """Serve IAM and STS from a data directory: durable, sealed, refusing by default."""
    from locum.server import production  # the server's imports are not needed for --help
    from locum.store.errors import StoreError

    try:
        settings = production.Settings.of(
            directory=Path(data_dir), host=host, port=port, account=account_id, region=region
        )
        production.run(settings, announce=click.echo)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except (production.Refused, StoreError) as error:
        click.echo(f"locum serve does not start: {error}", err=True)
        raise SystemExit(UNSAFE) from error
