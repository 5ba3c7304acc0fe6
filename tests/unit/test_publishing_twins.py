"""What of a twin is published, and what its model card says."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application import pushing
from llm_engineering.application.model_card import model_card
from llm_engineering.application.registering import save_described
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.errors import CorruptModel, ModelError
from llm_engineering.domain.twins import BaseModelFacts
from tests.fakes import InMemoryDocuments
from tests.made_twins import manifest, with_files

# ------------------------------------------------------------------------------ pushing


class RecordingHub:
    """A ModelHub that remembers what it was given."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.public: bool | None = None

    def push(self, files: Mapping[str, Path | bytes], model_id: str, *, public: bool, message: str) -> str:
        self.files = {name: here if isinstance(here, bytes) else here.read_bytes() for name, here in files.items()}
        self.public = public
        return f"https://hub.example/{model_id}"


def test_a_push_sends_adapter_and_card_privately_and_nothing_else(tmp_path: Path) -> None:
    twin, hub = with_files(manifest(tmp_path)), RecordingHub()
    assert pushing.push(twin, twin.directory, hub, "me/twin") == "https://hub.example/me/twin"
    assert hub.files.keys() == {"adapter_config.json", "adapter_model.safetensors", "README.md"}
    assert hub.public is False


def test_an_empty_form_beside_the_adapter_does_not_take_the_cards_place(tmp_path: Path) -> None:
    twin = with_files(manifest(tmp_path))
    old = twin.model_copy(update={"files": {**twin.files, "adapter/README.md": "0" * 64}})
    assert pushing.upload(old)["README.md"] == "README.md"
    without_card = {name: sha for name, sha in old.files.items() if name != "README.md"}
    assert "README.md" not in pushing.upload(old.model_copy(update={"files": without_card}))


def test_more_is_sent_where_it_is_asked_for(tmp_path: Path) -> None:
    twin, hub = with_files(manifest(tmp_path)), RecordingHub()
    pushing.push(twin, twin.directory, hub, "me/twin", public=True, merged=True, gguf=True)
    assert {"merged/model.safetensors", "model.gguf", "model-f16.gguf"} <= hub.files.keys()
    assert hub.public is True


def test_no_directory_of_this_machine_is_sent(tmp_path: Path) -> None:
    own = tmp_path / "secret-place" / "my-model"
    twin, hub = manifest(tmp_path, base_model=str(own), base=BaseModelFacts()), RecordingHub()
    twin = with_files(twin)
    pushing.push(twin, twin.directory, hub, "me/twin", merged=True, gguf=True)
    assert json.loads(hub.files["adapter_config.json"]) == {"base_model_name_or_path": "my-model", "r": 16}
    assert not [name for name, content in hub.files.items() if str(tmp_path).encode() in content]


def test_an_adapter_names_the_base_model_that_others_can_get(tmp_path: Path) -> None:
    twin, hub = with_files(manifest(tmp_path)), RecordingHub()
    pushing.push(twin, twin.directory, hub, "me/twin")
    sent = json.loads(hub.files["adapter_config.json"])
    assert sent == {"base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct", "r": 16}


def test_a_damaged_file_and_a_part_that_is_not_there_are_not_sent(tmp_path: Path) -> None:
    twin, hub = with_files(manifest(tmp_path)), RecordingHub()
    (twin.directory / "adapter" / "adapter_model.safetensors").write_bytes(b"another")
    with pytest.raises(CorruptModel, match="sha256 differs"):
        pushing.push(twin, twin.directory, hub, "me/twin")
    without = {name: hash for name, hash in twin.files.items() if not name.startswith("merged/")}
    with pytest.raises(ModelError, match="KEEP_MERGED_MODEL=true"):
        pushing.push(twin.model_copy(update={"files": without}), twin.directory, hub, "me/twin", merged=True)
    assert hub.files == {}


# ------------------------------------------------------------------------------ the card


def front_matter(card: str) -> dict[str, Any]:
    _, matter, _ = card.split("---\n", 2)
    return dict(yaml.safe_load(matter))


def test_the_card_has_what_the_hub_reads(tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    card = model_card(with_files(manifest(tmp_path)))
    data = ModelCard(card).data
    assert (data.base_model, data.library_name, data.license, data.pipeline_tag) == (
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "peft",
        "apache-2.0",
        "text-generation",
    )
    assert {"llm-twin", "lora", "sft"} <= set(data.tags or [])
    assert front_matter(card)["base_model_relation"] == "adapter"


def test_the_card_tells_data_plan_measurements_limits_and_consent(tmp_path: Path) -> None:
    card = model_card(with_files(manifest(tmp_path)))
    assert "| instruction | 64 | 19 | 100% | instruction by some-model |" in card
    assert "| `learning_rate` | 0.0003 |" in card
    assert "| training loss, last tenth | 3.1 |" in card
    assert "a twin of a living person needs their consent" in card
    assert "Not evaluated yet." in card
    assert "`merged`" in card
    assert str(tmp_path) not in card


def test_the_card_shows_the_scores_once_there_are_any(tmp_path: Path) -> None:
    score = {"value": 0.96, "low": 0.9, "high": 1.0, "n": 10}
    scores = {"verdict": "It passes.", "style": {"twin": score}, "copying": {"twin": {"eight_gram_share": 0.012}}}
    twin = with_files(manifest(tmp_path)).model_copy(update={"scores": scores})
    twin = save_described(twin, Warehouse(InMemoryDocuments()))
    card = (twin.directory / "README.md").read_text()
    assert "It passes." in card
    assert "| twin | 0.96 | 0.90 to 1.00 | 10 |" in card
    assert "| 8-word runs from training text, twin | 1.2% |" in card
    assert twin.files["README.md"] == hashlib.sha256(card.encode()).hexdigest()


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]))


@given(PRINTABLE, PRINTABLE)
def test_no_name_breaks_out_of_the_front_matter(name: str, base: str) -> None:
    twin = manifest(Path("/nowhere"), author_full_name=name, name=name, base=BaseModelFacts(hub_id=base or None))
    matter = front_matter(model_card(twin))
    assert matter["model_name"] == f"{name}/1"
    assert matter.get("base_model") == (base or None)
