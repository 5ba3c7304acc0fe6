"""python -m tools.dashboard up|down: ZenML's dashboard on this machine, showing the local store's runs."""

import click

from llm_engineering.domain.errors import ServiceError
from tools import console
from tools.pipeline_runs import DASHBOARD_PORT, zenml_session

PORT = click.option(
    "--port", type=click.IntRange(1, 65535), default=DASHBOARD_PORT, show_default=True, help="On 127.0.0.1."
)
SECONDS = 120
"""How long the server may take to come up, on a busy machine."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def dashboard() -> None:
    """Start or stop ZenML's dashboard."""


@dashboard.command()
@PORT
def up(port: int) -> None:
    """Start the dashboard in the background; if it is running already, say where."""
    start(port)


@dashboard.command()
def down() -> None:
    """Stop the dashboard."""
    stop()


def start(port: int) -> None:
    """Start the server on 127.0.0.1 unless it runs there. Raises ServiceError when it does not come up.

    Pipelines go on writing to the same database directly: they need no server, and go on
    working when it is stopped.
    """
    zenml_session()
    from zenml.config.global_config import GlobalConfiguration
    from zenml.enums import ServerProviderType, StoreType
    from zenml.zen_server.deploy.deployer import LocalServerDeployer
    from zenml.zen_server.deploy.deployment import LocalServerDeploymentConfig

    store = GlobalConfiguration().store_configuration
    if store.type == StoreType.REST:
        click.echo(f"ZenML is logged in to a server: its dashboard is at {store.url}.")
        return
    url = f"http://127.0.0.1:{port}"
    if not answers(url):
        if _is_taken(port):
            raise ServiceError(f"Port {port} is taken by another program; stop it, or choose another one with --port.")
        console.say("Starting the dashboard …")
        wanted = LocalServerDeploymentConfig(provider=ServerProviderType.DAEMON, ip_address="127.0.0.1", port=port)
        try:
            LocalServerDeployer().deploy_server(wanted, timeout=SECONDS, restart=True)
        except (RuntimeError, OSError) as error:
            raise ServiceError(f"The dashboard did not start within {SECONDS} seconds: {error}") from error
    _skip_the_survey()
    if not answers(url):
        raise ServiceError(f"The dashboard does not answer at {url}; see its log below ZenML's directory, zen_server.")
    click.echo(f"The dashboard is at {url} (stop it with ./poe zenml-dashboard-down).")


def _skip_the_survey() -> None:
    """Show the runs at once, without asking for a name, an address and consent to mail first."""
    from zenml.client import Client

    client = Client()
    if client.active_user.email_opted_in is None:
        about = {**client.active_user.user_metadata, "finished_onboarding_survey": True}
        client.update_user(client.active_user.id, updated_email_opt_in=False, updated_metadata=about)


def stop() -> None:
    """Stop the server; no error when there is none."""
    zenml_session()
    from zenml.zen_server.deploy.deployer import LocalServerDeployer
    from zenml.zen_server.deploy.exceptions import ServerDeploymentNotFoundError

    deployer = LocalServerDeployer()
    try:
        deployer.get_server()
    except ServerDeploymentNotFoundError:
        click.echo("The dashboard is not running.")
        return
    deployer.remove_server()
    click.echo("The dashboard is stopped; the runs stay.")


def answers(url: str) -> bool:
    """Whether a ZenML server answers there."""
    import httpx

    try:
        return httpx.get(f"{url}/health", timeout=3).text.strip() == "ok"
    except httpx.HTTPError:
        return False


def _is_taken(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    console.main(dashboard)
