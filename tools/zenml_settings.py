"""python -m tools.zenml_settings export|delete|local-stack: what a remote stack needs to know of us."""

import click
from pydantic import SecretStr

from llm_engineering.domain.errors import BadInput, StoreError
from llm_engineering.settings import Settings, load_settings
from tools import console
from tools.pipeline_runs import SETTINGS_SECRET, zenml_session


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def settings() -> None:
    """Hand the settings to ZenML, take them back, or go back to the local stack."""


@settings.command()
def export() -> None:
    """Store the settings as the ZenML secret "settings", which steps of a remote stack get as environment."""
    zenml_session()
    from zenml.client import Client
    from zenml.exceptions import EntityExistsError

    values = plain_values(load_settings())
    client = Client()
    try:
        client.create_secret(SETTINGS_SECRET, values=values)
    except EntityExistsError:
        known = client.get_secret(SETTINGS_SECRET).secret_values
        client.update_secret(
            SETTINGS_SECRET, add_or_update_values=values, remove_values=sorted(known.keys() - values.keys())
        )
    except NotImplementedError as error:
        raise StoreError(f"The active ZenML server keeps no secrets: {error}") from None
    click.echo(f'Stored {len(values)} settings as the ZenML secret "{SETTINGS_SECRET}": {", ".join(sorted(values))}.')


@settings.command()
def delete() -> None:
    """Delete the ZenML secret "settings"."""
    zenml_session()
    from zenml.client import Client

    try:
        Client().delete_secret(SETTINGS_SECRET)
    except KeyError:
        click.echo(f'There is no ZenML secret "{SETTINGS_SECRET}"; nothing to delete.')
        return
    click.echo(f'Deleted the ZenML secret "{SETTINGS_SECRET}".')


@settings.command("local-stack")
def local_stack() -> None:
    """Make ZenML's local stack, "default", the active one."""
    zenml_session()
    from zenml.client import Client

    try:
        Client().activate_stack("default")
    except KeyError:
        raise BadInput("ZenML has no stack named default; list the stacks with: zenml stack list.") from None
    click.echo("The active ZenML stack is default: steps run on this machine.")


def plain_values(settings: Settings) -> dict[str, str]:
    """Name → value of each setting that was set; what is not set is left out, never the text "None"."""
    values = {}
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        if value is None or value == "":
            continue
        values[name] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return values


if __name__ == "__main__":
    console.main(settings)
