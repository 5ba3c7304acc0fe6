"""The pipelines by real ZenML, from folders of Markdown to datasets and exported JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.documents import CollectionReport, Outcome, RawDocument
from llm_engineering.domain.errors import BadInput, DatasetError
from tests.integration.conftest import Workplace
from tests.writing import folder_of_articles
from tools.pipeline_runs import RunSummary, run_pipeline

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
ADA, EVE = "Ada Example", "Eve Example"
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Author → their folder; Ada's also holds a stub, and a title that is dangerous in HTML."""
    root = tmp_path_factory.mktemp("writing")
    ada = folder_of_articles(root / "ada", ADA, 8, seed=1)
    (ada / "stub.md").write_text("---\ntitle: Stub\n---\n\nToo short.\n", encoding="utf-8")
    first = ada / "note-0.md"
    first.write_text(first.read_text().replace("title: Note 0", f'title: "{SCRIPT} Note 0"').replace(f"of {ADA}", ""))
    return {ADA: ada, EVE: folder_of_articles(root / "eve", EVE, 4, seed=2)}


@pytest.fixture(scope="module")
def ran(workplace: Workplace, folders: dict[str, Path]) -> RunSummary:
    """One run of everything up to the datasets."""
    parameters = {
        "author_links": [{"user_full_name": name, "sources": [str(path)]} for name, path in folders.items()],
        "max_samples": 3,
        "max_failure_share": 0.5,
        "test_split_size": 0.25,
    }
    return run_pipeline("end_to_end_data", parameters)


def outputs(summary: RunSummary) -> dict[str, Any]:
    """Step → its first output, as ZenML records it."""
    from zenml.client import Client

    steps = Client().get_pipeline_run(summary.run_id).steps
    return {name: next(iter(step.outputs.values()))[0] for name, step in steps.items() if step.outputs}


def test_the_steps_have_the_names_of_the_reference(ran: RunSummary) -> None:
    names = {step.name for step in ran.steps}
    assert names >= {
        "get_or_create_user",
        "crawl_links",
        "query_data_warehouse",
        "clean_documents",
        "load_to_vector_db",
        "chunk_and_embed",
        "query_feature_store",
        "generate_instruction_dataset",
        "create_prompts",
        "generate_preference_dataset",
    }


def test_a_store_that_a_killed_process_left_half_made_was_made_anew(ran: RunSummary, workplace: Workplace) -> None:
    store = workplace.zenml / "local_stores" / "default_zen_store"
    assert (store / "zenml.db").read_bytes().startswith(b"SQLite format 3")
    assert not (store / "incomplete").exists()


def test_the_summary_says_what_came_of_each_step(ran: RunSummary) -> None:
    results = {step.name: step.results for step in ran.steps}
    assert ran.status == "completed"
    assert results["crawl_links"] == [f"{ADA}: 8 new, 1 quarantined"]
    assert results["load_to_vector_db"] == ["12 of 12 documents written"]
    assert results["generate_instruction_dataset"][0].startswith(f"{ADA}: 3 train")
    assert "100% verbatim" in results["generate_instruction_dataset"][0]


def test_a_collection_is_one_file_beside_its_preview_and_never_a_file_per_element(ran: RunSummary) -> None:
    found = {name: sorted(file.name for file in Path(out.uri).iterdir()) for name, out in outputs(ran).items()}
    assert found["query_data_warehouse"] == ["documents.jsonl", "preview.html"]
    assert found["clean_documents"] == ["documents.jsonl", "preview.html"]
    assert found["crawl_links"] == ["data.json", "preview.html"]
    assert found["generate_instruction_dataset"] == ["dataset.jsonl", "preview.html"]
    assert found["generate_preference_dataset"] == ["dataset.jsonl", "preview.html"]


def test_artifacts_come_back_as_what_they_were(ran: RunSummary) -> None:
    documents = ran.artifact("query_data_warehouse")
    report = ran.artifact("crawl_links")
    instruct = ran.artifact("generate_instruction_dataset")
    preference = ran.artifact("generate_preference_dataset")
    assert {type(document) for document in documents} == {RawDocument}
    assert len(documents) == 12
    assert isinstance(report, CollectionReport)
    assert [item.outcome for item in report.items].count(Outcome.QUARANTINED) == 1
    assert isinstance(instruct, InstructDataset)
    assert isinstance(preference, PreferenceDataset)
    asked = {sample.instruction for sample in [*instruct.train, *instruct.test]}
    assert {pair.instruction for pair in [*preference.train, *preference.test]} <= asked


def test_the_dashboard_has_figures_and_a_preview_of_every_artifact_in_which_nothing_is_executed(
    ran: RunSummary,
) -> None:
    found = outputs(ran)
    figures = found["crawl_links"].run_metadata
    assert figures["new"] == 8
    assert figures["quarantined"] == 1
    assert list(figures["reasons"].values()) == [1]
    assert found["generate_instruction_dataset"].run_metadata["verbatim_answer_share"] == 1.0
    for name in ("crawl_links", "query_data_warehouse", "clean_documents", "generate_instruction_dataset"):
        [shown] = found[name].visualizations
        assert shown.type.value == "html"
    page = Path(found["clean_documents"].visualizations[0].uri).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert" in page


def test_what_its_inputs_decide_is_taken_from_the_cache_and_what_the_world_decides_is_not(ran: RunSummary) -> None:
    again = run_pipeline("feature_engineering", {"author_full_names": [ADA, EVE]})
    status = {step.name: step.status for step in again.steps}
    assert status == {
        "query_data_warehouse": "completed",
        "clean_documents": "cached",
        "load_to_vector_db": "completed",
        "chunk_and_embed": "completed",
    }
    assert again.artifact("chunk_and_embed").embedded == 0
    assert {s.status for s in run_pipeline("feature_engineering", {"author_full_names": [ADA]}, cache=False).steps} == {
        "completed"
    }


def test_the_newest_dataset_of_an_author_is_found_and_not_another_authors(ran: RunSummary) -> None:
    from steps.artifacts import INSTRUCT_DATASETS, PREFERENCE_DATASETS, newest_dataset

    for name in (INSTRUCT_DATASETS, PREFERENCE_DATASETS):
        for author in (ADA, EVE):
            assert newest_dataset(name, author).load().metadata.author_full_name == author


def test_training_without_a_dataset_names_the_command_that_makes_one(ran: RunSummary) -> None:
    with pytest.raises(
        DatasetError, match=r"no instruction dataset of Nobody .*run-generate-instruct-datasets-pipeline"
    ):
        run_pipeline("training", {"author_full_name": "Nobody Else"})


def test_artifacts_are_exported_as_json(ran: RunSummary, workplace: Workplace) -> None:
    run_pipeline("export_artifact_to_json", {"artifact_names": ["cleaned_documents", "preference_datasets"]})
    written = json.loads((workplace.output / "artifacts" / "cleaned_documents.json").read_text(encoding="utf-8"))
    assert written["artifact_name"] == "cleaned_documents"
    assert written["artifact_data"][0]["style_text"]
    assert json.loads((workplace.output / "artifacts" / "preference_datasets.json").read_text())["artifact_data"][
        "train"
    ]


def test_a_dataset_is_exported_in_the_formats_that_trl_reads(ran: RunSummary, workplace: Workplace) -> None:
    from datasets import load_from_disk

    parameters = {"artifact_names": ["preference_datasets", "cleaned_documents"], "formats": ["jsonl", "hf"]}
    run_pipeline("export_artifact_to_json", parameters)
    artifacts = workplace.output / "artifacts"
    dataset = load_from_disk(str(artifacts / "preference_datasets.hf"))
    assert {"prompt", "chosen", "rejected"} <= set(dataset["train"].column_names)
    lines = (artifacts / "preference_datasets.jsonl" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(dataset["train"])
    assert not (artifacts / "cleaned_documents.hf").exists()


def test_exporting_an_unknown_artifact_names_the_known_ones(ran: RunSummary) -> None:
    with pytest.raises(BadInput, match=r'no artifact "nothing".*instruct_datasets'):
        run_pipeline("export_artifact_to_json", {"artifact_names": ["nothing"]})


def test_settings_of_components_that_are_not_active_are_ignored_with_a_note(
    ran: RunSummary, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"docker": {"skip_build": True}, "orchestrator.sagemaker": {"synchronous": False}}
    summary = run_pipeline(
        "feature_engineering", {"author_full_names": [ADA]}, run_settings={"settings": settings, "enable_cache": True}
    )
    assert summary.status == "completed"
    assert "settings orchestrator.sagemaker, docker" in capsys.readouterr().err


def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`python -m tools.run …` as a user runs it, from another directory."""
    return subprocess.run(
        [sys.executable, "-m", "tools.run", *arguments],
        capture_output=True,
        text=True,
        cwd=os.environ["OUTPUT_DIR"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        timeout=300,
        check=False,
    )


def test_a_run_from_any_directory_prints_a_summary_and_what_to_do_next(
    ran: RunSummary, folders: dict[str, Path]
) -> None:
    done = command("digital_data_etl", "--set", f"user_full_name={ADA}", "--set", f"sources=[{folders[ADA]}]")
    assert done.returncode == 0, done.stderr
    assert "8 unchanged" in done.stdout
    assert "Next:    ./poe run-feature-engineering-pipeline" in done.stdout
    assert "zenml" not in done.stderr.lower()
    assert "\x1b" not in done.stdout + done.stderr


def test_what_fails_in_a_step_is_one_sentence_and_no_traceback(ran: RunSummary, tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    (stubs / "a.md").write_text("Too short.")
    done = command("digital_data_etl", "--set", "user_full_name=Nobody Else", "--set", f"sources=[{stubs}]")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: There is no document of Nobody Else in the warehouse")


@pytest.mark.parametrize(
    ("pipeline", "parameter", "sentence"),
    [
        (
            "feature_engineering",
            "author_full_names=[Aida Example]",
            'No author "Aida Example" in the warehouse. Did you mean',
        ),
        ("generate_datasets", "author_full_name=Nobody", 'No author "Nobody" in the warehouse'),
        ("evaluating", f"author_full_name={ADA}", f"{ADA} has no twin yet"),
        ("digital_data_etl", "user_full_name=A B", "Give links, sources, or both"),
    ],
)
def test_what_can_be_known_beforehand_is_refused_before_the_pipeline_starts(
    ran: RunSummary, pipeline: str, parameter: str, sentence: str
) -> None:
    done = command(pipeline, "--set", parameter)
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("Error: ")
    assert sentence in line


def test_an_unreachable_store_is_refused_with_its_address(ran: RunSummary) -> None:
    done = command(
        "feature_engineering",
        "--set",
        f"author_full_names=[{ADA}]",
        DATABASE_HOST="mongodb://127.0.0.1:9/?timeoutMS=500",
    )
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_collecting_loads_no_torch(ran: RunSummary, folders: dict[str, Path]) -> None:
    code = (
        "import sys; from tools.pipeline_runs import run_pipeline;"
        f"run_pipeline('digital_data_etl', {{'user_full_name': {EVE!r}, 'sources': [{str(folders[EVE])!r}]}});"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
