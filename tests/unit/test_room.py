"""Disk space is asked before a run, not found out in its middle."""

from pathlib import Path

import pytest

from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.room import bytes_needed, require_room


def test_a_small_model_takes_a_gigabyte_and_an_eight_billion_one_forty() -> None:
    assert bytes_needed(parameters=135_000_000, trained=4_900_000) / 1e9 == pytest.approx(0.93, abs=0.05)
    assert bytes_needed(parameters=8_000_000_000, trained=42_000_000) / 1e9 == pytest.approx(42, abs=1)


def test_too_little_room_is_one_sentence_with_both_figures() -> None:
    require_room(Path("twins"), needed=10, free=10)
    with pytest.raises(TrainingError, match=r"need about 2\.0 GB in twins, where 1\.5 GB are free; make room, or set"):
        require_room(Path("twins"), needed=2_000_000_000, free=1_500_000_000)
