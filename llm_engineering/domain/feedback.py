"""What readers say of answers."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict, Unpack
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from llm_engineering.domain.authors import Author
from llm_engineering.domain.identity import NAMESPACE, content_hash

Asked = Literal["answer", "draft", "rewrite"]


class Said(TypedDict):
    """What a reader says of an answer."""

    twin: str
    question: str
    answer: str
    rating: Literal[1, -1]
    edited_answer: NotRequired[str | None]
    comment: NotRequired[str | None]
    mode: NotRequired[Asked]


class Feedback(BaseModel):
    """One reader's word on one answer. The same word said twice is one."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    author_id: UUID
    author_full_name: str
    twin: str
    """Who answered: name and version, or "base" with the model's id."""
    question: str
    answer: str
    rating: Literal[1, -1]
    edited_answer: str | None = None
    """The answer as it should have been."""
    comment: str | None = None
    mode: Asked = "answer"
    """What was asked for; of a rewriting the question is the text."""
    given_at: datetime

    @classmethod
    def of(cls, author: Author, given_at: datetime, **said: Unpack[Said]) -> "Feedback":
        """With the id that its content gives it."""
        edited, comment = said.get("edited_answer"), said.get("comment")
        mode = said.get("mode", "answer")
        parts = [said["twin"], said["question"], said["answer"], str(said["rating"]), edited or "", comment or ""]
        # Feedback of before there were modes keeps its id.
        content = content_hash(*parts, *([mode] if mode != "answer" else []))
        return cls(
            id=uuid5(NAMESPACE, f"feedback\x00{author.id}\x00{content}"),
            author_id=author.id,
            author_full_name=author.full_name,
            given_at=given_at,
            **said,
        )
