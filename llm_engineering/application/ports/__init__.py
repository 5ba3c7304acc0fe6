"""Every outside thing that the application needs, as a small Protocol.

Adapters live in `llm_engineering.infrastructure`, are built in `bootstrap`, and pass the same
contract suite (`tests/contracts`) as the in-memory fakes. The chat model has no Protocol here:
its port is LangChain's `BaseChatModel`.
"""

from llm_engineering.application.ports.collecting import (
    BrowserUse,
    CollectedItem,
    Coverage,
    Fetcher,
    ListedPage,
    Page,
    PageReader,
    RefusedItem,
    Source,
    Validators,
)
from llm_engineering.application.ports.models import (
    ChatModels,
    Embedder,
    Exporter,
    LossMeter,
    ModelHub,
    Reranker,
    SparseEncoder,
    Trainer,
)
from llm_engineering.application.ports.progress import (
    Progress,
    Silent,
)
from llm_engineering.application.ports.stores import (
    Between,
    DocumentStore,
    HybridQuery,
    Index,
    PointsWhere,
    Record,
    Scalar,
    SearchRequest,
    SparseVector,
    VectorHit,
    VectorPoint,
    VectorStore,
    Where,
)
from llm_engineering.application.ports.tracing import NoTracing, Span, Tracer

__all__ = [
    "Between",
    "BrowserUse",
    "ChatModels",
    "CollectedItem",
    "Coverage",
    "DocumentStore",
    "Embedder",
    "Exporter",
    "Fetcher",
    "HybridQuery",
    "Index",
    "ListedPage",
    "LossMeter",
    "ModelHub",
    "NoTracing",
    "Page",
    "PageReader",
    "PointsWhere",
    "Progress",
    "Record",
    "RefusedItem",
    "Reranker",
    "Scalar",
    "SearchRequest",
    "Silent",
    "Source",
    "Span",
    "SparseEncoder",
    "SparseVector",
    "Tracer",
    "Trainer",
    "Validators",
    "VectorHit",
    "VectorPoint",
    "VectorStore",
    "Where",
]
