"""Datasets leave the house in TRL's formats, whole or not at all, with a card, and private."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
import yaml
from huggingface_hub import HfApi

from llm_engineering.application.dataset_card import GATES, card_of, front_matter, gate_rows
from llm_engineering.application.dataset_rows import rows_of
from llm_engineering.application.model_names import ON_A_SERVER, public_name
from llm_engineering.application.prompting import conversation
from llm_engineering.domain.datasets import Distribution, InstructDataset, PreferenceDataset, TaskKind
from llm_engineering.domain.errors import BadInput, StoreError
from llm_engineering.infrastructure.dataset_files import ArtifactFiles
from llm_engineering.infrastructure.dataset_hub import DatasetHub, readme
from tests.samples import ADA
from tests.unit.test_generating import corpus, made
from tests.unit.test_preferring import PLAIN, preferences

TOKEN = "hf_not_a_real_token_at_all"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def instruct() -> InstructDataset:
    return made(corpus())


@pytest.fixture(scope="module")
def preference(instruct: InstructDataset) -> PreferenceDataset:
    return preferences(PLAIN, instruct)


# ------------------------------------------------------------------------------ rows


def test_instruction_rows_are_prompt_and_completion(instruct: InstructDataset) -> None:
    rows = rows_of(instruct)
    assert [len(rows["train"]), len(rows["test"])] == [len(instruct.train), len(instruct.test)]
    sample, row = instruct.train[0], rows["train"][0]
    assert row["prompt"] == conversation(ADA.full_name, sample.instruction)
    assert row["completion"] == [{"role": "assistant", "content": sample.answer}]
    assert (row["task"], row["document_id"], row["start"]) == (sample.task, str(sample.document_id), sample.start)


def test_preference_rows_are_prompt_chosen_and_rejected(preference: PreferenceDataset) -> None:
    row, pair = rows_of(preference)["train"][0], preference.train[0]
    assert row["chosen"] == [{"role": "assistant", "content": pair.chosen}]
    assert row["rejected"] == [{"role": "assistant", "content": pair.rejected}]
    assert row["prompt"][-1]["content"] == pair.instruction


def test_trl_takes_the_rows_as_conversational(instruct: InstructDataset, preference: PreferenceDataset) -> None:
    from trl.data_utils import is_conversational

    assert is_conversational(rows_of(instruct)["train"][0])
    assert is_conversational(rows_of(preference)["train"][0])


# ------------------------------------------------------------------------------ names of models

PLACES = ["/home/jane/models/secret.gguf", "http://10.1.2.3:8000/v1#secret"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("/home/jane/models/secret.gguf", "secret.gguf"),
        ("models/secret.gguf", "secret.gguf"),
        ("~/secret.gguf", "secret.gguf"),
        (r"C:\Users\jane\secret.gguf", "secret.gguf"),
        ("http://10.1.2.3:8000/v1#m", "m"),
        ("http://10.1.2.3:8000#m", "m"),
        ("https://inside.example/v1#/srv/models/m", "m"),
        ("https://inside.example/v1#Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("http://10.1.2.3:8000", ON_A_SERVER),
        ("http://10.1.2.3:8000/v1#", ON_A_SERVER),
        ("embedded:smollm2-135m-instruct", "embedded:smollm2-135m-instruct"),
        ("openai:gpt-4o-mini", "openai:gpt-4o-mini"),
        ("mara-lindqvist/3@0123456789ab", "mara-lindqvist/3@0123456789ab"),
        ("key-phrases", "key-phrases"),
    ],
)
def test_a_model_is_named_without_its_place(model: str, name: str) -> None:
    assert public_name(model) == name


@pytest.mark.parametrize("model", PLACES)
def test_rows_and_card_tell_no_directory_and_no_address(
    model: str, instruct: InstructDataset, preference: PreferenceDataset
) -> None:
    told = {"metadata": instruct.metadata.model_copy(update={"model_ids": {"instruction": model, "rejected": model}})}
    prompted = [sample.model_copy(update={"instruction_by": model}) for sample in instruct.train]
    refused = [pair.model_copy(update={"rejected_by": model}) for pair in preference.train]
    for dataset in (
        instruct.model_copy(update=told | {"train": prompted}),
        preference.model_copy(update=told | {"train": refused}),
    ):
        written = f"{rows_of(dataset)}{card_of(dataset)}"
        assert "secret" in written
        assert not [place for place in ("/home", "jane", "10.1.2.3", "8000") if place in written]


# ------------------------------------------------------------------------------ files


def test_a_dataset_on_disk_is_what_the_library_reads_again(instruct: InstructDataset, tmp_path: Path) -> None:
    from datasets import load_dataset, load_from_disk

    rows, card = rows_of(instruct), card_of(instruct)
    kept = load_from_disk(str(ArtifactFiles(tmp_path).dataset_dict("a", rows, card)))
    lines = ArtifactFiles(tmp_path).json_lines("a", rows, card)
    read = load_dataset("json", data_dir=str(lines), cache_dir=str(tmp_path / "cache"))
    for split, expected in rows.items():
        assert list(kept[split]) == list(read[split]) == expected
    assert (tmp_path / "a.hf" / "README.md").read_text("utf-8") == card


def test_an_export_replaces_the_one_before_and_leaves_nothing_else(instruct: InstructDataset, tmp_path: Path) -> None:
    rows = rows_of(instruct)
    for some in (rows, {"train": rows["train"][:1]}):
        ArtifactFiles(tmp_path).json_lines("a", some, "card")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl"]
    assert sorted(path.name for path in (tmp_path / "a.jsonl").iterdir()) == ["README.md", "train.jsonl"]


def test_an_export_that_fails_leaves_the_one_before(instruct: InstructDataset, tmp_path: Path) -> None:
    ArtifactFiles(tmp_path).json_lines("a", rows_of(instruct), "card")
    with pytest.raises(TypeError):
        ArtifactFiles(tmp_path).json_lines("a", {"train": [{"not JSON": object()}]}, "card")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl"]
    assert (tmp_path / "a.jsonl" / "test.jsonl").exists()


# ------------------------------------------------------------------------------ card


def test_the_card_says_what_the_metadata_say(instruct: InstructDataset) -> None:
    card = card_of(instruct)
    assert f"{len(instruct.train)} training and {len(instruct.test)} held-out samples" in card
    assert "verbatim in the author's texts: 100%" in card
    assert all(f"| `{gate}` |" in card for gate, _, _, _ in gate_rows(instruct))
    assert "### Limits" in card


def test_the_card_says_whose_words_the_prompts_of_replies_are(
    instruct: InstructDataset, preference: PreferenceDataset
) -> None:
    for dataset in (instruct, preference):
        assert "other people's words" not in card_of(dataset)
        reply = dataset.train[0].model_copy(update={"task": TaskKind.REPLY})
        limits = card_of(dataset.model_copy(update={"train": [reply]})).partition("### Limits")[2]
        assert "prompts of `reply` samples are other people's words" in limits


def test_the_front_matter_claims_no_licence(instruct: InstructDataset, preference: PreferenceDataset) -> None:
    matter = front_matter(instruct)
    assert (matter["license"], matter["size_categories"], matter["language"]) == ("other", ["n<1K"], ["en"])
    assert "sft" in matter["tags"]
    assert "dpo" in front_matter(preference)["tags"]


def test_the_page_on_datasets_explains_every_gate_and_task_and_names_no_other() -> None:
    page = (REPOSITORY / "docs" / "datasets.md").read_text("utf-8")
    assert not [name for name in [*GATES, *TaskKind] if f"`{name}`" not in page]
    gates = page.partition("## Gates")[2].partition("## Split")[0]
    rows = [line.split("|")[1] for line in gates.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(GATES)


# ------------------------------------------------------------------------------ hub


def hub(there: str | None = None, tmp_path: Path | None = None, *, private: bool = True) -> tuple[DatasetHub, Any]:
    """A hub whose client notes what it is told, and has that README.md; calls must fit the real client's signatures."""
    api = create_autospec(HfApi, instance=True)
    api.repo_info.return_value.private = private
    api.file_exists.return_value = there is not None
    if there is not None and tmp_path is not None:
        (tmp_path / "README.md").write_text(there, encoding="utf-8")
        api.hf_hub_download.return_value = str(tmp_path / "README.md")
    return DatasetHub(TOKEN, api), api


def pushed(api: Any) -> dict[str, str]:
    operations = api.create_commit.call_args.kwargs["operations"]
    return {operation.path_in_repo: operation.path_or_fileobj.decode() for operation in operations}


def push(target: DatasetHub, dataset: InstructDataset | PreferenceDataset, subset: str = "ada-instruction") -> str:
    return target.push(
        rows_of(dataset), "ada/twin", subset=subset, card=card_of(dataset), front_matter=front_matter(dataset)
    )


def test_a_new_repository_is_private_and_gets_rows_and_card_in_one_commit(instruct: InstructDataset) -> None:
    target, api = hub()
    assert push(target, instruct) == "https://huggingface.co/datasets/ada/twin"
    assert api.create_repo.call_args.kwargs == {"repo_type": "dataset", "private": True, "exist_ok": True}
    api.create_commit.assert_called_once()
    files = pushed(api)
    assert set(files) == {"README.md", "ada-instruction/train.jsonl", "ada-instruction/test.jsonl"}
    assert len(files["ada-instruction/train.jsonl"].splitlines()) == len(instruct.train)
    matter = yaml.safe_load(files["README.md"].split("---\n")[1])
    [config] = matter["configs"]
    assert config["config_name"] == "ada-instruction"
    assert {one["path"] for one in config["data_files"]} == set(files) - {"README.md"}
    assert matter["license"] == "other"


def test_another_subset_stays_and_the_same_one_is_replaced(
    instruct: InstructDataset, preference: PreferenceDataset, tmp_path: Path
) -> None:
    target, api = hub()
    push(target, instruct)
    first = pushed(api)["README.md"]
    target, api = hub(first, tmp_path)
    push(target, preference, "ada-preference")
    both = pushed(api)["README.md"]
    target, api = hub(both, tmp_path)
    push(target, preference, "ada-preference")
    assert pushed(api)["README.md"] == both
    matter = yaml.safe_load(both.split("---\n")[1])
    assert [config["config_name"] for config in matter["configs"]] == ["ada-instruction", "ada-preference"]
    assert {"sft", "dpo"} <= set(matter["tags"])
    assert both.count("### Limits") == 2


def test_a_public_repository_gets_nothing(instruct: InstructDataset) -> None:
    target, api = hub(private=False)
    with pytest.raises(BadInput, match="ada/twin is public; make it private, or name another dataset_id"):
        push(target, instruct)
    api.create_commit.assert_not_called()


OWN = """---
license: cc-by-4.0
language: de
pretty_name: Ada
---

# My own heading

Before.

<!-- subset: a -->
## a

old
<!-- end -->

Between.

<!-- subset: b -->
## b

of b
<!-- end -->

After."""


def test_what_people_wrote_into_the_readme_stays() -> None:
    replaced = readme(OWN, "a", ["train"], "new\n", {})
    assert replaced.partition("---\n\n")[2] == OWN.partition("---\n\n")[2].replace("old", "new")
    added = readme(OWN, "c", ["train"], "of c\n", {})
    below = OWN.partition("---\n\n")[2]
    assert added.partition("---\n\n")[2] == f"{below}\n\n<!-- subset: c -->\n## c\n\nof c\n<!-- end -->\n"
    assert readme(added, "c", ["train"], "of c\n", {}) == added
    assert "Only words." in readme("Only words.", "a", ["train"], "new\n", {})
    assert "a rule above" in readme("---\na rule above\n---\n", "a", ["train"], "new\n", {})


def test_a_section_that_was_left_open_takes_nothing_with_it() -> None:
    opened = OWN.replace("old\n<!-- end -->\n", "old\n")
    replaced = readme(opened, "b", ["train"], "new\n", {})
    assert "Between." in replaced
    assert "of b" not in replaced


def test_a_licence_that_is_set_stays(instruct: InstructDataset) -> None:
    matter = yaml.safe_load(readme(OWN, "a", ["train"], "new\n", front_matter(instruct)).split("---\n")[1])
    assert (matter["license"], matter["pretty_name"], matter["language"]) == ("cc-by-4.0", "Ada", ["de", "en"])
    assert "license_name" not in matter


def test_front_matter_that_cannot_be_read_is_not_overwritten(instruct: InstructDataset, tmp_path: Path) -> None:
    target, api = hub("---\nlicense: [\n---\n\nMine.\n", tmp_path)
    with pytest.raises(BadInput, match=r"README\.md is no YAML; correct it there"):
        push(target, instruct)
    api.create_commit.assert_not_called()


def test_a_malformed_id_is_refused_before_anything_is_sent(instruct: InstructDataset) -> None:
    target, api = hub()
    with pytest.raises(BadInput, match='"twin" is no dataset id'):
        target.push(rows_of(instruct), "twin", subset="s", card="", front_matter={})
    assert not api.method_calls


def test_a_refusal_of_the_hub_is_one_sentence_without_the_token(instruct: InstructDataset) -> None:
    target, api = hub()
    api.create_commit.side_effect = RuntimeError(f"401 for Bearer {TOKEN}\nand more")
    with pytest.raises(StoreError, match="Could not push to ada/twin") as refused:
        push(target, instruct)
    assert TOKEN not in str(refused.value)


# ------------------------------------------------------------------------------ distributions


def test_a_distribution_counts_every_figure_once() -> None:
    one = Distribution.of([0.0, 1.0, 2.0, 3.0, 4.0], bins=4)
    assert one is not None
    assert one.counts == [1, 1, 1, 2]
    assert (one.low, one.median, one.high) == (0.2, 2.0, 3.8)
    assert Distribution.of([]) is None
    alike = Distribution.of([2.0, 2.0])
    assert alike is not None
    assert sum(alike.counts) == 2
