"""`locum serve`: the product.

Law: refuses to start rather than to serve unsafely: exit status 78 with the reason.
"""

from __future__ import annotations

import click

from locum.cli.chosen import EVERY, settings
from locum.server.settings import Settings

UNSAFE = 78  # EX_CONFIG


@click.command("serve")
@settings(*EVERY)
def command(chosen: Settings) -> None:
    """Serve IAM and STS from a data directory: durable, sealed, refusing by default."""
    from locum.server import production, safe  # the server's imports are not needed for --help
    from locum.store.errors import StoreError

    try:
        status = production.run(chosen, announce=click.echo)
    except (safe.UnsafeError, StoreError) as error:
        click.echo(f"locum serve does not start: {error}", err=True)
        raise SystemExit(UNSAFE) from error
    except OSError as error:
        click.echo(f"locum serve cannot listen on {chosen.host} port {chosen.port}: {error.strerror}", err=True)
        raise SystemExit(1) from error
    raise SystemExit(status)
