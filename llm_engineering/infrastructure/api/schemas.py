"""What the service takes and gives, as its OpenAPI page shows it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from llm_engineering.application.inquiry import Inquiry, Length, Mode
from llm_engineering.domain.measures import Support
from llm_engineering.domain.twins import Promotion

QUERY_CHARACTERS = 2_000
"""A longer question would leave no room for the passages in a small model's context."""
NAME_CHARACTERS = 200
MOST_PASSAGES = 10
ANSWER_CHARACTERS = 20_000


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Stands behind the bounds, or the API's description would not have them.

JSON has one kind of number, so 5.0 is a whole one; "5" and true are none.
"""

NOT_BLANK = {"minLength": 1, "pattern": r"\S"}
"""What `_not_blank` asks for, as the API's description says it."""

Query = Annotated[
    StrictStr, Field(max_length=QUERY_CHARACTERS, json_schema_extra=NOT_BLANK), AfterValidator(_not_blank)
]
Name = Annotated[StrictStr, Field(max_length=NAME_CHARACTERS, json_schema_extra=NOT_BLANK), AfterValidator(_not_blank)]
Passages = Annotated[StrictInt, Field(ge=1, le=MOST_PASSAGES), WHOLE]
Text = Annotated[
    StrictStr, Field(max_length=ANSWER_CHARACTERS, json_schema_extra=NOT_BLANK), AfterValidator(_not_blank)
]


class Question(BaseModel):
    """A question to an author's twin."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"query": "Why do you crawl the feed before the sitemap?", "twin": "base"}]},
    )

    query: Query = Field(description="The question, up to 2,000 characters.")
    author: Name | None = Field(
        default=None,
        description="The author's full name. May be left out when there is only one, or the question names one.",
    )
    twin: Name | Annotated[StrictInt, WHOLE] | None = Field(
        default=None,
        description='"latest" (the newest that passed evaluation, the default), "base" (the base model), '
        'a version such as 2, or a name and version such as "mara-lindqvist/2".',
    )
    k: Passages = Field(default=5, description="How many passages the answer is drawn from.")
    mode: Mode = Field(
        default=Mode.ANSWER,
        description='"answer" a question; "draft" a post, an article or a reply with facts from what the author wrote; '
        '"rewrite" the query, a text, in the author\'s voice without looking anything up.',
    )
    length: Length = Field(default=Length.MEDIUM, description="How long the answer may become.")
    refuse: StrictBool = Field(
        default=True, description="Say that the author has not written of it where nothing near enough is found."
    )
    support: StrictBool = Field(default=False, description="Say of each sentence whether the sources bear it out.")

    def inquiry(self, most_tokens: int) -> Inquiry:
        """As the application asks; `most_tokens` bounds the answer."""
        return Inquiry(**self.model_dump(), most_tokens=most_tokens)


class Source(BaseModel):
    """A passage that the answer was drawn from, and the sentence in it that is nearest to the answer."""

    model_config = ConfigDict(from_attributes=True)

    document_id: UUID
    link: str
    title: str
    published_at: datetime | None
    start: int = Field(description="Where the passage starts in the document's search text, in characters.")
    end: int
    text: str
    quote: str
    quote_start: int = Field(description="Where the quoted sentence starts in the document's search text.")
    quote_end: int
    score: float = Field(description="Larger is better; comparable within one answer only.")


class Supported(BaseModel):
    """One sentence of the answer against the sources."""

    model_config = ConfigDict(from_attributes=True)

    start: int = Field(description="Where the sentence starts in the answer, in characters.")
    end: int
    label: Support
    source: int | None = Field(description="The nearest source, counted from 0.")
    score: float = Field(description="Cosine of the sentence and the nearest sentences of that source.")
    source_start: int | None = Field(default=None, description="Where those start in the source's text.")
    source_end: int | None = None


class Times(BaseModel):
    """Where the time went."""

    model_config = ConfigDict(from_attributes=True)

    retrieve_ms: float
    generate_ms: float
    total_ms: float


class Tokens(BaseModel):
    """What the model read and wrote, in its own tokens."""

    model_config = ConfigDict(from_attributes=True)

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = Field(description="Of the prompt, that were not read anew.")


class Answered(BaseModel):
    """An answer in the author's voice, with its sources."""

    model_config = ConfigDict(from_attributes=True)

    answer: str
    sources: list[Source]
    author: str
    twin: str = Field(description='Name and version, e.g. "mara-lindqvist/2", or "base (MODEL)".')
    timings: Times
    support: list[Supported] | None = Field(description="Sentence by sentence, when asked for.")
    withheld: str | None = Field(description="Why the answer is empty: it would have copied or shown private data.")
    usage: Tokens | None = Field(description="None when no model was asked, or when it does not tell.")


class Version(BaseModel):
    """One trained version of an author's twin."""

    model_config = ConfigDict(from_attributes=True)

    twin: str
    passed_evaluation: bool
    evaluated: bool
    base_model: str
    created_at: datetime


class ListedAuthor(BaseModel):
    """An author who can be asked."""

    model_config = ConfigDict(from_attributes=True)

    full_name: str
    chunks: int = Field(description="Pieces of text that answers can be drawn from.")
    latest: str | None = Field(description="The twin that answers unless another one is asked for.")
    twins: list[Version]


class Authors(BaseModel):
    """Everyone who can be asked."""

    authors: list[ListedAuthor]


class ListedTwin(BaseModel):
    """A version of a twin, as its manifest has it."""

    model_config = ConfigDict(from_attributes=True)

    twin: str
    author: str
    version: int
    base_model: str
    stages: list[str]
    created_at: datetime
    is_latest: bool = Field(description="Whether it answers unless another version is asked for.")
    passed_evaluation: bool
    verdict: str | None
    scores: dict[str, Any]
    rule: dict[str, Any] | None = Field(description="What the rule of promotion says of it.")
    promotion: Promotion | None


class Twins(BaseModel):
    """Every version of every twin."""

    twins: list[ListedTwin]


class Search(BaseModel):
    """A question whose passages are wanted, and nothing else."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"query": "Why do you crawl the feed before the sitemap?"}]}
    )

    query: Query
    author: Name | None = None
    k: Passages = 5


class FoundPassage(BaseModel):
    """A passage with the scores that put it there."""

    document_id: UUID
    link: str
    title: str
    published_at: datetime | None
    platform: str
    start: int
    end: int
    text: str
    score: float
    scores: dict[str, float] = Field(description="Of each stage; larger is better, comparable within one stage.")
    ranks: dict[str, int] = Field(description="Place among the candidates of each stage.")


class Found(BaseModel):
    """What a search of one author's texts found, best first."""

    author: str
    searched: list[str] = Field(description="What was searched: the question without its filters, and expansions.")
    filters: str = Field(description="What the question says of the texts, e.g. when they were published.")
    relevance: float = Field(description="Cosine of the question and the best candidate.")
    is_answerable: bool
    passages: list[FoundPassage]


class GivenFeedback(BaseModel):
    """What a reader says of an answer."""

    model_config = ConfigDict(extra="forbid")

    author: Name
    twin: Name
    question: Text
    answer: Text
    mode: Mode = Field(default=Mode.ANSWER, description="What was asked for; in rewrite the question is the text.")
    rating: Literal[1, -1] = Field(description="1 is good, -1 is not.")
    edited_answer: Text | None = Field(default=None, description="The answer as it should have been.")
    comment: Text | None = None


class KeptFeedback(BaseModel):
    """It is stored; the same feedback has the same id."""

    id: UUID


class Part(BaseModel):
    """Something that the service needs."""

    name: str
    ok: bool
    problem: str | None = None


class Readiness(BaseModel):
    """Whether questions can be answered now."""

    status: Literal["ready", "not ready"]
    parts: list[Part]


class Health(BaseModel):
    """The process is alive."""

    status: str = "ok"


class Failure(BaseModel):
    """What failed."""

    message: str = Field(description="One sentence: what failed, with which value, and what to do next.")
    type: str = Field(description='The kind of failure, e.g. "UnknownAuthor".')


class Failed(BaseModel):
    """The shape of every error."""

    error: Failure
