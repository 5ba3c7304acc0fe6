"""What a twin is asked for an answer, and where the answer stands in what the author wrote."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from llm_engineering.application import prompting
from llm_engineering.application.inquiry import Inquiry, Mode
from llm_engineering.application.passages import words
from llm_engineering.application.prompting import Messages
from llm_engineering.application.retrieval.understanding import FUNCTION_WORDS
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved, RetrievedPassage
from llm_engineering.domain.measures import SentenceSupport

MATERIAL_TOKENS = 1000
"""Of all passages together: what a context of 2,048 tokens holds beside question and answer, code included."""
LEAST_MATERIAL_TOKENS = 250
"""Passages get this much room also where the conversation is long; then its oldest turns go."""
ROOM_TOKENS = 1720
"""Of a context of 2,048 for question, history, passages and answer. The rest is for the templates, and
because the embedder counts other tokens than the chat model does."""
FEW_WORDS = 3
"""Content words under which a question is taken to go on from the one before."""


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


class Timings(BaseModel):
    """Where the time went, in milliseconds."""

    retrieve_ms: float = 0.0
    generate_ms: float = 0.0
    total_ms: float = 0.0


class Usage(BaseModel):
    """Tokens, as the chat model counts them; of both attempts when the answer was written twice."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt, that were read before and kept."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )


class Answer(BaseModel):
    """What was said, by whom, and from what."""

    answer: str
    """Empty when it was withheld."""
    sources: list[SourceReference]
    author: str
    twin: str
    """Name and version of the twin, or "base" with the model's id."""
    finish_reason: str = "stop"
    """In OpenAI's words: "stop", "length" when it was cut, "content_filter" when it was withheld."""
    withheld: str | None = None
    """Why the answer is not given."""
    support: list[SentenceSupport] | None = None
    """Sentence by sentence, when it was asked for."""
    usage: Usage | None = None
    """None when no model was asked, or when it does not tell."""
    timings: Timings = Timings()

    @property
    def shown(self) -> str:
        """What a person is to read: the answer, or why there is none."""
        return self.answer if self.withheld is None else f"(Withheld. {self.withheld})"


def searched(inquiry: Inquiry) -> str:
    """What is looked up: the question, after the one before it where it says too little by itself."""
    before = [turn["content"] for turn in inquiry.history if turn["role"] == "user"]
    content = [word for word in words(inquiry.query) if word not in FUNCTION_WORDS]
    return f"{before[-1]} {inquiry.query}" if before and len(content) < FEW_WORDS else inquiry.query


def material_room(inquiry: Inquiry, count_tokens: Callable[[str], int]) -> int:
    """Tokens that the passages may take beside question, history and answer."""
    said = " ".join([inquiry.query, inquiry.system, *(turn["content"] for turn in inquiry.history)])
    left = ROOM_TOKENS - inquiry.max_tokens - count_tokens(said)
    return max(LEAST_MATERIAL_TOKENS, min(MATERIAL_TOKENS, left))


def prompt_for(
    inquiry: Inquiry, author: Author, found: Retrieved | None, count_tokens: Callable[[str], int]
) -> Messages:
    """The conversation that the model goes on with; `found` is None where nothing was looked up."""
    name, query = author.full_name, prompting.unmarked(inquiry.query)
    passages = found.passages if found else ()
    match inquiry.mode:
        case Mode.REWRITE:
            prompt = prompting.conversation(name, prompting.rewrite(query))
        case Mode.DRAFT if passages:
            prompt = prompting.grounded_conversation(name, prompting.drafting(query), passages)
        case _ if passages:
            prompt = prompting.grounded_conversation(name, query, passages)
        case _:
            prompt = prompting.conversation(name, query)
    taken = sum(count_tokens(turn["content"]) for turn in prompt) + count_tokens(inquiry.system)
    history = _newest(inquiry.history, ROOM_TOKENS - inquiry.max_tokens - taken, count_tokens)
    return prompting.in_conversation(prompt, history, prompting.unmarked(inquiry.system))


def reference(passage: RetrievedPassage, context: str) -> SourceReference:
    """The passage as a source; the quote is the sentence nearest to the context: what was asked and said."""
    chunk = passage.chunk
    start, end = _nearest_sentence(chunk.text, set(words(context)))
    return SourceReference(
        **chunk.model_dump(include={"document_id", "link", "title", "published_at", "start", "end", "text"}),
        quote=chunk.text[start:end],
        quote_start=chunk.start + start,
        quote_end=chunk.start + end,
        score=passage.score,
    )


def _newest(history: Messages, room: int, count_tokens: Callable[[str], int]) -> Messages:
    """The last turns that fit, beginning with one of the user's."""
    kept: Messages = []
    for turn in reversed(history):
        room -= count_tokens(turn["content"])
        if room < 0:
            break
        kept.insert(0, turn)
    while kept and kept[0]["role"] != "user":
        kept.pop(0)
    return kept


def _nearest_sentence(text: str, wanted: set[str]) -> tuple[int, int]:
    """The sentence that shares the largest share of its longer words with what was asked and said."""

    def overlap(span: tuple[int, int]) -> float:
        content = {word for word in words(text[slice(*span)]) if len(word) > 3}
        return len(content & wanted) / (len(content) + 3)

    spans = sentence_spans(text) or [(0, len(text))]
    return max(spans, key=overlap)
