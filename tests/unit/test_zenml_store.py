"""ZenML's directory, when it cannot be one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from llm_engineering.domain.errors import StoreError
from tools.zenml_store import ensure_store
try:
    ensure_store()
except StoreError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("is_file", [True, False])
def test_a_directory_that_zenml_cannot_have_is_named_with_its_setting(tmp_path: Path, is_file: bool) -> None:
    place = tmp_path / "a file" if is_file else Path("/proc/nowhere")
    if is_file:
        place.write_text("in the way")
    environment = {**os.environ, "ZENML_CONFIG_PATH": str(place)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.startswith(f"ZenML cannot keep its database in {place} (")
    assert "ZENML_CONFIG_PATH" in done.stdout
