"""python -m tools.api_key: make a key for the service."""

import click

from llm_engineering.application.api_keys import new_key
from tools import console


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def api_key() -> None:
    """Make a random API key, and print it with the hash that the service is to know.

    Nothing is stored: the key is shown once, and API_KEYS gets its hash.
    """
    key, hashed = new_key()
    click.echo(f"Key, for whoever asks (shown once):  {key}")
    click.echo(f"Hash, for API_KEYS in .env:          {hashed}")
    click.echo("Several hashes are separated by commas. A request sends its key as Authorization: Bearer KEY.")


if __name__ == "__main__":
    console.main(api_key)
