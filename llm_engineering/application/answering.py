"""Answer a question in the author's voice from what the author wrote, and say where it stands."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import BaseModel

from llm_engineering.application import prompting
from llm_engineering.application.chatting import said
from llm_engineering.application.passages import words
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved, RetrievedPassage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ANSWER_TOKENS = 220
MATERIAL_TOKENS = 1000
"""Of all passages together: what a context of 2,048 tokens holds beside question and answer, code included."""


class SourceReference(BaseModel):
    """A passage that the answer was given, and the sentence in it that is nearest to the answer."""

    document_id: UUID
    link: str
    title: str
    published_at: datetime | None
    start: int
    end: int
    """Span of the passage in the document's search text."""
    text: str
    quote: str
    quote_start: int
    quote_end: int
    """Span of the quoted sentence in the document's search text."""
    score: float


class Answer(BaseModel):
    """What `POST /rag` returns."""

    answer: str
    sources: list[SourceReference]
    author: str
    twin: str
    """Name and version of the twin, or "base" with the model's id."""


def answer(query: str, author: Author, *, chat: "BaseChatModel", twin_name: str, found: Retrieved) -> Answer:
    """Ask the model with the passages as material; greedy, so the same call gives the same answer.

    The passages are to have MATERIAL_TOKENS at most. When they do not answer the question, or there
    are none, nothing is asked: the answer says that the author has not written of it.
    """
    if not found.is_answerable:
        nothing = prompting.nothing_written(found.filters)
        return Answer(answer=nothing, sources=[], author=author.full_name, twin=twin_name)
    passages = found.passages
    prompt = prompting.grounded_conversation(author.full_name, query, passages)
    text = said(chat, prompt, max_tokens=ANSWER_TOKENS, temperature=0.0, seed=17, stop=[prompting.PASSAGE_END])
    return Answer(
        answer=text,
        sources=[_reference(passage, f"{query} {text}") for passage in passages],
        author=author.full_name,
        twin=twin_name,
    )


def _reference(passage: RetrievedPassage, context: str) -> SourceReference:
    chunk = passage.chunk
    start, end = _nearest_sentence(chunk.text, set(words(context)))
    return SourceReference(
        **chunk.model_dump(include={"document_id", "link", "title", "published_at", "start", "end", "text"}),
        quote=chunk.text[start:end],
        quote_start=chunk.start + start,
        quote_end=chunk.start + end,
        score=passage.score,
    )


def _nearest_sentence(text: str, wanted: set[str]) -> tuple[int, int]:
    """The sentence that shares the largest share of its longer words with what was asked and said."""

    def overlap(span: tuple[int, int]) -> float:
        content = {word for word in words(text[slice(*span)]) if len(word) > 3}
        return len(content & wanted) / (len(content) + 3)

    spans = sentence_spans(text) or [(0, len(text))]
    return max(spans, key=overlap)
