"""The composition root: the only place that turns settings into objects.

Everything is built on first use, so that a command loads what it needs and nothing else, and
everything that was opened is closed when the context ends.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import (
    BrowserUse,
    ChatModels,
    DocumentStore,
    Embedder,
    Exporter,
    Fetcher,
    LossMeter,
    ModelHub,
    PageReader,
    Progress,
    Reranker,
    Silent,
    Source,
    SparseEncoder,
    Tracer,
    Trainer,
    VectorStore,
)
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadSettings
from llm_engineering.domain.twins import GGUF
from llm_engineering.settings import Settings, load_settings

if TYPE_CHECKING:
    from llm_engineering.application.asking import Asking
    from llm_engineering.application.costs import Meter
    from llm_engineering.application.guarding import Guard
    from llm_engineering.application.pii import PiiRules
    from llm_engineering.domain.architecture import Architecture
    from llm_engineering.domain.backends import Machine
    from llm_engineering.domain.documents import RawDocument
    from llm_engineering.infrastructure.dataset_files import ArtifactFiles
    from llm_engineering.infrastructure.dataset_hub import DatasetHub
    from llm_engineering.infrastructure.models.store import ModelStore
    from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
    from llm_engineering.infrastructure.sources.processes import Processes
    from llm_engineering.infrastructure.training.tracking import Tracking


class Twin:
    """Every part of the system, wired by the settings, each built when first asked for."""

    def __init__(
        self, settings: Settings, progress: Progress, closing: ExitStack, store_seconds: float | None = None
    ) -> None:
        self._store_seconds = store_seconds
        self.settings = settings
        self.progress = progress
        self._closing = closing

    @cached_property
    def documents(self) -> DocumentStore:
        """The warehouse's database: MongoDB when `DATABASE_HOST` is a URL, else SQLite."""
        store: DocumentStore
        if url := self.settings.mongodb_url:
            from llm_engineering.infrastructure.stores.mongo_documents import MongoDocuments

            patience = {"timeout_seconds": self._store_seconds, "answer_seconds": self._store_seconds}
            limits = {name: value for name, value in patience.items() if value is not None}
            store = MongoDocuments(url, self.settings.DATABASE_NAME, **limits)
        else:
            from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments

            store = SqliteDocuments(self.settings.sqlite_path)
        self._closing.callback(store.close)
        return store

    @cached_property
    def warehouse(self) -> Warehouse:
        """Authors, raw documents, quarantine and twins."""
        return Warehouse(self.documents)

    @cached_property
    def vectors(self) -> VectorStore:
        """The feature store: a Qdrant server or cloud when one is named, else Qdrant Edge."""
        store: VectorStore
        if url := self.settings.qdrant_url:
            from llm_engineering.infrastructure.stores.server_vectors import ServerVectors

            key = self.settings.QDRANT_APIKEY
            limits = {} if self._store_seconds is None else {"timeout_seconds": self._store_seconds}
            store = ServerVectors(url, key.get_secret_value() if key else None, **limits)
        else:
            from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors

            store = EdgeVectors(self.settings.qdrant_path)
        self._closing.callback(store.close)
        return store

    @cached_property
    def pii(self) -> "PiiRules | None":
        """What is scrubbed before anything reaches the feature store; None when nothing is."""
        from llm_engineering.application.pii import PiiRules
        from llm_engineering.application.pii_patterns import PiiKind

        given = self.settings.PII_BLOCK_LIST
        words = tuple(word.strip() for word in given.get_secret_value().split(",") if word.strip()) if given else ()
        kinds = {PiiKind(kind) for kind in self.settings.SCRUB_PII.split(",") if kind}
        if not kinds and not words:
            return None
        return PiiRules(kinds=frozenset(kinds | ({PiiKind.BLOCKED} if words else set())), block_list=words)

    @cached_property
    def models(self) -> "ModelStore":
        """The files of the embedded models."""
        from llm_engineering.infrastructure.models.store import ModelStore

        return ModelStore(
            self.settings.models_dir,
            self.progress,
            local_dir=self.settings.MODELS_SOURCE_DIR,
            hub_token=self.settings.HUGGINGFACE_ACCESS_TOKEN,
        )

    @cached_property
    def embedder(self) -> Embedder:
        """The dense embedder of `TEXT_EMBEDDING_MODEL_ID`."""
        from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
        from llm_engineering.infrastructure.models.embedder import SentenceEmbedder

        model = self.settings.TEXT_EMBEDDING_MODEL_ID
        source = self.models.path(model) if model.startswith(MODEL_PREFIX) else model
        return SentenceEmbedder(source, model_id=model, device=self.settings.RAG_MODEL_DEVICE)

    @cached_property
    def sparse(self) -> SparseEncoder:
        """BM25 term weights."""
        from llm_engineering.infrastructure.models.sparse import Bm25Encoder

        return Bm25Encoder()

    @cached_property
    def reranker(self) -> Reranker | None:
        """The cross-encoder of `RERANKING_CROSS_ENCODER_MODEL_ID`, None when none is set."""
        if not self.settings.RERANKING_CROSS_ENCODER_MODEL_ID:
            return None
        from llm_engineering.infrastructure.models.reranker import CrossEncoderReranker

        return CrossEncoderReranker(self.settings.RERANKING_CROSS_ENCODER_MODEL_ID, self.settings.RAG_MODEL_DEVICE)

    @cached_property
    def fetcher(self) -> "HttpFetcher":
        """The polite and careful HTTP client of the crawlers."""
        from llm_engineering.infrastructure.sources.fetcher import HttpFetcher

        fetcher = HttpFetcher(
            contact=self.settings.CRAWLER_CONTACT,
            allowed_private_hosts=self.settings.allowed_private_hosts,
            delay_seconds=self.settings.CRAWLER_DELAY_SECONDS,
        )
        self._closing.callback(fetcher.close)
        return fetcher

    @cached_property
    def processes(self) -> "Processes":
        """Where foreign pages and files are read, each within a time limit."""
        from llm_engineering.infrastructure.sources.processes import Processes

        processes = Processes(os.cpu_count() or 1)
        self._closing.callback(processes.close)
        return processes

    def sources(self, entries: Iterable[str | Mapping[str, Any]]) -> list[Source]:
        """Where an author's words are, as a config names it.

        Raises BadConfig or BadInput, naming the entry, when one has no meaning or leads nowhere.
        """
        from llm_engineering.infrastructure.sources.registry import Tools, sources_for

        return sources_for(entries, Tools(self.fetcher, self.processes))

    def page_reader(self, browser: BrowserUse = "auto") -> PageReader:
        """Reads listed pages; `browser` holds for those of which their source says nothing else."""
        from llm_engineering.infrastructure.sources.page_reader import ConcurrentReader

        reader = ConcurrentReader(
            self.fetcher,
            processes=self.processes,
            browser=self.browser,
            browser_use=browser,
        )
        self._closing.callback(reader.close)
        return reader

    @cached_property
    def browser(self) -> Fetcher:
        """Headless Chromium under the same rules as the HTTP client; started by its first page."""
        from llm_engineering.infrastructure.sources.browser import BrowserFetcher
        from llm_engineering.infrastructure.sources.polite_browser import PoliteBrowser

        settings = self.settings
        rendering = BrowserFetcher(
            contact=settings.CRAWLER_CONTACT, allowed_private_hosts=settings.allowed_private_hosts
        )
        browser = PoliteBrowser(self.fetcher, rendering)
        self._closing.callback(browser.close)
        return browser

    @cached_property
    def chat_models(self) -> ChatModels:
        """Opens chat models by `CHAT_MODEL` string or GGUF path."""
        from llm_engineering.infrastructure.models.chat import OpenedChatModels

        keys = self.settings
        return OpenedChatModels(
            self.models,
            openai_api_key=keys.OPENAI_API_KEY,
            server_api_key=keys.CHAT_API_KEY,
            # Who is limited in waiting for stores answers somebody, and is not to wait for a model for ever.
            patience=None if self._store_seconds is None else keys.SERVICE_TIMEOUT_SECONDS,
        )

    def meter(self, model: str) -> "Meter":
        """Counts what is spent on that chat model, up to `GENERATION_BUDGET` dollars.

        Raises BadSettings for a budget without a price of the model.
        """
        from llm_engineering.application.costs import Meter, price_of

        return Meter(model, price_of(model, self.settings.chat_prices), self.settings.GENERATION_BUDGET)

    @cached_property
    def trainer(self) -> Trainer:
        """LoRA fine-tuning by TRL, which reports to the trackers of `TRACKING`."""
        from llm_engineering.infrastructure.training.trl_trainer import TrlTrainer

        return TrlTrainer(self.models, self.tracking)

    @cached_property
    def loss_meter(self) -> LossMeter:
        """Says how well a model with weights on this machine predicts a text."""
        from llm_engineering.infrastructure.training.predicting import TorchLossMeter

        return TorchLossMeter(self.models)

    @property
    def sample_documents(self) -> "dict[str, list[RawDocument]]":
        """The sample authors' articles, oldest first; none where the sample site was not installed."""
        from llm_engineering.infrastructure.sources.sample_authors import sample_documents

        return sample_documents(Path(__file__).resolve().parents[1] / "data" / "sample_site")

    @cached_property
    def tracking(self) -> "Tracking":
        """The experiment trackers of `TRACKING`; MissingDependency or BadSettings when one cannot be used."""
        from llm_engineering.infrastructure.training.tracking import tracking_by

        settings = self.settings
        return tracking_by(
            [name for name in settings.TRACKING.split(",") if name],
            comet_api_key=settings.COMET_API_KEY,
            comet_project=settings.COMET_PROJECT,
            directory=settings.OUTPUT_DIR,
        )

    def training_alone(self, author: Author) -> AbstractContextManager[None]:
        """Keeps another training of this author out as long as the context lasts."""
        from llm_engineering.application.registering import slug
        from llm_engineering.infrastructure.locks import training_alone_in

        return training_alone_in(self.settings.twins_dir / slug(author.full_name))

    def architecture(self, base_model: str) -> "Architecture | None":
        """How a base model is built, None when nothing of it is on this machine."""
        from llm_engineering.infrastructure.training.architectures import architecture_of

        return architecture_of(base_model, self.models)

    @cached_property
    def machine(self) -> "Machine":
        """The devices of this machine that can train, and the packages that some of them need."""
        from llm_engineering.infrastructure.training.machine import this_machine

        return this_machine()

    @cached_property
    def exporter(self) -> Exporter:
        """Merges an adapter and writes what can be served of it."""
        from llm_engineering.infrastructure.training.export import TwinExporter

        return TwinExporter(self.models, keep_merged=self.settings.KEEP_MERGED_MODEL)

    @cached_property
    def artifact_files(self) -> "ArtifactFiles":
        """Exported artifacts, below OUTPUT_DIR/artifacts."""
        from llm_engineering.infrastructure.dataset_files import ArtifactFiles

        return ArtifactFiles(self.settings.OUTPUT_DIR / "artifacts")

    @cached_property
    def dataset_hub(self) -> "DatasetHub":
        """Private dataset repositories on the Hugging Face hub."""
        from llm_engineering.infrastructure.dataset_hub import DatasetHub

        token = self.settings.HUGGINGFACE_ACCESS_TOKEN
        if token is None:
            raise BadSettings("Pushing a dataset needs HUGGINGFACE_ACCESS_TOKEN; set it in .env, or push nothing.")
        return DatasetHub(token.get_secret_value())

    @cached_property
    def model_hub(self) -> ModelHub:
        """Private model repositories on the Hugging Face hub."""
        from llm_engineering.infrastructure.model_hub import HuggingFaceModels

        token = self.settings.HUGGINGFACE_ACCESS_TOKEN
        if token is None:
            raise BadSettings("Pushing a twin needs HUGGINGFACE_ACCESS_TOKEN; set it in .env.")
        return HuggingFaceModels(token.get_secret_value())

    def unused(self, directory: Path) -> AbstractContextManager[None]:
        """Holds a twin's directory for as long as the context lasts, in which nobody can open its model."""
        from llm_engineering.infrastructure.locks import unused

        return unused(directory / GGUF)

    @cached_property
    def asking(self) -> "Asking":
        """Answers questions by any author's twin, or by the base model of `CHAT_MODEL`."""
        from llm_engineering.application.asking import Asking

        asking = Asking(
            self.warehouse,
            vectors=self.vectors,
            embedder=self.embedder,
            sparse=self.sparse,
            reranker=self.reranker,
            chat_models=self.chat_models,
            base_model=self.settings.CHAT_MODEL,
            twins_dir=self.settings.twins_dir,
            min_relevance=self.settings.RETRIEVAL_MIN_RELEVANCE,
            query_expansions=self.settings.QUERY_EXPANSIONS,
            guard=self._guard,
            tracer=self._tracer,
        )
        self._closing.callback(asking.close)
        return asking

    @property
    def _tracer(self) -> "Tracer | None":
        if not self.settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            return None
        from llm_engineering.infrastructure.tracing import OtelTracing

        tracing = OtelTracing.to(self.settings.OTEL_EXPORTER_OTLP_ENDPOINT)
        self._closing.callback(tracing.close)
        return tracing

    @property
    def _guard(self) -> "Guard | None":
        if not self.settings.GUARD_ANSWERS:
            return None
        from llm_engineering.application.guarding import Guard
        from llm_engineering.application.pii import PiiRules

        return Guard(
            lambda author: (document.content for document in self.warehouse.documents(author)),
            most_copied=self.settings.MOST_COPIED,
            rules=PiiRules(block_list=self.pii.block_list) if self.pii else None,
        )


@contextmanager
def opened(
    settings: Settings | None = None, progress: Progress | None = None, *, store_seconds: float | None = None
) -> Iterator[Twin]:
    """The system, ready to use; closes what was opened, also after an error.

    `store_seconds` is how long a call waits for a store's server; None is as long as a pipeline may.
    Raises BadSettings when the environment or `.env` holds an unusable value.
    """
    with ExitStack() as closing:
        yield Twin(settings or load_settings(), progress or Silent(), closing, store_seconds)
