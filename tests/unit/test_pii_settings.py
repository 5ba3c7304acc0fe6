"""What is scrubbed is a setting, and what the user blocks is a secret."""

import pytest

from llm_engineering.application.cleaning import CLEANER, clean
from llm_engineering.bootstrap import opened
from llm_engineering.domain.errors import BadSettings
from llm_engineering.settings import PII_KINDS, load_settings
from tests.samples import raw_document


def test_nothing_is_scrubbed_unless_somebody_asks() -> None:
    with opened(load_settings()) as twin:
        assert twin.pii is None


def test_kinds_and_words_that_are_set_are_scrubbed_and_noted() -> None:
    settings = load_settings(SCRUB_PII="email, phone", PII_BLOCK_LIST="Project Plum, Bob")
    with opened(settings) as twin:
        cleaned = clean(
            raw_document(content="It’s Bob, bob@example.org, of project plum; the host is 8.8.8.8."), twin.pii
        )
    assert cleaned.style_text == "It’s [blocked], [email], of [blocked]; the host is 8.8.8.8."
    assert cleaned.scrubbed == {"blocked": 2, "email": 1}
    assert cleaned.cleaner.startswith(f"{CLEANER}+pii:")


def test_all_means_every_kind_and_an_unknown_one_is_a_sentence() -> None:
    assert ",".join(sorted(PII_KINDS)) == load_settings(SCRUB_PII="all").SCRUB_PII
    with pytest.raises(BadSettings, match="no kind telephone; known are all, key, email"):
        load_settings(SCRUB_PII="telephone")


def test_the_blocked_words_are_shown_nowhere() -> None:
    with opened(load_settings(PII_BLOCK_LIST="Project Plum")) as twin:
        assert "Plum" not in repr(twin.settings) + repr(twin.pii)
