"""The dashboard shows the runs of the local store, answers on loopback only, and stops when told."""

import socket
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.integration.conftest import Workplace
from tests.writing import folder_of_articles
from tools.dashboard import answers, dashboard
from tools.pipeline_runs import run_pipeline

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_dashboard_shows_a_pipeline_its_runs_and_the_previews_of_its_artifacts(
    workplace: Workplace, tmp_path: Path
) -> None:
    folder = folder_of_articles(tmp_path / "dora", "Dora Example", 2, seed=7)
    run = run_pipeline("digital_data_etl", {"user_full_name": "Dora Example", "sources": [str(folder)]})
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    try:
        up = CliRunner().invoke(dashboard, ["up", "--port", str(port)], catch_exceptions=False)
        assert up.exit_code == 0
        assert url in up.output
        assert "<title>ZenML Dashboard</title>" in httpx.get(url).text
        api = httpx.Client(base_url=f"{url}/api/v1", timeout=30)
        names = {pipeline["name"] for pipeline in api.get("/pipelines").json()["items"]}
        assert "digital_data_etl" in names
        assert api.get(f"/runs/{run.run_id}").json()["body"]["status"] == "completed"
        [report] = api.get(
            "/artifact_versions", params={"artifact": "crawled_links", "pipeline_run": run.run_name}
        ).json()["items"]
        page = api.get(f"/artifact_versions/{report['id']}/visualize").json()
        assert page["type"] == "html"
        assert "Dora Example" in page["value"]
        again = CliRunner().invoke(dashboard, ["up", "--port", str(port)], catch_exceptions=False)
        assert url in again.output
        later = run_pipeline("digital_data_etl", {"user_full_name": "Dora Example", "sources": [str(folder)]})
        assert api.get(f"/runs/{later.run_id}").json()["body"]["status"] == "completed"
    finally:
        down = CliRunner().invoke(dashboard, ["down"], catch_exceptions=False)
    assert "stopped" in down.output
    assert not answers(url)
    assert "not running" in CliRunner().invoke(dashboard, ["down"], catch_exceptions=False).output
