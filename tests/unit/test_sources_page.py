"""Every configuration of docs/sources.md is one that the collection takes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_engineering.infrastructure.sources.registry import SOURCES, meant_by
from pipelines import PIPELINES
from tools.config_files import read_config

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sources.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def entries() -> list[Any]:
    """Each entry of `sources` and `links` of the page."""
    found: list[Any] = []
    for block in BLOCKS:
        config = yaml.safe_load(block)
        if isinstance(config, list):  # only the entries
            config = {"sources": config}
        config = config.get("parameters", config)
        found += [*(config.get("sources") or []), *(config.get("links") or [])]
    return found


def test_the_page_has_a_configuration_for_every_kind_of_source() -> None:
    text = PAGE.read_text("utf-8")
    shown = {entry["kind"] for entry in entries() if isinstance(entry, dict) and "kind" in entry}
    assert set(SOURCES) - shown - {"page", "feed", "site"} == set()
    assert all(kind in text for kind in SOURCES)


@pytest.mark.parametrize("entry", entries(), ids=str)
def test_an_entry_of_the_page_is_one_that_the_collection_takes(entry: Any) -> None:
    if isinstance(entry, str) and "://" not in entry or isinstance(entry, dict) and "kind" not in entry:
        # A path without its kind: what it holds is not there to be recognised.
        entry = {"kind": "folder", **({"path": entry} if isinstance(entry, str) else entry)}
    kind, place, _ = meant_by(entry)
    assert kind in SOURCES.values()
    assert place


@pytest.mark.parametrize("block", [block for block in BLOCKS if "parameters:" in block])
def test_a_whole_example_is_a_config_file_that_the_pipeline_takes(block: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(block)
    assert read_config(PIPELINES["digital_data_etl"], file, ()).parameters["user_full_name"]
