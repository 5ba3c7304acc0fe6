"""What the service takes and gives, as its OpenAPI page shows it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr

QUERY_CHARACTERS = 2_000
"""A longer question would leave no room for the passages in a small model's context."""
NAME_CHARACTERS = 200
MOST_PASSAGES = 10


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


Query = Annotated[StrictStr, Field(max_length=QUERY_CHARACTERS), AfterValidator(_not_blank)]
Name = Annotated[StrictStr, Field(max_length=NAME_CHARACTERS), AfterValidator(_not_blank)]


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
    twin: Name | StrictInt | None = Field(
        default=None,
        description='"latest" (the newest that passed evaluation, the default), "base" (the base model), '
        'a version such as 2, or a name and version such as "mara-lindqvist/2".',
    )
    k: Annotated[StrictInt, Field(ge=1, le=MOST_PASSAGES)] = Field(
        default=5, description="How many passages the answer is drawn from."
    )


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


class Answered(BaseModel):
    """An answer in the author's voice, with its sources."""

    model_config = ConfigDict(from_attributes=True)

    answer: str
    sources: list[Source]
    author: str
    twin: str = Field(description='Name and version, e.g. "mara-lindqvist/2", or "base (MODEL)".')


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
