"""The stages of the quickstart, each by the pipelines that production uses."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llm_engineering.application.features import cleaned_documents
from llm_engineering.application.generating import corpus_fingerprint
from llm_engineering.application.registering import slug, trained_on
from llm_engineering.application.training import plan
from llm_engineering.bootstrap import opened
from llm_engineering.domain.datasets import InstructDataset
from llm_engineering.domain.documents import CollectionReport, Outcome
from llm_engineering.domain.errors import BadSettings, EmptyCorpus
from llm_engineering.domain.evaluation import EvaluationReport
from llm_engineering.domain.twins import FinetuningType, TwinManifest
from llm_engineering.infrastructure.progress import TerminalProgress
from llm_engineering.settings import load_settings
from tools.console import say
from tools.evaluation_files import written
from tools.pipeline_runs import RunSummary, run_pipeline
from tools.preflight import check_stores
from tools.quickstart.report import (
    EVALUATION_DIR,
    QuarantinedLink,
    Report,
    SideBySide,
    style_figures,
    training_figures,
    write,
)
from tools.sample_site import SAMPLE_SITE_DIR, explicit_links, published, served
from tools.spending import confirm

SAMPLE_QUESTIONS = (
    "Why did the same post arrive three times?",
    "What do you do with a page that isn't an article?",
    "How long should a chunk be, and why?",
)
TEST_SPLIT_SIZE = 0.2
PREFERENCE_SHARE = 0.4
"""Preference pairs for each instruction sample: each costs an answer of the model and two of training."""
SFT = {"num_train_epochs": 2.0, "learning_rate": 5e-4, "heldout_samples": 16}
DPO = {"num_train_epochs": 1.0, "learning_rate": 2e-5, "heldout_samples": 16}
EVALUATION = {"max_prompts": 10, "grounded_prompts": 3, "style_card": False}
"""A first look; ./poe run-evaluation-pipeline takes longer and compares more."""
PASSAGES = 3
"""Passages that an answer is given; a small model loses the thread with more."""

TRAINED_STAGES = ("instruct_dataset", "preference_dataset", "sft", "dpo", "export")


@dataclass(frozen=True)
class Wanted:
    """What the command line asked for."""

    author: str | None
    sources: list[str]
    retrain: bool
    port: int
    max_samples: int
    yes: bool = False
    """Whether a chat model that costs money may be called without asking."""


@dataclass
class Quickstart:
    """One run. `run` does it all and returns the report with the paths it was written to."""

    wanted: Wanted
    seconds: dict[str, float] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def run(self) -> tuple[Report, tuple[Path, Path]]:
        """Every stage in order. Raises TwinError; what was finished before is kept."""
        samples = sorted({article.author for article in published(SAMPLE_SITE_DIR)}, reverse=True)
        name = self.wanted.author or samples[0]
        self._check(name)
        collected = self._collect(name, samples)
        everybody = [report.author_full_name for report in collected]
        chunks = self._features(everybody)
        manifest = self._twin(name)
        manifest, evaluation, verdict = self._evaluated(name, manifest)
        answers = self._answers(name, manifest)
        report = self._report(name, collected, chunks, manifest, evaluation, verdict, answers)
        directory = load_settings().OUTPUT_DIR / "quickstart"
        if evaluation:
            written(evaluation, directory / EVALUATION_DIR)
        return report, write(report, directory)

    def _check(self, name: str) -> None:
        """Find out now what would otherwise be found out after ten minutes."""
        settings = load_settings()
        for setting, directory in (("DATA_DIR", settings.DATA_DIR), ("OUTPUT_DIR", settings.OUTPUT_DIR)):
            _require_writable(setting, directory)
        if self.wanted.author is not None:
            check_stores("digital_data_etl", {"user_full_name": name, "sources": self.wanted.sources})
        confirm("end_to_end_data", {}, yes=self.wanted.yes)

    # ---------------------------------------------------------------- stages

    def _collect(self, name: str, samples: list[str]) -> list[CollectionReport]:
        """The author, and the sample authors where style would have nobody to compare with."""
        own = self.wanted.author is not None
        needs_samples = not own or not _others_known(name, samples)
        reports = []
        with self._stage("collect", f"Collecting {'your author' if own else 'both sample authors over HTTP'}"):
            if own:
                parameters = {"user_full_name": name, "sources": self.wanted.sources}
                reports.append(run_pipeline("digital_data_etl", parameters).artifact("crawl_links"))
            if own and needs_samples:
                say("  and the two sample authors, so that there is somebody to compare the style with")
            site = served(SAMPLE_SITE_DIR, port=self.wanted.port) if needs_samples else nullcontext("")
            if needs_samples:
                say("  (the sample site has broken pages on purpose; each is to be named below with its reason)")
            with site as base_url, _crawling_allowed(base_url):
                for sample in samples if needs_samples else []:
                    # The same on a machine with a browser and on one without: no page is rendered.
                    parameters = {"user_full_name": sample, "browser": "never", **_sample_sources(base_url, sample)}
                    reports.append(run_pipeline("digital_data_etl", parameters).artifact("crawl_links"))
        for report in reports:
            counts = ", ".join(f"{count} {outcome}" for outcome, count in report.counts.items() if count)
            say(f"  {report.author_full_name}: {counts}")
        return reports

    def _features(self, names: list[str]) -> int:
        with self._stage("features", "Cleaning, chunking and embedding"):
            summary = run_pipeline("feature_engineering", {"author_full_names": names})
            index = summary.artifact("chunk_and_embed")
        say(f"  {index.embedded} documents embedded, {index.unchanged} unchanged, {index.chunks_total} chunks in all")
        return int(index.chunks_total)

    def _twin(self, name: str) -> TwinManifest:
        """The twin of the present corpus: the one there is, or a new one."""
        if not self.wanted.retrain and (manifest := _twin_of_this_corpus(name, self.wanted.max_samples)):
            kept = f"{manifest.name}/{manifest.version}"
            say(f"\n■ Twin {kept} was trained on exactly this text: kept (--retrain makes a new one)")
            self._reuse(*TRAINED_STAGES)
            return manifest
        most = self.wanted.max_samples
        common = {"author_full_name": name, "test_split_size": TEST_SPLIT_SIZE}
        with self._stage("instruct_dataset", "Writing instructions for the author's passages"):
            parameters = {**common, "dataset_type": "instruction", "max_samples": most}
            run_pipeline("generate_datasets", parameters)
        with self._stage("preference_dataset", "Writing rejected answers for preference pairs"):
            parameters = {**common, "dataset_type": "preference", "max_samples": max(4, int(most * PREFERENCE_SHARE))}
            run_pipeline("generate_datasets", parameters)
        self._begin("Training: SFT, DPO on top, export")
        parameters = {"author_full_name": name, "sft": SFT, "dpo": DPO}
        summary = run_pipeline("training", parameters, cache=not self.wanted.retrain)
        self.seconds |= _step_seconds(summary, {"train_sft": "sft", "train_dpo": "dpo", "register_twin": "export"})
        manifest = summary.artifact("register_twin")
        say(f"  {manifest.name}/{manifest.version} is trained")
        return TwinManifest.model_validate(manifest)

    def _evaluated(self, name: str, manifest: TwinManifest) -> tuple[TwinManifest, EvaluationReport | None, str]:
        """The twin with its scores; None instead of a report when they are from an earlier run or cannot be had."""
        if manifest.scores:
            self._reuse("evaluate")
            return manifest, None, str(manifest.scores["verdict"])
        with self._stage("evaluate", "Measuring style, truth and copying on held-out documents"):
            try:
                parameters = {"author_full_name": name, "twin_versions": [manifest.version], **EVALUATION}
                report = run_pipeline("evaluating", parameters).artifact("evaluate")
            except EmptyCorpus as error:
                return manifest, None, str(error)
        with opened() as twin:
            [scored] = [t for t in twin.warehouse.twins(twin.warehouse.author(name)) if t.version == manifest.version]
        return scored, report, report.verdict

    def _answers(self, name: str, manifest: TwinManifest) -> list[SideBySide]:
        progress = TerminalProgress()
        asked = f"{manifest.name}/{manifest.version}"
        with self._stage("ask", "Asking base model and twin the same questions"), opened(progress=progress) as twin:
            found = []
            for question in progress.track(self._questions(name), "asking"):
                base = twin.asking.ask(question, author=name, twin="base", k=PASSAGES)
                own = twin.asking.ask(question, author=name, twin=asked, k=PASSAGES)
                found.append(SideBySide(question=question, base=base.shown, twin=own.shown, sources=own.sources))
        return found

    def _questions(self, name: str) -> list[str]:
        """Of the sample author, questions that the site answers; of others, held-out instructions."""
        if self.wanted.author is None:
            return list(SAMPLE_QUESTIONS)
        from steps.artifacts import INSTRUCT_DATASETS, newest_dataset

        dataset: InstructDataset = newest_dataset(INSTRUCT_DATASETS, name).load()
        by_model_first = sorted(dataset.test, key=lambda sample: sample.instruction_by == "key-phrases")
        return [sample.instruction for sample in by_model_first[:3]]

    # ---------------------------------------------------------------- the report

    def _report(
        self,
        name: str,
        collected: list[CollectionReport],
        chunks: int,
        manifest: TwinManifest,
        evaluation: EvaluationReport | None,
        verdict: str,
        answers: list[SideBySide],
    ) -> Report:
        scores = evaluation.model_dump(mode="json") if evaluation else manifest.scores
        instruct, preference = manifest.datasets["instruction"], manifest.datasets["preference"]
        sft, dpo = training_figures(manifest)
        items = [item for report in collected for item in report.items]
        return Report(
            author=name,
            twin=f"{manifest.name}/{manifest.version}",
            base_model=manifest.base_model,
            created_at=datetime.now(UTC),
            stages=self.seconds,
            reused=self.reused,
            documents={outcome.value: sum(report.counts[outcome] for report in collected) for outcome in Outcome},
            quarantined=[
                QuarantinedLink(link=item.link, reason=item.reason)
                for item in items
                if item.outcome is Outcome.QUARANTINED
            ],
            chunks=chunks,
            instruct_samples={"train": instruct.train, "test": instruct.test},
            preference_samples={"train": preference.train, "test": preference.test},
            verbatim_answer_share=instruct.verbatim_answer_share,
            sft=sft,
            dpo=dpo,
            style=style_figures(scores) if scores else {},
            style_detail=scores["style"] if scores else {},
            copying=scores["copying"] if scores else {},
            candidates=scores.get("candidates", []),
            promotion=evaluation.promotions[0].model_dump(mode="json") if evaluation else scores.get("promotion", {}),
            verdict=verdict,
            answers=answers,
            training=manifest.training,
            versions=manifest.versions,
        )

    # ---------------------------------------------------------------- telling what happens

    @contextmanager
    def _stage(self, name: str, title: str) -> Iterator[None]:
        self._begin(title)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 1)

    def _begin(self, title: str) -> None:
        so_far = int(time.monotonic() - self._started)
        say(f"\n■ {title} ({so_far // 60}:{so_far % 60:02d})")

    def _reuse(self, *stages: str) -> None:
        self.reused += stages
        self.seconds |= dict.fromkeys(stages, 0.0)


def _require_writable(setting: str, directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise BadSettings(
            f"{setting} is {directory}, where nothing can be written ({error.strerror}); name another directory."
        ) from None


def _sample_sources(base_url: str, name: str) -> dict[str, Any]:
    """The three ways in that a site offers: its feed, its sitemap, and links that somebody collected."""
    author_slug = slug(name)
    return {
        "links": explicit_links(SAMPLE_SITE_DIR, base_url, author_slug),
        "sources": [
            {"kind": "feed", "url": f"{base_url}/feed.xml"},
            {"kind": "sitemap", "url": f"{base_url}/sitemap.xml", "prefix": f"/{author_slug}/"},
        ],
    }


@contextmanager
def _crawling_allowed(base_url: str) -> Iterator[None]:
    """Lets this process crawl the sample site on loopback, without the pause that strangers get."""
    if not base_url:
        yield
        return
    address = base_url.removeprefix("http://")
    wanted = {
        "CRAWLER_ALLOWED_PRIVATE_HOSTS": ",".join(
            filter(None, (os.environ.get("CRAWLER_ALLOWED_PRIVATE_HOSTS"), address))
        ),
        "CRAWLER_DELAY_SECONDS": "0",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _others_known(name: str, samples: list[str]) -> bool:
    with opened() as twin:
        return any(author.full_name not in (name, *samples) for author in twin.warehouse.authors())


def _twin_of_this_corpus(name: str, max_samples: int) -> TwinManifest | None:
    with opened() as twin:
        author = twin.warehouse.author(name)
        return trained_on(
            twin.warehouse,
            author,
            corpus_fingerprint=corpus_fingerprint(cleaned_documents(author, twin.vectors)),
            base_model=twin.settings.HF_MODEL_ID,
            plans=[plan(FinetuningType.SFT, SFT), plan(FinetuningType.DPO, DPO)],
            max_samples=max_samples,
            instruction_model=twin.settings.CHAT_MODEL,
        )


def _step_seconds(summary: RunSummary, names: dict[str, str]) -> dict[str, float]:
    return {names[step.name]: round(step.seconds, 1) for step in summary.steps if step.name in names}
