"""python -m tools.sample_site: serve the sample site until Ctrl-C."""

import threading

import click

from llm_engineering.domain.errors import TwinError
from tools.sample_site.content import SAMPLE_SITE_DIR
from tools.sample_site.server import DEFAULT_PORT, served


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes any free one.",
)
def main(port: int) -> None:
    """Serve the sample site, two authors' blogs with trouble on purpose, until Ctrl-C."""
    try:
        with served(SAMPLE_SITE_DIR, port=port) as address:
            click.echo(f"The sample site is at {address}/ (Ctrl-C stops it).")
            threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("\nStopped.")
    except TwinError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
