"""A service behind the API that answers without any model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from llm_engineering.application.answering import Answer, SourceReference, Timings, Usage
from llm_engineering.application.asking import KnownAuthor, TwinVersion
from llm_engineering.application.inquiry import Inquiry, Patience
from llm_engineering.application.known import TwinFacts
from llm_engineering.application.telling import Begun, Event, Said
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.infrastructure.api.app import create_app
from llm_engineering.infrastructure.api.service import Access, Limits
from tests.samples import NOW

SOURCE = SourceReference(
    document_id=UUID(int=1),
    link="https://a.example/p",
    title="A title",
    published_at=NOW,
    start=10,
    end=40,
    text="One sentence. And another one.",
    quote="One sentence.",
    quote_start=10,
    quote_end=23,
    score=0.5,
)
ANSWER = Answer(
    answer="Because of it.",
    sources=[SOURCE],
    author="Ada Example",
    twin="ada-example/1",
    usage=Usage(prompt_tokens=7, completion_tokens=2, cached_tokens=3),
    timings=Timings(retrieve_ms=1.0, generate_ms=2.0, total_ms=3.0),
)


class Oracle:
    """Answers every question the same way, or raises; remembers what it was asked."""

    def __init__(self, failure: Exception | None = None, answer: Answer = ANSWER) -> None:
        self.asked: list[Inquiry] = []
        self.feedback: list[dict[str, Any]] = []
        self.searched: list[tuple[str, str | None, int]] = []
        self.reloaded = 0
        self.given = answer
        self._failure = failure

    def answer(self, inquiry: Inquiry, patience: Patience | None = None) -> Answer:
        self.asked.append(inquiry)
        self._fail()
        return self.given

    def tell(self, inquiry: Inquiry, patience: Patience | None = None) -> Iterator[Event]:
        self.asked.append(inquiry)
        self._fail()
        yield Begun(self.given.author, self.given.twin, self.given.sources)
        for word in self.given.answer.split(" "):
            yield Said(word + " ")
        yield self.given

    def passages(
        self, query: str, *, author: str | None = None, k: int = 5, patience: Patience | None = None
    ) -> Retrieved:
        self.searched.append((query, author, k))
        self._fail()
        return Retrieved(question=query, author="Ada Example", searched=(query,), relevance=0.5)

    def authors(self) -> Sequence[KnownAuthor]:
        self._fail()
        version = TwinVersion(
            twin="ada-example/1", passed_evaluation=True, evaluated=True, base_model="embedded:x", created_at=NOW
        )
        return [KnownAuthor(full_name="Ada Example", chunks=3, latest="ada-example/1", twins=[version])]

    def twins(self) -> Sequence[TwinFacts]:
        self._fail()
        facts = TwinFacts(
            twin="ada-example/1",
            author="Ada Example",
            version=1,
            base_model="embedded:x",
            stages=["sft"],
            created_at=NOW,
            is_latest=True,
            passed_evaluation=True,
            verdict="It passes.",
            scores={},
            rule=None,
            promotion=None,
        )
        return [facts]

    def keep_feedback(self, author: str, **fields: Any) -> Any:
        self._fail()
        self.feedback.append({"author": author, **fields})
        return SimpleNamespace(id=UUID(int=5))

    def check_documents(self) -> None:
        self._fail()

    def check_vectors(self) -> None:
        self._fail()

    def check_models(self) -> None:
        self._fail()

    def reload(self) -> Sequence[KnownAuthor]:
        self.reloaded += 1
        return self.authors()

    def _fail(self) -> None:
        if self._failure:
            raise self._failure


@contextmanager
def client_of(oracle: Any, access: Access | None = None, limits: Limits | None = None) -> Iterator[TestClient]:
    """A client of the API in front of that service."""
    app = create_app(lambda: nullcontext(oracle), access=access, limits=limits)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client
